namespace Hv.Fixtures;

/// <summary>C# of devices that do nothing.</summary>
public static class DeviceSource
{
    /// <summary>A factory of that name; <paramref name="body"/> goes into the class, <paramref name="options"/> is its schema.</summary>
    public static string Factory(string device, string className, string body = "", string options = "OptionSchema.Empty") => $$"""
        [Hv.Sdk.Device("{{device}}", Title = "a fixture")]
        public sealed class {{className}} : Hv.Sdk.IDeviceFactory
        {
            {{body}}
            public Hv.Sdk.OptionSchema Options => Hv.Sdk.{{options}};
            public Hv.Sdk.IDevice Create(Hv.Sdk.OptionValues options) => throw new System.NotSupportedException();
        }

        """;

}
