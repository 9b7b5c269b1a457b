using Hv.Diagnostics;
using Hv.Fixtures;
using Hv.Sdk;

namespace Hv.PluginHost.Tests;

/// <summary>A plugin whose constructor does not return: named, given up for good, and its neighbour works on.</summary>
public sealed class HangingPlugin : IDisposable
{
    private readonly FixtureInstallation installation = new();

    public HangingPlugin()
    {
        installation.Add("Sloth", DeviceSource.PortDevice("sloth", constructor: DeviceSource.Forever), "sloth");
        installation.Add("Neighbour", DeviceSource.Factory("neighbour", "Neighbour"), "neighbour");
    }

    public void Dispose() => installation.Dispose();

    [Fact]
    public void Create_ConstructorNeverReturns_NamesThePluginAndGivesItUp()
    {
        PluginCatalog catalog = installation.Open();
        catalog.Patience = TimeSpan.FromSeconds(2);

        Diagnostic found = Fail(catalog);

        Assert.Equal(Codes.PluginHung, found.Code);
        Assert.Contains("'Sloth'", found.Problem, StringComparison.Ordinal);
        Assert.Contains("'sloth'", found.Problem, StringComparison.Ordinal);
        Assert.NotNull(found.Remedy);
        Assert.NotNull(catalog.Create<IDeviceFactory>(ExtensionKind.Device, "neighbour"));
        Assert.Equal(Codes.PluginHung, Fail(catalog).Code);
    }

    [Fact]
    public void Check_ConstructorNeverReturns_ReportsIt()
    {
        PluginCatalog catalog = installation.Open();
        catalog.Patience = TimeSpan.FromSeconds(2);

        IReadOnlyList<Diagnostic> found = catalog.Check(catalog.Plugins.Single(p => p.Name == "Sloth"));

        Assert.Equal([Codes.PluginHung], found.Select(d => d.Code));
    }

    private static Diagnostic Fail(PluginCatalog catalog) => Assert.Throws<DiagnosticException>(
        () => catalog.Create<IDeviceFactory>(ExtensionKind.Device, "sloth")).Diagnostics[0];
}
