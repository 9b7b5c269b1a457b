using System.Text.Json;
using Hv.Fixtures;

namespace Hv.Tests;

/// <summary>hv plugin: what it installs, switches and says, in lists of a user's own.</summary>
public sealed class PluginVerbs : IDisposable
{
    private readonly HvProcess hv = new();
    private readonly FixtureInstallation built = new();

    public PluginVerbs() => built.Add("acme.gpio", DeviceSource.Factory("gpio", "Gpio"), "gpio");

    public void Dispose()
    {
        hv.Dispose();
        built.Dispose();
    }

    private string Folder => built.Folder("acme.gpio");

    private string UserList => Path.Combine(hv.Root, "data", "hv", "plugins.json");

    private string Succeeds(params string[] arguments)
    {
        HvResult result = hv.Run(["plugin", .. arguments]);
        Assert.Equal("", result.Error.Trim());
        Assert.Equal(0, result.ExitCode);
        return result.Output;
    }

    private string Fails(int code, params string[] arguments)
    {
        HvResult result = hv.Run(["plugin", .. arguments]);
        Assert.Equal(code, result.ExitCode);
        Assert.Matches(@"error HV\d{4}: .*\n    \S", result.Error);
        return result.Error;
    }

    [Fact]
    public void Add_OfAFolder_CopiesPinsAndMakesTheNameKnown()
    {
        Assert.Contains("added acme.gpio 1.2.3: device gpio", Succeeds("add", Folder));

        Directory.Delete(Folder, recursive: true);
        Assert.Contains("a fixture", hv.Run("device", "list").Output);
        Assert.Matches("\"hash\": \"sha256:[0-9a-f]{64}\"", File.ReadAllText(UserList));
        Assert.Matches(@"(?m)^acme\.gpio +1\.2\.3 +ok +you +device gpio", Succeeds("list"));
    }

    [Fact]
    public void Add_OfAPackage_IsTheSame()
    {
        Succeeds("pack", Folder, "-o", hv.Root);
        Assert.True(File.Exists(Path.Combine(hv.Root, "acme.gpio.1.2.3.nupkg")));

        Assert.Contains("added acme.gpio 1.2.3", Succeeds("add", "acme.gpio.1.2.3.nupkg"));
    }

    [Fact]
    public void Add_OfABrokenPlugin_SaysWhyAndInstallsNothing()
    {
        built.WriteManifest("acme.gpio", ">=9.0 <10.0", ["gpio"]);

        Assert.Contains("HV2003", Fails(4, "add", Folder));
        Assert.False(File.Exists(UserList));
    }

    [Fact]
    public void Add_Twice_WantsReplace()
    {
        Succeeds("add", Folder);

        Assert.Contains("HV2022", Fails(4, "add", Folder));
        Assert.Contains("added", Succeeds("add", Folder, "--replace"));
    }

    [Fact]
    public void Add_OfALink_UsesTheFolderWhereItIs()
    {
        Succeeds("add", Folder, "--link");

        Assert.Contains(Folder, File.ReadAllText(UserList));
        Assert.DoesNotContain("hash", File.ReadAllText(UserList));
        Succeeds("rm", "acme.gpio");
        Assert.True(Directory.Exists(Folder));
    }

    [Fact]
    public void Changed_AfterItWasAdded_IsNotLoaded()
    {
        Succeeds("add", Folder);
        File.AppendAllText(Path.Combine(hv.Root, "data/hv/plugins/acme.gpio/plugin.json"), "\n");

        Assert.Contains("HV2020", Fails(4, "verify", "acme.gpio"));
    }

    [Fact]
    public void Remove_OfAnInstalledPlugin_IsRefusedAndDisableIsNot()
    {
        Assert.Contains("hv plugin disable", Fails(4, "rm", "hv.misc.pvpanic"));

        Succeeds("disable", "hv.misc.pvpanic");
        Assert.Matches(@"(?m)^hv\.misc\.pvpanic +\S+ +off", Succeeds("list"));
        Succeeds("enable", "hv.misc.pvpanic");
        Assert.Matches(@"(?m)^hv\.misc\.pvpanic +\S+ +ok", Succeeds("list"));
    }

    [Fact]
    public void Remove_OfWhatWasAdded_LeavesNothing()
    {
        Succeeds("add", Folder);
        Succeeds("rm", "acme.gpio");

        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(hv.Root, "data/hv/plugins")));
        Assert.DoesNotContain("gpio", Succeeds("list"));
    }

    [Fact]
    public void Verbs_WithAList_ChangeThatOne()
    {
        string list = hv.Write("own.json", """{ "plugins": [] }""");

        Succeeds("add", Folder, "--plugins", list);

        Assert.Contains("acme.gpio", File.ReadAllText(list));
        Assert.False(File.Exists(UserList));
    }

    [Fact]
    public void WithPlugin_UsesAFolderForOneCommand()
    {
        Assert.Contains("gpio", hv.Run("device", "list", "--with-plugin", Folder).Output);
        Assert.DoesNotContain("a fixture", hv.Run("device", "list").Output);
    }

    [Fact]
    public void Info_ShowsOptionsWithoutLoading()
    {
        string info = Succeeds("info", "hv.serial.uart16550");

        Assert.Contains("device uart16550: 16550A UART with FIFOs", info);
        Assert.Contains("port: first of its eight ports [1016]", info);
    }

    [Fact]
    public void Test_OfAnInstalledDevice_RunsItsSuite()
    {
        using JsonDocument report = JsonDocument.Parse(Succeeds("test", "hv.misc.debug-exit", "--json"));

        JsonElement device = Assert.Single(report.RootElement.EnumerateArray());
        Assert.Equal("device", device.GetProperty("suite").GetString());
        Assert.Equal(0, device.GetProperty("failed").GetInt32());
        Assert.True(device.GetProperty("passed").GetInt32() > 5);
    }

    [Fact]
    public void Test_OfADeviceThatBreaksTheRules_FailsWithEvidence()
    {
        // The fixture's factory makes no device at all.
        HvResult result = hv.Run("plugin", "test", Folder, "--check", "hostile-guest-is-answered");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("FAIL hostile-guest-is-answered", result.Output);
    }

    [Fact]
    public void Test_OfAKindWithoutASuite_IsNoPass() =>
        Assert.Equal(6, hv.Run("plugin", "test", "hv.boards.microvm").ExitCode);

    [Fact]
    public void Verify_OfASourceFolder_SaysToBuild()
    {
        Directory.CreateDirectory(Path.Combine(hv.Root, "src"));
        hv.Write("src/Gpio.csproj", "<Project />");

        Assert.Contains("dotnet build", Fails(4, "verify", "./src"));
    }
}
