namespace Hv.Fixtures;

/// <summary>C# of devices that do nothing.</summary>
public static class DeviceSource
{
    /// <summary>A factory of that name; <paramref name="body"/> goes into the class, <paramref name="options"/> is its
    /// schema.</summary>
    public static string Factory(string device, string className, string body = "", string options = "OptionSchema.Empty") => $$"""
        [Hv.Sdk.Device("{{device}}", Title = "a fixture")]
        public sealed class {{className}} : Hv.Sdk.IDeviceFactory
        {
            {{body}}
            public Hv.Sdk.OptionSchema Options => Hv.Sdk.{{options}};
            public Hv.Sdk.IDevice Create(Hv.Sdk.OptionValues options) => throw new System.NotSupportedException();
        }

        """;

    /// <summary>A device with a byte-wide port at F4h, of which a test says what its parts do: never returning, for
    /// one.</summary>
    public static string PortDevice(string device, string constructor = "", string attach = "", string onWrite = "") => $$"""
        [Hv.Sdk.Device("{{device}}", Title = "a fixture")]
        public sealed class PortDeviceFactory : Hv.Sdk.IDeviceFactory
        {
            public PortDeviceFactory() { {{constructor}} }
            public Hv.Sdk.OptionSchema Options => Hv.Sdk.OptionSchema.Empty;
            public Hv.Sdk.IDevice Create(Hv.Sdk.OptionValues options) => new PortDevice();
        }

        public sealed class PortDevice : Hv.Sdk.IDevice, Hv.Sdk.Io.IIoHandler
        {
            public void Attach(Hv.Sdk.IDeviceContext context)
            {
                {{attach}}
                context.AddRegion(Hv.Sdk.AddressSpace.Ports, "port", 1, this, 0).Map(0xF4);
            }

            public void Reset(Hv.Sdk.ResetKind kind) { }
            public void Dispose() { }
            public Hv.Sdk.Io.IoStatus Read(in Hv.Sdk.Io.IoAccess access, out ulong value)
            {
                value = 0;
                return Hv.Sdk.Io.IoStatus.Ok;
            }

            public Hv.Sdk.Io.IoStatus Write(in Hv.Sdk.Io.IoAccess access, ulong value)
            {
                {{onWrite}}
                return Hv.Sdk.Io.IoStatus.Ok;
            }
        }

        """;

    /// <summary>A statement that never ends and uses no processor.</summary>
    public const string Forever = "System.Threading.Thread.Sleep(-1);";
}
