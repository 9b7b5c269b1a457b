using Hv.Fixtures;

namespace Hv.Tests;

/// <summary>Plugins that do not return: the command names them and ends with code 4.</summary>
public sealed class HangingPlugins : IDisposable
{
    private readonly HvProcess hv = new();
    private readonly FixtureInstallation installation = new();

    public void Dispose()
    {
        hv.Dispose();
        installation.Dispose();
    }

    [Fact]
    public void Constructor_NeverReturns_IsNamedWithFour() =>
        AssertNamed(Run(DeviceSource.PortDevice("sloth", constructor: DeviceSource.Forever)),
            "error HV2018: plugin 'Sloth'");

    [Fact]
    public void Attach_NeverReturns_IsNamedWithFour() =>
        AssertNamed(Run(DeviceSource.PortDevice("sloth", attach: DeviceSource.Forever)), "plugin Sloth");

    [Fact]
    public void Access_NeverReturns_IsNamedWithFour() =>
        AssertNamed(Run(DeviceSource.PortDevice("sloth", onWrite: DeviceSource.Forever)), "plugin Sloth");

    private static void AssertNamed(HvResult result, string plugin)
    {
        Assert.Equal(4, result.ExitCode);
        Assert.DoesNotContain("an error of Hv itself", result.Error, StringComparison.Ordinal);
        Assert.Contains(plugin, result.Error, StringComparison.Ordinal);
        Assert.Contains("has not returned", result.Error, StringComparison.Ordinal);
    }

    private HvResult Run(string source)
    {
        installation.Add("Sloth", source, "sloth");
        string own = Path.GetDirectoryName(HvProcess.Executable)!;
        installation.List($$"""{ "plugins": [ { "path": "{{own}}/plugins/*" }, { "path": "plugins/*" } ] }""");
        installation.Open();
        File.WriteAllBytes(Path.Combine(hv.Root, "kernel.elf"), StubKernel.Exit(0));
        return hv.Run("run", "--plugins", Path.Combine(installation.Root, "plugins.json"), "--kernel", "kernel.elf",
            "--memory", "64M", "--device", "sloth", "--timeout", "60s", "--watchdog", "3s");
    }
}
