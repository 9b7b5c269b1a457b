using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Hv.Sdk.Analyzers.Tests;

/// <summary>Compiles a source against the SDK, runs one analyzer over it, and applies a fix. <c>[|…|]</c> marks where a
/// diagnostic is expected.</summary>
internal static class Verify
{
    private const string Usings = """
        using System; using System.Collections.Generic; using System.Linq; using System.Threading; using System.Threading.Tasks;
        using Hv.Sdk; using Hv.Sdk.Io; using Hv.Sdk.Time; using Hv.Sdk.State; using Hv.Sdk.Signals; using Hv.Sdk.Registers;

        """;

    private static readonly KeyValuePair<string, ReportDiagnostic>[] Experimental =
        [.. Enumerable.Range(1, 6).Select(i => KeyValuePair.Create($"HVX00{i}", ReportDiagnostic.Suppress))];

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p).StartsWith("System.", StringComparison.Ordinal)
                || Path.GetFileName(p).StartsWith("Hv.Sdk", StringComparison.Ordinal))
            .Select(p => MetadataReference.CreateFromFile(p)),
    ];

    /// <summary>Expects a diagnostic of <paramref name="id"/> at each mark and nowhere else; gives their
    /// messages.</summary>
    public static async Task<string[]> Finds(
        DiagnosticAnalyzer analyzer, string id, string marked, string? facesGuest = null)
    {
        (string source, TextSpan[] expected) = Unmark(Usings + marked);
        Diagnostic[] found = await Run(analyzer, Project(source), facesGuest);
        Assert.Equal([.. expected.Select(s => (id, source.Substring(s.Start, s.Length)))],
            found.Select(d => (d.Id, source.Substring(d.Location.SourceSpan.Start, d.Location.SourceSpan.Length))));
        Assert.Equal(expected, found.Select(d => d.Location.SourceSpan));
        return [.. found.Select(d => d.GetMessage(System.Globalization.CultureInfo.InvariantCulture))];
    }

    /// <summary>Expects no diagnostic at all.</summary>
    public static Task Accepts(DiagnosticAnalyzer analyzer, string source, string? facesGuest = null) =>
        Finds(analyzer, "", source, facesGuest);

    /// <summary>Applies the fix of this title to the first diagnostic, expects that the result compiles, and compares
    /// it without regard to white space.</summary>
    public static async Task Fixes(
        DiagnosticAnalyzer analyzer, CodeFixProvider provider, string title, string before, string after)
    {
        Project project = Project(Usings + before);
        Diagnostic diagnostic = (await Run(analyzer, project, "true"))[0];
        CodeAction action = (await Actions(project, provider, diagnostic)).Single(a => a.Title == title);
        ImmutableArray<CodeActionOperation> operations = await action.GetOperationsAsync(CancellationToken.None);
        Project changed = operations.OfType<ApplyChangesOperation>().Single().ChangedSolution.GetProject(project.Id)!;
        Compilation compilation = (await changed.GetCompilationAsync())!;
        Assert.Empty(compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error));
        SyntaxNode root = (await changed.Documents.Single().GetSyntaxRootAsync())!;
        Assert.Equal(Normal(CSharpSyntaxTree.ParseText(Usings + after).GetRoot()), Normal(root));
    }

    /// <summary>The titles of the fixes for the first diagnostic.</summary>
    public static async Task<string[]> Titles(DiagnosticAnalyzer analyzer, CodeFixProvider provider, string source)
    {
        Project project = Project(Usings + source);
        return [.. (await Actions(project, provider, (await Run(analyzer, project, "true"))[0])).Select(a => a.Title)];
    }

    private static async Task<List<CodeAction>> Actions(
        Project project, CodeFixProvider provider, Diagnostic diagnostic)
    {
        List<CodeAction> actions = [];
        await provider.RegisterCodeFixesAsync(
            new CodeFixContext(project.Documents.Single(), diagnostic, (a, _) =>
                actions.Add(a), CancellationToken.None));
        return actions;
    }

    private static string Normal(SyntaxNode root) => root.NormalizeWhitespace(eol: "\n").ToFullString();

    private static Project Project(string source)
    {
        AdhocWorkspace workspace = new();
        Project project = workspace.AddProject(
            ProjectInfo.Create(ProjectId.CreateNewId(), VersionStamp.Default, "Sample", "Sample", LanguageNames.CSharp,
            compilationOptions: new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable,
                specificDiagnosticOptions: Experimental),
            parseOptions: new CSharpParseOptions(LanguageVersion.Latest), metadataReferences: References));
        return workspace.AddDocument(project.Id, "Sample.cs", SourceText.From(source)).Project;
    }

    private static async Task<Diagnostic[]> Run(DiagnosticAnalyzer analyzer, Project project, string? facesGuest)
    {
        Compilation compilation = (await project.GetCompilationAsync())!;
        Assert.Empty(compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error));
        AnalyzerOptions options = new([], new Options(facesGuest));
        List<Exception> thrown = [];
        ImmutableArray<Diagnostic> found =
            await compilation.WithAnalyzers([analyzer], new CompilationWithAnalyzersOptions(
            options, (e, _, _) => thrown.Add(e), concurrentAnalysis: true,
                logAnalyzerExecutionTime: false)).GetAnalyzerDiagnosticsAsync();
        Assert.Empty(thrown);
        return [.. found.OrderBy(d => d.Location.SourceSpan.Start)];
    }

    private static (string, TextSpan[]) Unmark(string marked)
    {
        StringBuilder source = new();
        List<TextSpan> spans = [];
        for (int at = 0; at < marked.Length;)
        {
            int open = marked.IndexOf("[|", at, StringComparison.Ordinal);
            if (open < 0)
            {
                source.Append(marked, at, marked.Length - at);
                break;
            }
            int close = marked.IndexOf("|]", open, StringComparison.Ordinal);
            source.Append(marked, at, open - at);
            spans.Add(new TextSpan(source.Length, close - open - 2));
            source.Append(marked, open + 2, close - open - 2);
            at = close + 2;
        }
        return (source.ToString(), [.. spans]);
    }

    private sealed class Options(string? facesGuest) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Values(facesGuest);
        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;
        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;

        private sealed class Values(string? facesGuest) : AnalyzerConfigOptions
        {
            public override bool TryGetValue(
                string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value)
            {
                value = key == "build_property.HvFacesGuest" ? facesGuest : null;
                return value is not null;
            }
        }
    }
}
