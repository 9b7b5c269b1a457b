using Hv.Diagnostics;
using Hv.Fixtures;

namespace Hv.PluginHost.Tests;

/// <summary>What plugins.json pins is held to; several lists are one.</summary>
public sealed class PinnedPlugins : IDisposable
{
    private readonly FixtureInstallation installation = new();

    public PinnedPlugins() => installation.Add("Gpio", DeviceSource.Factory("gpio", "Gpio"), "gpio");

    public void Dispose() => installation.Dispose();

    private InstalledPlugin Checked(string pin)
    {
        installation.List($$"""{ "plugins": [ { "path": "plugins/Gpio", {{pin}} } ] }""");
        PluginCatalog catalog = installation.Open();
        _ = catalog.Check(catalog.Plugins[0]);
        return catalog.Plugins[0];
    }

    [Fact]
    public void Load_OfWhatIsPinned_Works()
    {
        string hash = PluginHash.Of(installation.Folder("Gpio"));

        InstalledPlugin plugin = Checked($"\"id\": \"Gpio\", \"version\": \"1.2.3\", \"hash\": \"{hash}\"");

        Assert.Empty(plugin.Problems);
        Assert.True(plugin.IsLoaded);
    }

    [Theory]
    [InlineData("\"id\": \"other\"", "its id is Gpio; other is pinned")]
    [InlineData("\"version\": \"1.2.4\"", "its version is 1.2.3; 1.2.4 is pinned")]
    [InlineData("\"hash\": \"sha256:0000000000000000000000000000000000000000000000000000000000000000\"", "its files are not")]
    public void Load_OfSomethingElse_IsRefusedWithoutRunningIt(string pin, string problem)
    {
        InstalledPlugin plugin = Checked(pin);

        Diagnostic only = Assert.Single(plugin.Problems);
        Assert.Equal(Codes.PinMismatch, only.Code);
        Assert.Contains(problem, only.Problem);
        Assert.NotNull(only.Remedy);
        Assert.False(plugin.IsLoaded);
    }

    [Fact]
    public void List_WithAHashThatIsNone_SaysWhere()
    {
        installation.List("""
            { "plugins": [ { "path": "plugins/Gpio",
              "hash": "md5:12" } ] }
            """);

        Diagnostic only = Assert.Single(installation.Open().ListProblems);

        Assert.Equal((Codes.BadValue, 2), (only.Code, only.Place.Line));
    }

    [Fact]
    public void Hash_SeesNamesContentsAndPlacesButNoDates()
    {
        string folder = installation.Folder("Gpio");
        string before = PluginHash.Of(folder);

        File.SetLastWriteTimeUtc(Path.Combine(folder, "plugin.json"), DateTime.UnixEpoch);
        Assert.Equal(before, PluginHash.Of(folder));
        File.WriteAllText(Path.Combine(folder, "x"), "");
        string withFile = PluginHash.Of(folder);
        File.Move(Path.Combine(folder, "x"), Path.Combine(folder, "y"));
        Assert.Equal(3, new[] { before, withFile, PluginHash.Of(folder) }.Distinct().Count());
    }

    [Fact]
    public void Open_OfTwoLists_LetsTheLaterOneSwitchOff()
    {
        string second = Path.Combine(installation.Root, "second.json");
        File.WriteAllText(second, $$"""{ "plugins": [ { "path": "{{installation.Folder("Gpio")}}", "enabled": false } ] }""");
        _ = installation.Open();

        var catalog = PluginCatalog.Open([Path.Combine(installation.Root, "plugins.json"), second], []);

        Assert.False(Assert.Single(catalog.Plugins).IsEnabled);
    }

    [Fact]
    public void Open_WithAFolder_TakesThePlaceOfTheInstalledPlugin()
    {
        string next = Path.Combine(installation.Root, "next");
        Directory.CreateDirectory(next);
        foreach (string file in PluginHash.Files(installation.Folder("Gpio")))
        {
            File.Copy(Path.Combine(installation.Folder("Gpio"), file), Path.Combine(next, file));
        }

        _ = installation.Open();
        var catalog = PluginCatalog.Open(
            [Path.Combine(installation.Root, "plugins.json")], [(next, Place.Of("--with-plugin"))]);

        Assert.Equal(next, Assert.Single(catalog.Plugins).Folder);
        Assert.Empty(catalog.Check(catalog.Plugins[0]));
    }

    [Fact]
    public void ListFile_Changes_KeepWhatElseIsThere()
    {
        string path = Path.Combine(installation.Root, "own.json");
        File.WriteAllText(path, """
            { "plugins": [ "plugins/*", /* mine */ { "path": "/opt/x", "options": { "port": "1" } }, ] }
            """);
        var list = PluginListFile.Open(path);

        list.Set("/opt/x", [KeyValuePair.Create("enabled", (System.Text.Json.Nodes.JsonNode?)false)]);
        list.Set(Path.Combine(installation.Root, "plugins", "Gpio"), []);
        list.Save();

        var bag = new DiagnosticBag();
        IReadOnlyList<PluginListEntry> entries = PluginList.Read(path, bag);
        Assert.Empty(bag.Items);
        Assert.Equal(["plugins/*", "/opt/x", "plugins/Gpio"], entries.Select(e => e.Path));
        Assert.Equal((false, "1"), (entries[1].IsEnabled, entries[1].Options["port"]));
    }
}
