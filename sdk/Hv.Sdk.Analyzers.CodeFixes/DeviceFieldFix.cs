using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Editing;
using Microsoft.CodeAnalysis.FindSymbols;

namespace Hv.Sdk.Analyzers.CodeFixes;

/// <summary>Moves a field of a device into its state under the next free tag; uses go through the device's field of
/// that state.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class DeviceFieldFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ["HVA0008"];

    /// <inheritdoc/>
    public override FixAllProvider? GetFixAllProvider() => null;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        SyntaxNode root = (await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false))!;
        SemanticModel model =
            (await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false))!;
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            SyntaxNode node = root.FindNode(diagnostic.Location.SourceSpan);
            VariableDeclaratorSyntax? variable = node.FirstAncestorOrSelf<VariableDeclaratorSyntax>();
            if (variable?.Parent?.Parent is not FieldDeclarationSyntax declaration) continue;
            if (declaration.Declaration.Variables.Count != 1) continue;
            if (model.GetDeclaredSymbol(variable, context.CancellationToken)
                is not IFieldSymbol { DeclaredAccessibility: Accessibility.Private } field) continue;
            if (State(field.ContainingType) is not (string holder, INamedTypeSymbol state)) continue;
            context.RegisterCodeFix(CodeAction.Create($"Move it into {state.Name}",
                cancel => Move(context.Document.Project.Solution, field, declaration, holder, state, cancel),
                    "HVA0008"), diagnostic);
        }
    }

    /// <summary>The device's one field that holds its state, and the state's type.</summary>
    private static (string, INamedTypeSymbol)? State(INamedTypeSymbol device)
    {
        IFieldSymbol[] holders =
            [.. device.GetMembers().OfType<IFieldSymbol>().Where(
                f => GuestFacing.HasAttribute(f.Type, SdkNames.DeviceStateAttribute))];
        return holders.Length == 1 && holders[0].Type is INamedTypeSymbol state
            && state.DeclaringSyntaxReferences.Length > 0 ? (holders[0].Name, state) : null;
    }

    private static int NextTag(INamedTypeSymbol state) => 1 + state.GetMembers().SelectMany(m => m.GetAttributes())
        .Where(a => a.AttributeClass?.ToDisplayString() == "Hv.Sdk.State.FieldAttribute")
        .Select(a => a.ConstructorArguments[0].Value as int? ?? 0).DefaultIfEmpty(0).Max();

    private static async Task<Solution> Move(
        Solution solution, IFieldSymbol field, FieldDeclarationSyntax declaration, string holder,
        INamedTypeSymbol state, CancellationToken cancel)
    {
        string name = char.ToUpperInvariant(field.Name[0]) + field.Name.Substring(1);
        SolutionEditor editor = new(solution);
        foreach (ReferenceLocation use in (
            await SymbolFinder.FindReferencesAsync(field, solution, cancel).ConfigureAwait(false)).SelectMany(
                r => r.Locations))
        {
            DocumentEditor document =
                await editor.GetDocumentEditorAsync(use.Document.Id, cancel).ConfigureAwait(false);
            SyntaxNode node = document.OriginalRoot.FindNode(use.Location.SourceSpan, getInnermostNodeForTie: true);
            SyntaxNode whole = node.Parent is MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax } access
                ? access : node;
            document.ReplaceNode(whole, SyntaxFactory.ParseExpression($"{holder}.{name}").WithTriviaFrom(whole));
        }
        DocumentEditor from = await editor.GetDocumentEditorAsync(
            solution.GetDocument(declaration.SyntaxTree)!.Id, cancel).ConfigureAwait(false);
        from.RemoveNode(declaration);
        SyntaxNode target = await state.DeclaringSyntaxReferences[0].GetSyntaxAsync(cancel).ConfigureAwait(false);
        DocumentEditor to = await editor.GetDocumentEditorAsync(
            solution.GetDocument(target.SyntaxTree)!.Id, cancel).ConfigureAwait(false);
        string initializer = declaration.Declaration.Variables[0].Initializer is { } value ? " " + value : "";
        to.AddMember(target, SyntaxFactory.ParseMemberDeclaration(
            $"[Field({NextTag(state)})] public {declaration.Declaration.Type} {name}{initializer};")!);
        return editor.GetChangedSolution();
    }
}
