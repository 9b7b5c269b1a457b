using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;

namespace Hv.Sdk.Analyzers.CodeFixes;

/// <summary>An expensive message of the log is built only when its level goes anywhere.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class LogGuardFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ["HVA0006"];

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
            SyntaxNode node = root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true);
            if (node.FirstAncestorOrSelf<ExpressionStatementSyntax>()
                is not { Expression: InvocationExpressionSyntax call } statement) continue;
            if (call.Expression is not MemberAccessExpressionSyntax { Name.Identifier.Text: "Write" } write) continue;
            ISymbol? called = model.GetSymbolInfo(call, context.CancellationToken).Symbol;
            if (called?.ContainingType.ToDisplayString() != SdkNames.DeviceLog) continue;
            IfStatementSyntax guarded = SyntaxFactory.IfStatement(
                SyntaxFactory.ParseExpression($"{write.Expression}.IsEnabled({call.ArgumentList.Arguments[0]})"),
                    statement.WithoutLeadingTrivia())
                .WithLeadingTrivia(statement.GetLeadingTrivia()).WithAdditionalAnnotations(Formatter.Annotation);
            context.RegisterCodeFix(CodeAction.Create("Ask for the level first", _ => Task.FromResult(
                context.Document.WithSyntaxRoot(root.ReplaceNode(statement, guarded))), "HVA0006"), diagnostic);
        }
    }
}
