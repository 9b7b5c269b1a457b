using System.Text.Json.Nodes;
using Hv.Sdk.Manifests;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Hv.Sdk.Generators.Tests;

/// <summary>What a compiled plugin says of itself.</summary>
public sealed class ManifestGeneratorTests : IDisposable
{
    private const string Gpio = """
        using Hv.Sdk; using Hv.Sdk.State;
        namespace Acme;
        [Device("gpio", Title = "Lines \"in\" and out", Buses = DeviceBuses.Pci | DeviceBuses.Isa)]
        public sealed class GpioPlugin : IDeviceFactory
        {
            public OptionSchema Options => GpioOptions.Schema;
            public IDevice Create(OptionValues options) => new Gpio();
        }
        [Options]
        public sealed partial record GpioOptions
        {
            [Option("its port")] public ushort Port { get; init; } = 0x300;
            [Option("how it starts")] public Start Start { get; init; }
        }
        public enum Start { AllLow, AllHigh }
        public sealed class Gpio : IDevice, IStateful
        {
            public void Attach(IDeviceContext context) { }
            public void Reset(ResetKind kind) { }
            public void Dispose() { }
            public string StateId => ""; public ushort StateVersion => 2; public ushort OldestStateVersion => 1;
            public void Save(StateWriter writer) { }
            public void Load(StateReader reader) { }
        }
        [DeviceState("gpio", 2)] public partial class GpioState { [Field(3)] public byte Lines; [Field(1)] public PinState[] Pins = new PinState[8]; }
        [DeviceState("pin", 1)] public partial struct PinState { [Field(1)] public bool IsHigh; }
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("hv-manifest-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private JsonObject? Facts(string source)
    {
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        CSharpCompilation compilation = CSharpCompilation.Create("Acme.Gpio", [CSharpSyntaxTree.ParseText(source)],
            [MetadataReference.CreateFromFile(typeof(object).Assembly.Location),
             MetadataReference.CreateFromFile(Path.Combine(runtime, "System.Runtime.dll")),
             MetadataReference.CreateFromFile(Path.Combine(runtime, "System.Collections.dll")),
             MetadataReference.CreateFromFile(Path.Combine(runtime, "System.Memory.dll")),
             MetadataReference.CreateFromFile(typeof(IDevice).Assembly.Location)],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        CSharpGeneratorDriver.Create(new StateGenerator(), new OptionsGenerator(), new ManifestGenerator())
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation generated, out _);
        string path = Path.Combine(folder, "Acme.Gpio.dll");
        Microsoft.CodeAnalysis.Emit.EmitResult emitted = generated.Emit(path);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics));
        return PluginFacts.Read(path);
    }

    [Fact]
    public void Facts_OfADevice_NameItWithBusesAndState()
    {
        JsonNode device = Facts(Gpio)!["provides"]![0]!;

        Assert.Equal("device", (string)device["kind"]!);
        Assert.Equal("gpio", (string)device["name"]!);
        Assert.Equal("Lines \"in\" and out", (string)device["title"]!);
        Assert.Equal(["pci", "isa"], device["buses"]!.AsArray().Select(b => (string)b!));
        Assert.True((bool)device["saveable"]!);
    }

    [Fact]
    public void Facts_OfOptions_AreWhatTheSchemaSays()
    {
        JsonArray options = Facts(Gpio)!["provides"]![0]!["options"]!.AsArray();

        Assert.Equal("""{"name":"port","type":"number","summary":"its port","default":"768","maximum":65535}""", options[0]!.ToJsonString());
        Assert.Equal("""{"name":"start","type":"choice","summary":"how it starts","default":"all-low","choices":["all-low","all-high"]}""",
            options[1]!.ToJsonString());
    }

    [Fact]
    public void Facts_OfStates_HaveEveryFieldByItsTag() => Assert.Equal(
        """[{"id":"gpio","version":2,"readsFrom":1,"fields":[{"tag":1,"name":"Pins","type":"state[]","of":"pin"},{"tag":3,"name":"Lines","type":"u8"}]},"""
        + """{"id":"pin","version":1,"readsFrom":1,"fields":[{"tag":1,"name":"IsHigh","type":"flag"}]}]""",
        Facts(Gpio)!["states"]!.ToJsonString());

    [Fact]
    public void Facts_OfADeviceWithoutState_SayThatItCannotBeSaved() =>
        Assert.False((bool)Facts(Gpio.Replace("IDevice, IStateful", "IDevice", StringComparison.Ordinal))!["provides"]![0]!["saveable"]!);

    [Fact]
    public void Facts_WhenOnlyTheCodeKnowsTheOptions_LeaveThemOut()
    {
        string source = Gpio.Replace("Options => GpioOptions.Schema", "Options => new([])", StringComparison.Ordinal);

        Assert.Null(Facts(source)!["provides"]![0]!["options"]);
    }

    [Fact]
    public void Facts_OfALibrary_AreNone() => Assert.Null(Facts("public sealed class Nothing { }"));
}
