using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Hv.Diagnostics;
using Hv.Fixtures;
using Hv.Sdk;
using Hv.Vmm;

namespace Hv.PluginHost.Tests;

/// <summary>New code of a plugin beside the code that runs.</summary>
public sealed class ReplacedPlugins : IDisposable
{
    private const string Plugin = "Lamp";
    private readonly FixtureInstallation installation = new();

    public ReplacedPlugins() => AddLamp("one");

    public void Dispose() => installation.Dispose();

    private void AddLamp(string text) => installation.Add(Plugin, Lamp(text), "lamp");

    private static string Lamp(string text, string body = "") =>
        DeviceSource.Factory("lamp", "Lamp", $$"""public override string ToString() => "{{text}}"; {{body}}""");

    private PluginCatalog Open()
    {
        PluginCatalog catalog = installation.Open();
        catalog.IsReloadable = true;
        return catalog;
    }

    private static string Use(PluginCatalog catalog) =>
        catalog.Create<IDeviceFactory>(ExtensionKind.Device, "lamp").ToString()!;

    // Objects of plugins must not stay on a test's stack.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Replace(PluginCatalog catalog, bool mustCommit = true, string? folder = null)
    {
        using PluginReplacement replacement = catalog.Prepare(Plugin, folder);
        DeviceModel model = replacement.Device("lamp")!;
        Assert.Equal((Plugin, "lamp", "1.2.3"), (model.Plugin, model.Name, model.PluginVersion));
        string text = model.Factory.ToString()!;
        if (mustCommit)
        {
            replacement.Commit();
        }

        return text;
    }

    [Fact]
    public void Prepare_NewCode_IsUsedFromTheCommitOn()
    {
        PluginCatalog catalog = Open();
        Assert.Equal("one", Use(catalog));
        AddLamp("two");
        Assert.Equal("one", Use(catalog));

        Assert.Equal("two", Replace(catalog, mustCommit: false));
        Assert.Equal("one", Use(catalog));

        Assert.Equal("two", Replace(catalog));
        Assert.Equal("two", Use(catalog));
        Assert.Equal((2, 0), catalog.RetiredContexts(mustCollect: true));
    }

    [Fact]
    public void Prepare_FromAnotherFolder_ComesFromThere_AndTheNextWithoutOneFromWhereItIsInstalled()
    {
        PluginCatalog catalog = Open();
        string elsewhere = Directory.CreateDirectory(Path.Combine(installation.Root, "build")).FullName;
        foreach (string file in Directory.GetFiles(installation.Folder(Plugin)))
        {
            File.Copy(file, Path.Combine(elsewhere, Path.GetFileName(file)));
        }

        PluginCompiler.Compile(Path.Combine(elsewhere, $"{Plugin}.dll"), Lamp("built"), PluginCompiler.SdkPath);

        Assert.Equal("built", Replace(catalog, folder: elsewhere));
        Assert.Equal(elsewhere, catalog.Plugins.Single().Folder);
        Assert.Equal("one", Replace(catalog));
    }

    [Fact]
    public void Replace_FiftyTimes_EveryContextIsCollectedAndNoCopyIsLeft()
    {
        string[] before = Copies();
        PluginCatalog catalog = Open();
        Use(catalog);
        for (int i = 0; i < 50; i++)
        {
            Replace(catalog, mustCommit: i % 5 != 0);
        }

        Assert.Equal((50, 0), catalog.RetiredContexts(mustCollect: true));
        string root = Assert.Single(Copies().Except(before).DefaultIfEmpty(before.LastOrDefault() ?? ""));
        Assert.Single(Directory.GetDirectories(root), d => File.Exists(Path.Combine(d, $"{Plugin}.dll"))
            && File.GetCreationTimeUtc(d) > File.GetCreationTimeUtc(installation.Root));

        static string[] Copies() => Directory.GetDirectories(Path.GetTempPath(), $"hv-plugins-{Environment.ProcessId}-*");
    }

    [Fact]
    public void Replace_CodeThatSomethingLeadsTo_IsCountedAsInMemory()
    {
        installation.Add(Plugin, Lamp("held", "public Lamp() => System.AppDomain.CurrentDomain.ProcessExit += (_, _) => ToString();"), "lamp");
        PluginCatalog catalog = Open();
        Use(catalog);
        Replace(catalog);

        Assert.Equal((1, 1), catalog.RetiredContexts(mustCollect: true));
    }

    [Fact]
    public void Prepare_NewCodeIsBroken_NamesItAndTheOldIsUsedOn()
    {
        PluginCatalog catalog = Open();
        Use(catalog);
        Dictionary<string, (Action Break, string Code)> ways = new()
        {
            ["corrupt"] = (() => File.WriteAllText(installation.AssemblyPath(Plugin), "MZ no"), Codes.AssemblyCorrupt),
            ["missing"] = (() => File.Delete(installation.AssemblyPath(Plugin)), Codes.AssemblyMissing),
            ["manifest"] = (() => installation.WriteManifestText(Plugin, "{"), Codes.MalformedJson),
            ["nothing"] = (() => installation.Add(Plugin, "public sealed class Lamp { }", "lamp"), Codes.ExportsNothing),
            ["renamed"] = (() => installation.Add(Plugin, DeviceSource.Factory("torch", "Lamp"), "lamp"), Codes.ManifestMismatch),
            ["sdk"] = (() => installation.WriteManifest(Plugin, ">=2.0 <3.0", ["lamp"]), Codes.WrongSdk),
            ["copy"] = (
                () => File.Copy(PluginCompiler.SdkPath, Path.Combine(installation.Folder(Plugin), "Hv.Sdk.dll")),
                Codes.OwnSdkCopy),
        };
        foreach ((string how, (Action @break, string code)) in ways)
        {
            AddLamp("two");
            @break();

            DiagnosticException e = Assert.Throws<DiagnosticException>(() => catalog.Prepare(Plugin, null));

            Assert.True(e.Diagnostics[0].Code == code, $"{how}: {e.Message}");
            Assert.Equal("one", Use(catalog));
        }

        Assert.Equal(0, catalog.RetiredContexts(mustCollect: true).InMemory);
    }

    [Fact]
    public void Device_ConstructorOfTheNewCodeThrows_IsAFailureOfThePlugin()
    {
        PluginCatalog catalog = Open();
        Use(catalog);
        installation.Add(Plugin, Lamp("two", """public Lamp() => throw new System.FormatException("no luck");"""), "lamp");
        using PluginReplacement replacement = catalog.Prepare(Plugin, null);

        PluginException e = Assert.Throws<PluginException>(() => replacement.Device("lamp"));

        Assert.Contains("FormatException: no luck", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Device_NewCodeHasItNoMore_IsNull()
    {
        PluginCatalog catalog = Open();
        Use(catalog);
        installation.Add(Plugin, DeviceSource.Factory("torch", "Torch"), "torch");
        using PluginReplacement replacement = catalog.Prepare(Plugin, null);

        Assert.Null(replacement.Device("lamp"));
        replacement.Commit();
        Assert.Null(catalog.Find(ExtensionKind.Device, "lamp"));
        Assert.NotNull(catalog.Find(ExtensionKind.Device, "torch"));
    }

    [Fact]
    public void Prepare_OfAnotherPlugin_IsRefused()
    {
        PluginCatalog catalog = Open();
        installation.Add("Other", DeviceSource.Factory("lamp", "Other"), "lamp");

        DiagnosticException e = Assert.Throws<DiagnosticException>(
            () => catalog.Prepare(Plugin, installation.Folder("Other")));

        Assert.Equal(Codes.NotReplaceable, e.Diagnostics[0].Code);
        Assert.Contains("'Lamp'", e.Diagnostics[0].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Prepare_UnknownId_SuggestsTheNearest()
    {
        DiagnosticException e = Assert.Throws<DiagnosticException>(() => Open().Prepare("Lam", null));

        Assert.Equal((Codes.UnknownName, "did you mean 'Lamp'?"), (e.Diagnostics[0].Code, e.Diagnostics[0].Remedy));
    }

    [Fact]
    public void Prepare_PluginProvidesMoreThanDevices_IsRefusedAndItsContextIsNotCollectible()
    {
        installation.WriteManifestText(Plugin, """
            {
              "id": "Lamp", "version": "1.2.3", "sdk": ">=1.0 <2.0", "assembly": "Lamp.dll",
              "provides": [ { "kind": "device", "name": "lamp", "title": "x" }, { "kind": "engine", "name": "motor", "title": "x" } ]
            }
            """);
        PluginCompiler.Compile(installation.AssemblyPath(Plugin), Lamp("one") + """
            #pragma warning disable HVX001
            [Hv.Sdk.Engine("motor")]
            public sealed class Motor : Hv.Sdk.Engines.IEngine
            {
                public Hv.Sdk.Engines.EngineTraits Traits => default;
                public Hv.Sdk.OptionSchema Options => Hv.Sdk.OptionSchema.Empty;
                public string WhyUnavailable() => "x";
                public Hv.Sdk.Engines.IPartition CreatePartition(Hv.Sdk.Engines.IPartitionContext context, Hv.Sdk.OptionValues options) => null;
            }
            """, PluginCompiler.SdkPath);
        PluginCatalog catalog = Open();

        DiagnosticException e = Assert.Throws<DiagnosticException>(() => catalog.Prepare(Plugin, null));

        Assert.Contains("engine 'motor'", e.Diagnostics[0].Problem, StringComparison.Ordinal);
        object lamp = catalog.Create<IDeviceFactory>(ExtensionKind.Device, "lamp");
        Assert.False(AssemblyLoadContext.GetLoadContext(lamp.GetType().Assembly)!.IsCollectible);
    }
}
