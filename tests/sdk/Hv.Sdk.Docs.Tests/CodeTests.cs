using System.Collections.Immutable;
using Hv.Sdk.Analyzers;
using Hv.Sdk.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Hv.Sdk.Docs.Tests;

/// <summary>The C# of the how-to pages compiles as a plugin does: with the generators, and without a word from the
/// analyzers.</summary>
public sealed class CodeTests
{
    private static readonly string[] Namespaces =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading", "System.Threading.Tasks",
        "Hv.Sdk", "Hv.Sdk.Block", "Hv.Sdk.Chars", "Hv.Sdk.Conformance.Xunit", "Hv.Sdk.Faults", "Hv.Sdk.Forwarding", "Hv.Sdk.Io",
        "Hv.Sdk.Management", "Hv.Sdk.Memory", "Hv.Sdk.Net", "Hv.Sdk.Pci", "Hv.Sdk.Registers", "Hv.Sdk.Signals", "Hv.Sdk.State",
        "Hv.Sdk.TestKit", "Hv.Sdk.Time", "Hv.Testing", "Xunit",
    ];

    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.Latest);

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => !Path.GetFileName(p).StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal))
            .Select(p => MetadataReference.CreateFromFile(p)),
    ];

    /// <summary>The how-to pages; others show what has no body.</summary>
    public static TheoryData<string> PagesWithCode =>
        [.. Pages.All.Where(p => p.StartsWith("how-to/", StringComparison.Ordinal))
            .Where(p => Pages.CSharp(p, withTests: true).Trim().Length > 0)];

    private static Compilation Compile(string code, string page)
    {
        string usings = string.Concat(Namespaces.Select(n => $"global using {n};\n"));
        SyntaxTree[] files =
            [CSharpSyntaxTree.ParseText(usings, Parsing), CSharpSyntaxTree.ParseText(code, Parsing, page)];
        CSharpCompilationOptions options =
            new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable);
        ISourceGenerator[] generators =
            [new StateGenerator().AsSourceGenerator(), new OptionsGenerator().AsSourceGenerator()];
        CSharpGeneratorDriver.Create(generators, parseOptions: Parsing).RunGeneratorsAndUpdateCompilation(
            CSharpCompilation.Create("Page", files, References, options), out Compilation compilation, out _);
        return compilation;
    }

    // Experimental contracts are opted into by a project, which a page says where it uses them.
    private static string[] Shown(IEnumerable<Diagnostic> found) => [.. found
        .Where(d => d.Severity >= DiagnosticSeverity.Warning && !d.IsSuppressed)
        .Where(d => !d.Id.StartsWith("HVX", StringComparison.Ordinal)).Select(d => d.ToString())];

    private static string[] CompilerMistakes(string code, string page) => Shown(Compile(code, page).GetDiagnostics());

    private static async Task<string[]> AnalyzerMistakes(string code, string page)
    {
        ImmutableArray<DiagnosticAnalyzer> analyzers = [.. typeof(HostAccessAnalyzer).Assembly.GetTypes()
            .Where(t => t.IsSubclassOf(typeof(DiagnosticAnalyzer)))
            .Select(t => (DiagnosticAnalyzer)Activator.CreateInstance(t)!)];
        return Shown(await Compile(code, page).WithAnalyzers(analyzers).GetAnalyzerDiagnosticsAsync());
    }

    [Theory, MemberData(nameof(PagesWithCode))]
    public void Code_OfAPage_Compiles(string page) =>
        Assert.Empty(CompilerMistakes(Pages.CSharp(page, withTests: true), page));

    [Theory, MemberData(nameof(PagesWithCode))]
    public async Task Code_OfAPage_PassesTheAnalyzers(string page) =>
        Assert.Empty(await AnalyzerMistakes(Pages.CSharp(page, withTests: false), page));

    [Fact]
    public void Rule_OnCodeThatDoesNotCompile_NamesTheLine() => Assert.Contains("page.md(3,",
        Assert.Single(CompilerMistakes("\n\npublic sealed class A : INothing;", "page.md")), StringComparison.Ordinal);

    [Fact]
    public async Task Rule_OnAGuestFacingMistake_NamesIt() => Assert.Contains("HVA0001", Assert.Single(await AnalyzerMistakes("""
        [Device("a")]
        public sealed class A : IDeviceFactory
        {
            public OptionSchema Options => OptionSchema.Empty;
            public IDevice Create(OptionValues options) => throw new ConfigurationException($"{DateTime.Now}");
        }
        """, "page.md")), StringComparison.Ordinal);
}
