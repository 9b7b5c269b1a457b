using Hv.Diagnostics;
using Hv.Fixtures;
using Hv.Sdk;

namespace Hv.PluginHost.Tests;

/// <summary>Every way in which a plugin can be broken: it is named, with a remedy, and its neighbour works
/// on.</summary>
public sealed class BrokenPlugin : IDisposable
{
    private readonly FixtureInstallation installation = new();

    public BrokenPlugin() => installation.Add("Neighbour", DeviceSource.Factory("neighbour", "Neighbour"), "neighbour");

    public void Dispose() => installation.Dispose();

    [Fact]
    public void Open_ListedFolderMissing_NamesTheEntry()
    {
        installation.List("""
            { "plugins": [
              { "path": "plugins/*" },
              { "path": "plugins/Gone" } ] }
            """);

        Diagnostic found = OneProblem(installation.Open(), "Gone");

        Assert.Equal(Codes.PluginMissing, found.Code);
        Assert.Equal((3, 13), (found.Place.Line, found.Place.Column));
    }

    [Fact]
    public void Create_AssemblyMissing_NamesThePlugin()
    {
        installation.WriteManifest("Broken", "broken");

        AssertFails("broken", "Broken", Codes.AssemblyMissing);
    }

    [Fact]
    public void Create_AssemblyCorrupt_NamesThePlugin()
    {
        installation.Add("Broken", DeviceSource.Factory("broken", "Broken"), "broken");
        File.WriteAllBytes(installation.AssemblyPath("Broken"), [.. "MZ not an assembly"u8]);

        AssertFails("broken", "Broken", Codes.AssemblyCorrupt);
    }

    [Fact]
    public void Create_AssemblyTruncated_NamesThePlugin()
    {
        installation.Add("Broken", DeviceSource.Factory("broken", "Broken"), "broken");
        byte[] whole = File.ReadAllBytes(installation.AssemblyPath("Broken"));
        File.WriteAllBytes(installation.AssemblyPath("Broken"), whole[..(whole.Length / 2)]);

        AssertFails("broken", "Broken", Codes.AssemblyCorrupt);
    }

    [Fact]
    public void Open_ManifestForAnotherSdk_SaysWhichIsWantedAndWhichIsThere()
    {
        installation.Add("Broken", DeviceSource.Factory("broken", "Broken"), "broken");
        installation.WriteManifest("Broken", ">=2.0 <3.0", ["broken"]);

        Diagnostic found = AssertFails("broken", "Broken", Codes.WrongSdk);

        Assert.Contains(">=2.0 <3.0", found.Problem);
        Assert.Contains("1.0", found.Problem);
        Assert.Equal(4, found.Place.Line);
    }

    [Theory]
    [InlineData("1.7", true)]
    [InlineData("1.0", false)]
    public void Open_ExperimentalContractsOfAVersion_AreRefusedOnAnother(string compiledWith, bool isRefused)
    {
        installation.Add("Broken", DeviceSource.Factory("broken", "Broken"), "broken");
        installation.WriteManifestText("Broken", $$"""
            { "id": "Broken", "version": "1.0.0", "sdk": ">=1.0 <2.0", "assembly": "Broken.dll",
              "experimental": ["block", "network"], "compiledWith": "{{compiledWith}}",
              "provides": [ { "kind": "device", "name": "broken", "title": "a fixture" } ] }
            """);

        InstalledPlugin plugin = installation.Open().Plugins.Single(p => p.Name == "Broken");

        Assert.Equal(["block", "network"], plugin.Manifest!.Experimental);
        Assert.Equal(isRefused, plugin.Problems.Count > 0);
        Assert.All(plugin.Problems, p => Assert.Equal(Codes.ExperimentalContracts, p.Code));
        Assert.All(plugin.Problems, p => Assert.Contains("block, network", p.Problem));
        Assert.All(plugin.Problems, p => Assert.Contains("1.7, this host has 1.0", p.Problem));
        Assert.False(plugin.IsLoaded);
    }

    [Fact]
    public void Create_CompiledAgainstAnotherMajorInSpiteOfItsManifest_IsRefused()
    {
        string next = Path.Combine(installation.Root, "Hv.Sdk.dll");
        PluginCompiler.Compile(next, """
            [assembly: System.Reflection.AssemblyVersion("2.0.0.0")]
            namespace Hv.Sdk { public interface IDeviceFactory { } }
            """);
        installation.WriteManifest("Broken", "broken");
        PluginCompiler.Compile(
            installation.AssemblyPath("Broken"), "public sealed class Broken : Hv.Sdk.IDeviceFactory { }", next);

        Assert.Contains("2.0.0.0", AssertFails("broken", "Broken", Codes.WrongSdk).Problem);
    }

    [Fact]
    public void Create_OwnCopyOfTheSdk_SaysToDeleteIt()
    {
        installation.Add("Broken", DeviceSource.Factory("broken", "Broken"), "broken");
        File.Copy(PluginCompiler.SdkPath, Path.Combine(installation.Folder("Broken"), "Hv.Sdk.dll"));

        Assert.Contains("delete it", AssertFails("broken", "Broken", Codes.OwnSdkCopy).Remedy);
    }

    [Fact]
    public void Create_NothingExported_SaysToMarkAClass()
    {
        installation.Add("Broken", "public sealed class Broken { }", "broken");

        AssertFails("broken", "Broken", Codes.ExportsNothing);
    }

    [Fact]
    public void Create_NameTwiceInTheAssembly_NamesBothClasses()
    {
        string source = DeviceSource.Factory("broken", "First") + DeviceSource.Factory("broken", "Second");
        installation.Add("Broken", source, "broken");

        Diagnostic found = AssertFails("broken", "Broken", Codes.NameTwice);

        Assert.Contains("First", found.Problem);
        Assert.Contains("Second", found.Problem);
    }

    [Fact]
    public void Open_NameTwiceInTheManifest_NamesThePlugin()
    {
        installation.Add("Broken", DeviceSource.Factory("broken", "Broken"), "broken", "broken");

        Assert.Equal(Codes.NameTwice, OneProblem(installation.Open(), "Broken").Code);
    }

    [Fact]
    public void Create_NameOfAPluginWhoseManifestCannotBeRead_PointsToTheBrokenPlugin()
    {
        installation.WriteManifestText("Broken", "{");

        PluginCatalog catalog = installation.Open();

        Assert.Contains("'Broken'", catalog.Explain(ExtensionKind.Device, "broken", Place.Of("x")).Remedy);
    }

    [Fact]
    public void Create_ConstructorThrows_SparesTheOtherDevicesOfThePlugin()
    {
        string source = DeviceSource.Factory(
            "broken", "Broken", """public Broken() => throw new System.FormatException("no luck");""")
            + DeviceSource.Factory("sound", "Sound");
        installation.Add("Broken", source, "broken", "sound");

        Diagnostic found = AssertFails("broken", "Broken", Codes.ConstructorThrew);

        Assert.Contains("FormatException: no luck", found.Problem);
        Assert.NotNull(installation.Open().Create<IDeviceFactory>(ExtensionKind.Device, "sound"));
    }

    [Fact]
    public void Create_ConstructorWantsWhatNobodyGives_SparesTheOtherDevicesOfThePlugin()
    {
        string source = DeviceSource.Factory("broken", "Broken", "public Broken(Hv.Sdk.IDeviceLog log) { }")
            + DeviceSource.Factory("sound", "Sound");
        installation.Add("Broken", source, "broken", "sound");

        AssertFails("broken", "Broken", Codes.UnsatisfiedImport);
        Assert.NotNull(installation.Open().Create<IDeviceFactory>(ExtensionKind.Device, "sound"));
    }

    [Fact]
    public void Create_ManifestPromisesMore_SaysWhichEntry()
    {
        installation.Add("Broken", DeviceSource.Factory("broken", "Broken"), "broken", "promised");

        Assert.Contains("'promised'", AssertFails("promised", "Broken", Codes.ManifestMismatch).Problem);
    }

    [Fact]
    public void Create_ManifestPromisesLess_SaysWhatToAdd()
    {
        string source = DeviceSource.Factory("broken", "Broken") + DeviceSource.Factory("hidden", "Hidden");
        installation.Add("Broken", source, "broken");

        Assert.Contains("\"name\": \"hidden\"", AssertFails("broken", "Broken", Codes.ManifestMismatch).Remedy);
    }

    [Fact]
    public void Create_AttributeOnAClassOfAnotherContract_SaysWhatToImplement()
    {
        installation.Add("Broken", """[Hv.Sdk.Device("broken")] public sealed class Broken { }""", "broken");

        Assert.Contains("IDeviceFactory", AssertFails("broken", "Broken", Codes.ManifestMismatch).Remedy);
    }

    [Fact]
    public void Create_DependencyNotInItsFolder_IsNotLentByTheHost()
    {
        string source = DeviceSource.Factory("broken", "Broken", "public object Used => typeof(Hv.Diagnostics.Place);");
        installation.WriteManifest("Broken", "broken");
        PluginCompiler.Compile(
            installation.AssemblyPath("Broken"), source, PluginCompiler.SdkPath, typeof(Place).Assembly.Location);

        Assert.Contains("Hv.Diagnostics.dll", AssertFails("broken", "Broken", Codes.DependencyMissing).Problem);
    }

    [Fact]
    public void Open_ManifestIsNotJson_SaysWhere()
    {
        installation.WriteManifestText("Broken", """
            {
              "id": "broken",
              "version": 1.0.0
            }
            """);

        Diagnostic found = OneProblem(installation.Open(), "Broken");

        Assert.Equal(Codes.MalformedJson, found.Code);
        Assert.Equal(3, found.Place.Line);
        AssertNeighbourWorks(installation.Open());
    }

    [Fact]
    public void Open_ManifestWithFourMistakes_NamesAllFour()
    {
        installation.WriteManifestText("Broken", """
            {
              "id": "broken",
              "verson": "1.0",
              "sdk": "about one",
              "assembly": "Broken.dll",
              "provides": [ { "kind": "devise", "name": "broken", "title": "x" } ]
            }
            """);

        InstalledPlugin plugin =
            installation.Open().Plugins.Single(p => p.Folder.EndsWith("Broken", StringComparison.Ordinal));

        Assert.Equal(
            [Codes.UnknownKey, Codes.MissingKey, Codes.BadManifest, Codes.NotAChoice],
            plugin.Problems.Select(p => p.Code));
        Assert.Equal("did you mean 'version'?", plugin.Problems[0].Remedy);
        Assert.Equal("did you mean 'device'?", plugin.Problems[3].Remedy);
    }

    [Fact]
    public void Open_ListIsNotJson_SaysWhereAndGoesOnWithNone()
    {
        installation.List("""{ "plugins": [ { "path": "plugins/*" } """);

        PluginCatalog catalog = installation.Open();

        Assert.Equal(Codes.MalformedJson, Assert.Single(catalog.ListProblems).Code);
        Assert.Empty(catalog.Plugins);
    }

    [Fact]
    public void Open_ProcessIsolation_IsSaidToBeUnavailable()
    {
        installation.List("""{ "plugins": [ { "path": "plugins/*" }, { "path": "plugins/Broken", "isolation": "process" } ] }""");
        installation.Add("Broken", DeviceSource.Factory("broken", "Broken"), "broken");

        AssertFails("broken", "Broken", Codes.IsolationUnavailable);
    }

    private Diagnostic AssertFails(string device, string plugin, string code)
    {
        PluginCatalog catalog = installation.Open();

        DiagnosticException e =
            Assert.Throws<DiagnosticException>(() => catalog.Create<IDeviceFactory>(ExtensionKind.Device, device));

        Diagnostic found = e.Diagnostics[0];
        Assert.Equal(code, found.Code);
        Assert.Contains($"'{plugin}'", found.Problem);
        Assert.NotNull(found.Remedy);
        AssertNeighbourWorks(catalog);
        return found;
    }

    private static Diagnostic OneProblem(PluginCatalog catalog, string folder) =>
        Assert.Single(catalog.Plugins.Single(p => p.Folder.EndsWith(folder, StringComparison.Ordinal)).Problems);

    private static void AssertNeighbourWorks(PluginCatalog catalog) =>
        Assert.NotNull(catalog.Create<IDeviceFactory>(ExtensionKind.Device, "neighbour"));
}
