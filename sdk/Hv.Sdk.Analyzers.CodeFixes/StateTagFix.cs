using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hv.Sdk.Analyzers.CodeFixes;

/// <summary>Gives the second field of one tag a tag that the method does not use.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class StateTagFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ["HVA0005"];

    /// <inheritdoc/>
    public override FixAllProvider? GetFixAllProvider() => null;

    /// <inheritdoc/>
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        SyntaxNode root = (await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false))!;
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (!diagnostic.Properties.TryGetValue("free", out string? free) || free is null) continue;
            if (root.FindNode(diagnostic.Location.SourceSpan).FirstAncestorOrSelf<ArgumentSyntax>()
                is not ArgumentSyntax argument) continue;
            ExpressionSyntax tag = SyntaxFactory.ParseExpression(free);
            context.RegisterCodeFix(
                CodeAction.Create($"Use the tag {free}", _ => Task.FromResult(context.Document.WithSyntaxRoot(
                root.ReplaceNode(argument, argument.WithExpression(tag)))), "HVA0005"), diagnostic);
        }
    }
}
