using System.Text.Json;
using Hv.Fixtures;

namespace Hv.Tests;

/// <summary>Plugins that take their process with them at once: nothing in it can report that, so its supervisor
/// does.</summary>
public sealed class CrashingPlugins : IDisposable
{
    private readonly HvProcess hv = new();
    private readonly FixtureInstallation installation = new();

    public void Dispose()
    {
        hv.Dispose();
        installation.Dispose();
    }

    [Theory]
    [InlineData("Recurse(1);", "signal 6")]
    [InlineData(FailFast, "signal 6")]
    [InlineData("System.Environment.Exit(0);", "a call that exits with 0")]
    public void Callback_EndsTheProcess_EndsWithFourAndNamesThePlugin(string crash, string cause)
    {
        HvResult result = Run(Device(onWrite: crash), "device", "crash", StubKernel.Exit(0), "--device", "crash");

        using JsonDocument report = AssertReported(result, "a callback of the device crash0 (plugin crasher)");
        Assert.Equal("host-failure", report.RootElement.GetProperty("reason").GetString());
        Assert.Equal("its-name", report.RootElement.GetProperty("vm").GetString());
        string message = report.RootElement.GetProperty("message").GetString()!;
        Assert.Contains(cause, message, StringComparison.Ordinal);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Callback_OfAConcurrentDevice_IsNamed() => AssertReported(
        Run(Device(onWrite: FailFast, model: "\"crash\", Threading = Threading.Concurrent"), "device", "crash",
            StubKernel.Exit(0), "--device", "crash"),
        "a callback of the device crash0 (plugin crasher)").Dispose();

    [Fact]
    public void CharacterBackend_OnTheThreadThatCarriesOutput_IsNamed() => AssertReported(
        Run(CharBackend, "char-backend", "crash", StubKernel.Print("x"), "--serial", "crash:x"),
        "the character backend crash of serial0").Dispose();

    [Fact]
    public void DiskFormat_OnAnInputOutputThread_IsNamed()
    {
        File.WriteAllBytes(Path.Combine(hv.Root, "image"), new byte[1 << 20]);
        string reader = Device(
            onWrite: "drive.TrySubmit(new BlockRequest { LengthBytes = 512 }, new[] { new DmaSegment { LengthBytes = 512 } });",
            model: "\"nvme\"", onAttach: "drive = context.Backend<IBlockPort>(\"drive\");");
        AddPlugin("reader", reader, "device", "nvme");
        AssertReported(
            Run(DiskFormat, "disk-format", "crash", StubKernel.Exit(0), "--disk", "image,format=crash,bus=nvme"),
            "the disk format crash").Dispose();
    }

    [Theory]
    [InlineData("Recurse(1);")]
    [InlineData(FailFast)]
    public void Constructor_EndsTheProcess_EndsWithFourAndNamesThePlugin(string crash)
    {
        HvResult result = Run(Device(constructor: crash), "device", "crash", StubKernel.Exit(0), "--device", "crash");

        Assert.Equal(4, result.ExitCode);
        Assert.Contains("making device 'crash' (plugin crasher)", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Callback_OfASoundPlugin_LeavesTheExitCodeToTheMachine() => Assert.Equal(
        124, Run(Device(), "device", "crash", StubKernel.Exit(0), "--device", "crash").ExitCode);

    // Engines run all the time and are named after whoever else is called.
    private JsonDocument AssertReported(HvResult result, string firstUnderway)
    {
        Assert.Equal(4, result.ExitCode);
        JsonDocument report = JsonDocument.Parse(File.ReadAllText(Path.Combine(hv.Root, "result.json")));
        Assert.Equal(firstUnderway, report.RootElement.GetProperty("underway")[0].GetString());
        return report;
    }

    private HvResult Run(string source, string kind, string name, byte[] kernel, params string[] arguments)
    {
        AddPlugin("crasher", source, kind, name);
        installation.List($$"""
            { "plugins": [ { "path": "{{Path.GetDirectoryName(HvProcess.Executable)}}/plugins/*" }, { "path": "plugins/*" } ] }
            """);
        installation.Open();
        File.WriteAllBytes(Path.Combine(hv.Root, "kernel.elf"), kernel);
        return hv.Run(
        [
            "run", "--plugins", Path.Combine(installation.Root, "plugins.json"), "--kernel", "kernel.elf", "--memory",
            "64M", "--name", "its-name", "--result", "result.json", "--timeout", "2s", .. arguments,
        ]);
    }

    private void AddPlugin(string plugin, string source, string kind, string name)
    {
        installation.Add(plugin, source);
        installation.WriteManifestText(plugin, $$"""
            {
              "id": "{{plugin}}", "version": "1.0.0", "sdk": ">=1.0 <2.0", "assembly": "{{plugin}}.dll",
              "provides": [ { "kind": "{{kind}}", "name": "{{name}}", "title": "a fixture" } ]
            }
            """);
    }

    private static string Device(
        string onWrite = "", string constructor = "", string onAttach = "", string model = "\"crash\"") => $$"""
        using Hv.Sdk;
        using Hv.Sdk.Block;
        using Hv.Sdk.Io;
        using Hv.Sdk.Memory;
        #pragma warning disable HVX002

        [Device({{model}}, Title = "ends its process")]
        public sealed class CrashFactory : IDeviceFactory
        {
            public CrashFactory() { {{constructor}} }
            public OptionSchema Options => OptionSchema.Empty;
            public IDevice Create(OptionValues options) => new Crash();
            static int Recurse(int n) => Recurse(n + 1) + Recurse(n - 1);
        }

        public sealed class Crash : IDevice, IIoHandler
        {
            IBlockPort drive;
            public void Attach(IDeviceContext context)
            {
                context.MapPorts("exit", 0xF4, 1, this, 0);
                {{onAttach}}
            }
            public void Reset(ResetKind kind) { }
            public void Dispose() { }
            public IoStatus Read(in IoAccess access, out ulong value) { value = 0; return IoStatus.Ok; }
            public IoStatus Write(in IoAccess access, ulong value) { {{onWrite}} return IoStatus.Ok; }
            static int Recurse(int n) => Recurse(n + 1) + Recurse(n - 1);
        }
        """;

    private const string FailFast = """System.Environment.FailFast("on purpose");""";

    private const string CharBackend = $$"""
        using System;
        using Hv.Sdk;
        using Hv.Sdk.Chars;

        [CharBackend("crash", Title = "ends its process")]
        public sealed class CrashBackend : ICharBackend, ICharStream
        {
            public OptionSchema Options { get; } =
                new(new[] { new OptionInfo { Name = "target", Type = OptionType.Text, Summary = "nothing" } });
            public ICharStream Open(OptionValues options, IDeviceLog log) => this;
            public int Write(ReadOnlySpan<byte> bytes) { {{FailFast}} return 0; }
            public void Start(CharsReceived received, Action writable) { }
            public void Dispose() { }
        }
        """;

    private const string DiskFormat = $$"""
        using System;
        using Hv.Sdk;
        using Hv.Sdk.Block;
        #pragma warning disable HVX002

        [DiskFormat("crash", Title = "ends its process")]
        public sealed class CrashFormat : IDiskFormat, IDiskImage
        {
            public OptionSchema Options => OptionSchema.Empty;
            public ProbeScore Probe(ReadOnlySpan<byte> head, string fileName) => ProbeScore.No;
            public IDiskImage Open(IDiskOpen open, OptionValues options) => this;
            public long LengthBytes => 1 << 20;
            public int SectorBytes => 512;
            public bool IsConcurrent => false;
            public bool CanDiscard => false;
            public BlockStatus Read(long offsetBytes, Span<byte> to) { {{FailFast}} return BlockStatus.Ok; }
            public BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from) => BlockStatus.Ok;
            public BlockStatus Flush() => BlockStatus.Ok;
            public BlockStatus Discard(long offsetBytes, long lengthBytes) => BlockStatus.Ok;
            public BlockStatus WriteZeroes(long offsetBytes, long lengthBytes, bool mayUnmap) => BlockStatus.Ok;
            public void Dispose() { }
        }
        """;
}
