using System.Collections;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Xml.Linq;
using Hv.Diagnostics;
using Hv.Fixtures;
using Hv.Sdk;

namespace Hv.PluginHost.Tests;

/// <summary>The traps of load contexts and composition that were found before Hv was written, one or more tests a row
/// of the list in docs/concepts/plugins.md. <see cref="BrokenPlugin"/> has the ways in which a single plugin is
/// broken.</summary>
public sealed class TrapTable : IDisposable
{
    private const BindingFlags Statics =
        BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private readonly FixtureInstallation installation = new();

    public void Dispose() => installation.Dispose();

    // A contract that this host does not have yet, in an assembly with the SDK's name and version.
    private string NewerSdk()
    {
        string path = Path.Combine(Directory.CreateDirectory(Path.Combine(installation.Root, "newer")).FullName, "Hv.Sdk.dll");
        PluginCompiler.Compile(path, """
            [assembly: System.Reflection.AssemblyVersion("1.0.0.0")]
            [assembly: System.Reflection.AssemblyFileVersion("1.9.0.0")]
            namespace Hv.Sdk { public interface IDeviceFactory { } public interface ITomorrow { } }
            """);
        return path;
    }

    private Diagnostic Failure(string device)
    {
        installation.Add("Neighbour", DeviceSource.Factory("neighbour", "Neighbour"), "neighbour");
        PluginCatalog catalog = installation.Open();
        Diagnostic found = Assert.Throws<DiagnosticException>(
            () => catalog.Create<IDeviceFactory>(ExtensionKind.Device, device)).Diagnostics[0];
        Assert.NotNull(catalog.Create<IDeviceFactory>(ExtensionKind.Device, "neighbour"));
        return found;
    }

    private IDeviceFactory Load(string device, bool isReloadable = false)
    {
        PluginCatalog catalog = installation.Open();
        catalog.IsReloadable = isReloadable;
        return catalog.Create<IDeviceFactory>(ExtensionKind.Device, device);
    }

    [Fact]
    public void Row01_BuiltOnANewerContractWithItsOwnCopy_IsRefusedAndNotFoundEmpty()
    {
        string sdk = NewerSdk();
        installation.WriteManifest("Ahead", "ahead");
        PluginCompiler.Compile(installation.AssemblyPath("Ahead"), "public sealed class Ahead : Hv.Sdk.IDeviceFactory, Hv.Sdk.ITomorrow { }", sdk);
        File.Copy(sdk, Path.Combine(installation.Folder("Ahead"), "Hv.Sdk.dll"));

        Assert.Equal(Codes.OwnSdkCopy, Failure("ahead").Code);
    }

    [Fact]
    public void Row01_ContractsOfALoadedPlugin_AreTheHostsOwn()
    {
        installation.Add("Sound", DeviceSource.Factory("sound", "Sound"), "sound");

        Assembly plugin = Load("sound").GetType().Assembly;

        AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(plugin)!;
        AssemblyName sdk = plugin.GetReferencedAssemblies().Single(r => r.Name == "Hv.Sdk");
        Assert.Same(typeof(IDevice).Assembly, context.LoadFromAssemblyName(sdk));
    }

    [Fact]
    public void Row02_BuiltOnANewerContractWithoutACopy_NamesWhatCannotBeLoaded()
    {
        installation.WriteManifest("Ahead", "ahead");
        PluginCompiler.Compile(installation.AssemblyPath("Ahead"), "public sealed class Ahead : Hv.Sdk.IDeviceFactory, Hv.Sdk.ITomorrow { }", NewerSdk());

        Diagnostic found = Failure("ahead");

        Assert.Equal(Codes.DependencyMissing, found.Code);
        Assert.Contains("ITomorrow", found.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Row02_ManifestSaysThatItIsNewer_IsRefusedBeforeCodeIsLoaded()
    {
        installation.WriteManifest("Ahead", ">=1.9 <2.0", ["ahead"]);
        File.WriteAllText(installation.AssemblyPath("Ahead"), "never looked at");

        Assert.Equal(Codes.WrongSdk, Failure("ahead").Code);
    }

    [Fact]
    public void Row03_AttributesOfTheSdk_TieNoPluginToACompositionLibrary()
    {
        Assert.All(ExtensionKind.All, k => Assert.Equal(typeof(ExtensionAttribute), k.Attribute.BaseType));
        Assert.Equal(typeof(Attribute), typeof(ExtensionAttribute).BaseType);
    }

    [Fact]
    public void Row03_PluginBringsACompositionLibraryOfItsOwn_IsComposedAllTheSame()
    {
        string own = Path.Combine(Directory.CreateDirectory(installation.Folder("Brings")).FullName, "System.Composition.AttributedModel.dll");
        PluginCompiler.Compile(own, """
            [assembly: System.Reflection.AssemblyVersion("99.0.0.0")]
            namespace System.Composition { public sealed class ExportAttribute : Attribute { } }
            """);
        PluginCompiler.Compile(installation.AssemblyPath("Brings"), "[System.Composition.Export] " + DeviceSource.Factory("brings", "Brings"),
            PluginCompiler.SdkPath, own);
        installation.WriteManifest("Brings", "brings");

        Assert.Equal("Brings", Load("brings").GetType().Name);
    }

    [Theory]
    [InlineData("public Broken(Hv.Sdk.IDeviceLog log) { }", Codes.UnsatisfiedImport)]
    [InlineData("public Broken() => throw new System.FormatException();", Codes.ConstructorThrew)]
    [InlineData("static Broken() => throw new System.FormatException();", Codes.ConstructorThrew)]
    public void Row04_OneClassThatCannotBeMade_TakesNoOtherWithIt(string body, string code)
    {
        installation.Add("Broken", DeviceSource.Factory("broken", "Broken", body) + DeviceSource.Factory("sound", "Sound"), "broken", "sound");

        Assert.Equal(code, Failure("broken").Code);
        Assert.NotNull(Load("sound"));
    }

    [Fact]
    public void Row05_AttributeWithNothingButAName_IsEnough()
    {
        installation.Add("Terse", DeviceSource.Factory("terse", "Terse").Replace(", Title = \"a fixture\"", "", StringComparison.Ordinal), "terse");

        Assert.NotNull(Load("terse"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Row06_ContextsAreCollectible_OnlyWhereCodeIsToBeReplaced(bool isReloadable)
    {
        installation.Add("Sound", DeviceSource.Factory("sound", "Sound"), "sound");

        Assembly plugin = Load("sound", isReloadable).GetType().Assembly;

        Assert.Equal(isReloadable, AssemblyLoadContext.GetLoadContext(plugin)!.IsCollectible);
    }

    // Row 7, unloading is cooperative: ReplacedPlugins.Replace_FiftyTimes… and …CodeThatSomethingLeadsTo….

    [Fact]
    public void Row08_TheSharedAssembly_RefersToTheFrameworkOnly() =>
        Assert.All(
            typeof(IDevice).Assembly.GetReferencedAssemblies(),
            r => Assert.StartsWith("System.", r.Name, StringComparison.Ordinal));

    [Fact]
    public void Row08_PluginBringsALibraryThatTheHostHasToo_GetsItsOwn()
    {
        string own = Path.Combine(Directory.CreateDirectory(installation.Folder("Brings")).FullName, "Hv.Diagnostics.dll");
        PluginCompiler.Compile(own, """public static class Greeting { public static string Text => "the plugin's own"; }""");
        PluginCompiler.Compile(installation.AssemblyPath("Brings"),
            DeviceSource.Factory("brings", "Brings", "public override string ToString() => Greeting.Text;"), PluginCompiler.SdkPath, own);
        installation.WriteManifest("Brings", "brings");

        Assert.Equal("the plugin's own", Load("brings").ToString());
    }

    [Fact]
    public void Row09_FileOfAPluginChanges_NothingHappensToTheCodeThatRuns()
    {
        installation.Add("Lamp", DeviceSource.Factory("lamp", "Lamp", """public override string ToString() => "one";"""), "lamp");
        PluginCatalog catalog = installation.Open();
        catalog.IsReloadable = true;
        IDeviceFactory old = catalog.Create<IDeviceFactory>(ExtensionKind.Device, "lamp");

        installation.Add("Lamp", DeviceSource.Factory("lamp", "Lamp", """public override string ToString() => "two";"""), "lamp");

        Assert.Equal("one", old.ToString());
        Assert.Equal("one", catalog.Create<IDeviceFactory>(ExtensionKind.Device, "lamp").ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Row10_FilesBesideThePlugin_AreFoundByItsLocation(bool isReloadable)
    {
        installation.Add("Reads", DeviceSource.Factory("reads", "Reads",
            """public override string ToString() => System.IO.File.ReadAllText(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(GetType().Assembly.Location), "font", "8x8.txt"));"""),
            "reads");
        Directory.CreateDirectory(Path.Combine(installation.Folder("Reads"), "font"));
        File.WriteAllText(Path.Combine(installation.Folder("Reads"), "font", "8x8.txt"), "glyphs");

        Assert.Equal("glyphs", Load("reads", isReloadable).ToString());
    }

    [Fact]
    public void Row11_ProbingPathOfTheAuthorsMachine_DoesNotLendWhatIsMissing()
    {
        string cache = Directory.CreateDirectory(Path.Combine(installation.Root, "cache")).FullName;
        PluginCompiler.Compile(Path.Combine(cache, "Greeting.dll"), "public static class Greeting { public static string Text => \"lent\"; }");
        installation.WriteManifest("Forgot", "forgot");
        PluginCompiler.Compile(installation.AssemblyPath("Forgot"),
            DeviceSource.Factory("forgot", "Forgot", "public override string ToString() => Greeting.Text;"),
            PluginCompiler.SdkPath, Path.Combine(cache, "Greeting.dll"));
        foreach (string suffix in (string[])["runtimeconfig.json", "runtimeconfig.dev.json"])
        {
            File.WriteAllText(Path.Combine(installation.Folder("Forgot"), $"Forgot.{suffix}"),
                $$"""{ "runtimeOptions": { "additionalProbingPaths": [ "{{cache}}" ] } }""");
        }

        Diagnostic found = Failure("forgot");

        Assert.Equal(Codes.DependencyMissing, found.Code);
        Assert.Contains("Greeting.dll", found.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Row12_NativeLibrariesOfOneNameInTwoPlugins_EachPluginGetsItsOwn(bool isReloadable)
    {
        string library = Directory.GetFiles(RuntimeEnvironment.GetRuntimeDirectory(), "libSystem.Native.*")[0];
        foreach (string plugin in (string[])["One", "Two"])
        {
            installation.Add(plugin, DeviceSource.Factory(plugin, plugin, """
                public override string ToString() => System.Runtime.InteropServices.NativeLibrary.Load("libtwin", GetType().Assembly, null).ToString();
                """), plugin);
            File.Copy(library, Path.Combine(installation.Folder(plugin), "libtwin" + Path.GetExtension(library)));
        }

        PluginCatalog catalog = installation.Open();
        catalog.IsReloadable = isReloadable;

        Assert.NotEqual(
            catalog.Create<IDeviceFactory>(ExtensionKind.Device, "One").ToString(),
            catalog.Create<IDeviceFactory>(ExtensionKind.Device, "Two").ToString());
    }

    [Fact]
    public void Row13_TheLoadersLibrary_IsKnownToOneClassOnly()
    {
        const BindingFlags All = BindingFlags.Instance | Statics;
        IEnumerable<string> users = typeof(PluginCatalog).Assembly.GetTypes()
            .Where(t => t.GetFields(All).Select(f => f.FieldType)
                .Concat(t.GetMethods(All)
                    .SelectMany(m => m.GetParameters().Select(p => p.ParameterType).Append(m.ReturnType)))
                .Any(u => (u.FullName ?? "").Contains("McMaster", StringComparison.Ordinal)))
            .Select(t => (t.DeclaringType ?? t).Name).Distinct();

        Assert.Equal(["McMasterLoader"], users);
    }

    [Fact]
    public void Row14_IsolationThatIsNotThere_IsRefusedAndNotWeakened()
    {
        // What a plugin can do to the process that it shares is reported by the supervisor: Hv.Tests, CrashingPlugins.
        installation.List("""{ "plugins": [ { "path": "plugins/*" }, { "path": "plugins/Apart", "isolation": "process" } ] }""");
        installation.Add("Apart", DeviceSource.Factory("apart", "Apart"), "apart");

        Assert.Equal(Codes.IsolationUnavailable, Failure("apart").Code);
    }

    [Fact]
    public void Row15_TheHost_RefusesToBeTrimmedOrCompiledAheadAsAWhole()
    {
        string project = typeof(TrapTable).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(a => a.Key == "HvProject").Value!;
        XElement target = XDocument.Load(project).Descendants("Target").Single(t => (string?)t.Attribute("Name") == "RefuseTrimming");

        Assert.Contains("PublishTrimmed", (string)target.Attribute("Condition")!, StringComparison.Ordinal);
        Assert.Contains("PublishAot", (string)target.Attribute("Condition")!, StringComparison.Ordinal);
        Assert.Single(target.Elements("Error"));
    }

    [Fact]
    public void Row16_TheSharedAssembly_KeepsNothingByTypesOfPlugins()
    {
        foreach (Type type in typeof(IDevice).Assembly.GetTypes())
        {
            foreach (FieldInfo field in type.GetFields(Statics).Where(f => !f.IsLiteral))
            {
                Assert.False(type.IsGenericTypeDefinition, $"{type} is generic and has the static field {field.Name}");
                bool isTable = typeof(IDictionary).IsAssignableFrom(field.FieldType)
                    || field.FieldType.FullName!.Contains("ConditionalWeakTable", StringComparison.Ordinal);
                Assert.False(isTable, $"{type}.{field.Name} is a static table");
            }
        }
    }
}
