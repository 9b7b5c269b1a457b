using System.Text.Json;
using Hv.Fixtures;

namespace Hv.Tests;

/// <summary>Plugins that take their process with them at once: nothing in it can report that, so its supervisor
/// does.</summary>
public sealed class CrashingPlugins : IDisposable
{
    private const string Plugin = "crasher";

    private readonly HvProcess hv = new();
    private readonly FixtureInstallation installation = new();

    public void Dispose()
    {
        hv.Dispose();
        installation.Dispose();
    }

    [Theory]
    [InlineData("Recurse(1);", "signal 6")]
    [InlineData("""System.Environment.FailFast("on purpose");""", "signal 6")]
    [InlineData("System.Environment.Exit(0);", "a call that exits with 0")]
    public void Callback_EndsTheProcess_EndsWithFourAndNamesThePlugin(string crash, string cause)
    {
        HvResult result = Run(onWrite: crash, constructor: "");

        Assert.Equal(4, result.ExitCode);
        using JsonDocument report = JsonDocument.Parse(File.ReadAllText(Path.Combine(hv.Root, "result.json")));
        Assert.Equal("host-failure", report.RootElement.GetProperty("reason").GetString());
        Assert.Equal("its-name", report.RootElement.GetProperty("vm").GetString());
        Assert.Equal($"crash0 (plugin {Plugin})", report.RootElement.GetProperty("underway")[0].GetString());
        string message = report.RootElement.GetProperty("message").GetString()!;
        Assert.Contains(cause, message, StringComparison.Ordinal);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Recurse(1);")]
    [InlineData("""System.Environment.FailFast("on purpose");""")]
    public void Constructor_EndsTheProcess_EndsWithFourAndNamesThePlugin(string crash)
    {
        HvResult result = Run(onWrite: "", constructor: crash);

        Assert.Equal(4, result.ExitCode);
        Assert.Contains($"plugin {Plugin}", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Callback_OfASoundPlugin_LeavesTheExitCodeToTheMachine() =>
        Assert.Equal(124, Run(onWrite: "", constructor: "").ExitCode);

    private HvResult Run(string onWrite, string constructor)
    {
        installation.Add(Plugin, $$"""
            using Hv.Sdk;
            using Hv.Sdk.Io;

            [Device("crash", Title = "ends its process")]
            public sealed class CrashFactory : IDeviceFactory
            {
                public CrashFactory() { {{constructor}} }
                public OptionSchema Options => OptionSchema.Empty;
                public IDevice Create(OptionValues options) => new Crash();
                static int Recurse(int n) => Recurse(n + 1) + Recurse(n - 1);
            }

            public sealed class Crash : IDevice, IIoHandler
            {
                public void Attach(IDeviceContext context) => context.MapPorts("exit", 0xF4, 1, this, 0);
                public void Reset(ResetKind kind) { }
                public void Dispose() { }
                public IoStatus Read(in IoAccess access, out ulong value) { value = 0; return IoStatus.Ok; }
                public IoStatus Write(in IoAccess access, ulong value) { {{onWrite}} return IoStatus.Ok; }
                static int Recurse(int n) => Recurse(n + 1) + Recurse(n - 1);
            }
            """, "crash");
        installation.List($$"""
            { "plugins": [ { "path": "{{Path.GetDirectoryName(HvProcess.Executable)}}/plugins/*" }, { "path": "plugins/*" } ] }
            """);
        installation.Open();
        File.WriteAllBytes(Path.Combine(hv.Root, "kernel.elf"), StubKernel.Exit(0));
        return hv.Run(
            "run", "--plugins", Path.Combine(installation.Root, "plugins.json"), "--kernel", "kernel.elf", "--memory",
            "64M",
            "--name", "its-name", "--device", "crash", "--result", "result.json", "--timeout", "2s");
    }
}
