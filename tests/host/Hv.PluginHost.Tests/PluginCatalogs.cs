using System.Runtime.Loader;
using Hv.Diagnostics;
using Hv.Fixtures;
using Hv.Sdk;

namespace Hv.PluginHost.Tests;

/// <summary>Plugins that are sound: found by their manifests, loaded when they are needed, kept apart.</summary>
public sealed class PluginCatalogs : IDisposable
{
    private readonly FixtureInstallation installation = new();

    public void Dispose() => installation.Dispose();

    [Fact]
    public void Open_LoadsNoCode()
    {
        installation.Add("Sound", DeviceSource.Factory("sound", "Sound"), "sound");
        File.WriteAllText(installation.AssemblyPath("Sound"), "not an assembly: listing must not notice");

        PluginCatalog catalog = installation.Open();

        Assert.Equal("sound", Assert.Single(catalog.List(ExtensionKind.Device)).Provided.Name);
        Assert.Empty(catalog.Plugins[0].Problems);
        Assert.False(catalog.Plugins[0].IsLoaded);
    }

    [Fact]
    public void Create_LoadsOnlyThePluginThatProvidesTheName()
    {
        installation.Add("One", DeviceSource.Factory("one", "One"), "one");
        installation.Add("Two", DeviceSource.Factory("two", "Two"), "two");
        PluginCatalog catalog = installation.Open();

        catalog.Create<IDeviceFactory>(ExtensionKind.Device, "two");

        Assert.Equal(["Two"], catalog.Plugins.Where(p => p.IsLoaded).Select(p => p.Name));
    }

    [Fact]
    public void Create_GivesEachPluginAContextOfItsOwnAndTheSdkOfTheHost()
    {
        installation.Add("One", DeviceSource.Factory("one", "One"), "one");
        installation.Add("Two", DeviceSource.Factory("two", "Two"), "two");
        PluginCatalog catalog = installation.Open();

        IDeviceFactory one = catalog.Create<IDeviceFactory>(ExtensionKind.Device, "one");
        IDeviceFactory two = catalog.Create<IDeviceFactory>(ExtensionKind.Device, "two");

        AssemblyLoadContext? first = AssemblyLoadContext.GetLoadContext(one.GetType().Assembly);
        Assert.NotSame(AssemblyLoadContext.Default, first);
        Assert.NotSame(first, AssemblyLoadContext.GetLoadContext(two.GetType().Assembly));
    }

    [Fact]
    public void Create_TwoVersionsOfOneDependency_EachPluginSeesItsOwn()
    {
        foreach (int version in (int[])[1, 2])
        {
            string plugin = $"Greets{version}";
            Directory.CreateDirectory(installation.Folder(plugin));
            string dependency = Path.Combine(installation.Folder(plugin), "Greeting.dll");
            PluginCompiler.Compile(dependency, $$"""
                [assembly: System.Reflection.AssemblyVersion("{{version}}.0.0.0")]
                public static class Greeting { public static string Text => "greeting {{version}}"; }
                """);
            string body = "public override string ToString() => Greeting.Text;";
            PluginCompiler.Compile(
                installation.AssemblyPath(plugin), DeviceSource.Factory($"greets{version}", plugin, body),
                PluginCompiler.SdkPath, dependency);
            installation.WriteManifest(plugin, $"greets{version}");
        }

        PluginCatalog catalog = installation.Open();

        Assert.Equal("greeting 1", catalog.Create<IDeviceFactory>(ExtensionKind.Device, "greets1").ToString());
        Assert.Equal("greeting 2", catalog.Create<IDeviceFactory>(ExtensionKind.Device, "greets2").ToString());
    }

    [Fact]
    public void Create_NameInTwoPlugins_NamesBothAndUsesNeither()
    {
        installation.Add("One", DeviceSource.Factory("same", "One"), "same");
        installation.Add("Two", DeviceSource.Factory("same", "Two"), "same");

        Diagnostic found = Failure("same");

        Assert.Equal(Codes.NameInTwoPlugins, found.Code);
        Assert.Contains("'One'", found.Problem);
        Assert.Contains("'Two'", found.Problem);
    }

    [Fact]
    public void Create_OneOfTwoSwitchedOff_UsesTheOther()
    {
        installation.Add("One", DeviceSource.Factory("same", "One"), "same");
        installation.Add("Two", DeviceSource.Factory("same", "Two"), "same");
        installation.List("""{ "plugins": [ { "path": "plugins/*" }, { "path": "plugins/One", "enabled": false } ] }""");

        object created = installation.Open().Create<IDeviceFactory>(ExtensionKind.Device, "same");

        Assert.Equal("Two", created.GetType().Name);
    }

    [Fact]
    public void Create_SwitchedOff_SaysWhereToSwitchItOn()
    {
        installation.Add("One", DeviceSource.Factory("one", "One"), "one");
        installation.List("""{ "plugins": [ { "path": "plugins/One", "enabled": false } ] }""");

        Diagnostic found = Failure("one");

        Assert.Equal(Codes.PluginDisabled, found.Code);
        Assert.Contains("plugins.json:1:26", found.Remedy);
    }

    [Fact]
    public void Create_UnknownName_SuggestsTheNearest()
    {
        installation.Add("One", DeviceSource.Factory("virtio-rng", "One"), "virtio-rng");

        Diagnostic found = Failure("virtio-rgn");

        Assert.Equal(Codes.UnknownName, found.Code);
        Assert.Equal("did you mean 'virtio-rng'?", found.Remedy);
    }

    [Theory]
    [InlineData(">=1.0 <2.0", "1.0", true)]
    [InlineData(">=1.0 <2.0", "1.9", true)]
    [InlineData(">=1.0 <2.0", "2.0", false)]
    [InlineData(">=1.4 <2.0", "1.3", false)]
    [InlineData("=1.2", "1.2", true)]
    [InlineData(">1.2 <=1.4", "1.2", false)]
    [InlineData(">1.2 <=1.4", "1.4", true)]
    public void SdkRange_Contains_ComparesMajorAndMinor(string range, string version, bool expected) =>
        Assert.Equal(expected, SdkRange.Parse(range)!.Contains(Version.Parse(version)));

    [Theory]
    [InlineData("")]
    [InlineData("1.0")]
    [InlineData(">=1")]
    [InlineData(">=1.x")]
    [InlineData(">= 1.0")]
    public void SdkRange_Parse_RefusesWhatIsNoRange(string text) => Assert.Null(SdkRange.Parse(text));

    private Diagnostic Failure(string device) =>
        Assert.Throws<DiagnosticException>(
            () => installation.Open().Create<IDeviceFactory>(ExtensionKind.Device, device)).Diagnostics[0];
}
