using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hv.Sdk.Analyzers.CodeFixes;

/// <summary>Makes static state a field of the instance, or readonly where nothing writes it.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class StaticStateFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ["HVA0004"];

    /// <inheritdoc/>
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        SyntaxNode root = (await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false))!;
        SemanticModel model =
            (await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false))!;
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            SyntaxNode node = root.FindNode(diagnostic.Location.SourceSpan);
            // A write into a table is repaired where the table is filled, which no rewriting can know.
            if (node.FirstAncestorOrSelf<MemberDeclarationSyntax>() is not { } member
                || member is not (FieldDeclarationSyntax or PropertyDeclarationSyntax)) continue;
            if (!member.Modifiers.Any(SyntaxKind.StaticKeyword)
                || member.FirstAncestorOrSelf<TypeDeclarationSyntax>() is not { } type) continue;
            if (!type.Modifiers.Any(SyntaxKind.StaticKeyword))
                context.RegisterCodeFix(
                    Action("Make it a field of the instance", member, m => WithoutStatic(m), context), diagnostic);
            if (member is FieldDeclarationSyntax field && !field.Modifiers.Any(SyntaxKind.ReadOnlyKeyword)
                && !IsWritten(field, type, model, context.CancellationToken))
                context.RegisterCodeFix(Action("Make it readonly", member,
                    m => m.AddModifiers(SyntaxFactory.Token(SyntaxKind.ReadOnlyKeyword).WithTrailingTrivia(
                        SyntaxFactory.Space)), context), diagnostic);
        }
    }

    private static MemberDeclarationSyntax WithoutStatic(MemberDeclarationSyntax member)
    {
        SyntaxTokenList kept = [.. member.Modifiers.Where(t => !t.IsKind(SyntaxKind.StaticKeyword))];
        return member.WithModifiers(kept).WithLeadingTrivia(member.GetLeadingTrivia());
    }

    private static CodeAction Action(
        string title, MemberDeclarationSyntax member, Func<MemberDeclarationSyntax, MemberDeclarationSyntax> change,
            CodeFixContext context) =>
        CodeAction.Create(title, async cancel =>
        {
            SyntaxNode root = (await context.Document.GetSyntaxRootAsync(cancel).ConfigureAwait(false))!;
            return context.Document.WithSyntaxRoot(root.ReplaceNode(member, change(member)));
        }, title);

    private static bool IsWritten(
        FieldDeclarationSyntax field, TypeDeclarationSyntax type, SemanticModel model, CancellationToken cancel)
    {
        HashSet<string> names = [.. field.Declaration.Variables.Select(v => v.Identifier.Text)];
        return type.DescendantNodes().OfType<IdentifierNameSyntax>().Any(name => names.Contains(name.Identifier.Text)
            && model.GetSymbolInfo(name, cancel).Symbol is IFieldSymbol
                && (name.Parent is MemberAccessExpressionSyntax access && access.Name == name
                    ? access : (SyntaxNode)name).Parent
                is AssignmentExpressionSyntax or PrefixUnaryExpressionSyntax or PostfixUnaryExpressionSyntax
                    or ArgumentSyntax { RefOrOutKeyword.RawKind: not 0 } or RefExpressionSyntax);
    }
}
