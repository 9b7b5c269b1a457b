using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Editing;

namespace Hv.Sdk.Analyzers.CodeFixes;

/// <summary>Replaces the host's clock, randomness, threads and console by what the machine has, and takes that in
/// Attach when the device does not have it yet. Where no expression of the machine means the same, there is no fix: the
/// message names the way.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class MachineResourceFix : CodeFixProvider
{
    /// <inheritdoc/>
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = ["HVA0001", "HVA0002", "HVA0003", "HVA0009"];

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
            if (node.FirstAncestorOrSelf<TypeDeclarationSyntax>() is not TypeDeclarationSyntax type) continue;
            if (node is not ExpressionSyntax expression || Replacement(expression, model, context.CancellationToken)
                is not (DeviceResource resource, string text)) continue;
            if (resource.Find(type, model, context.CancellationToken) is not string name) continue;
            context.RegisterCodeFix(CodeAction.Create($"Use the machine's {name}",
                cancel => Apply(context.Document, expression, type, resource, text.Replace("@", name), cancel),
                    diagnostic.Id + name), diagnostic);
        }
    }

    /// <summary>The resource and the expression with <c>@</c> for its name.</summary>
    private static (DeviceResource, string)? Replacement(
        ExpressionSyntax expression, SemanticModel model, CancellationToken cancel)
    {
        if (model.GetSymbolInfo(expression, cancel).Symbol is not ISymbol member) return null;
        string[] arguments = expression is InvocationExpressionSyntax call
            ? [.. call.ArgumentList.Arguments.Select(a => a.ToString())] : [];
        bool isStatement = expression.Parent is ExpressionStatementSyntax || Discard(expression) is not null;
        return (member.ContainingType?.ToDisplayString(), member.Name, arguments.Length) switch
        {
            ("System.DateTime" or "System.DateTimeOffset", "UtcNow", _) when expression
                is MemberAccessExpressionSyntax access =>
                (DeviceResource.Clock,
                    $"{access.Expression}.UnixEpoch.AddTicks((@.EpochUnixNs + @.Now.Nanoseconds) / 100)"),
            ("System.Environment", "TickCount64", _) => (DeviceResource.Clock, "(@.Now.Nanoseconds / 1_000_000)"),
            ("System.Environment", "TickCount", _) => (DeviceResource.Clock, "(int)(@.Now.Nanoseconds / 1_000_000)"),
            ("System.Diagnostics.Stopwatch", "GetTimestamp", _) => (DeviceResource.Clock, "@.Now.Nanoseconds"),
            ("System.Random", "NextBytes", 1) => (DeviceResource.Entropy, $"@.Fill({arguments[0]})"),
            ("System.Security.Cryptography.RandomNumberGenerator", "Fill", 1) =>
                (DeviceResource.Entropy, $"@.Fill({arguments[0]})"),
            ("System.Threading.Tasks.Task", "Run", 1) when isStatement =>
                (DeviceResource.Strand, $"@.Post({arguments[0]})"),
            ("System.Console", "WriteLine", 1) when ((IMethodSymbol)member).Parameters[0].Type.SpecialType
                == SpecialType.System_String =>
                (DeviceResource.Log, $"@.Write(LogLevel.Info, {arguments[0]})"),
            _ => null,
        };
    }

    /// <summary><c>_ = …</c> around the expression.</summary>
    private static SyntaxNode? Discard(ExpressionSyntax expression) =>
        expression.Parent is AssignmentExpressionSyntax { Left: IdentifierNameSyntax { Identifier.Text: "_" } } discard
            ? discard : null;

    private static async Task<Document> Apply(
        Document document, ExpressionSyntax expression, TypeDeclarationSyntax type, DeviceResource resource,
        string text, CancellationToken cancel)
    {
        DocumentEditor editor = await DocumentEditor.CreateAsync(document, cancel).ConfigureAwait(false);
        resource.Ensure(editor, type, cancel);
        // `_ = Task.Run(…)` becomes a plain statement: what takes its place gives nothing back.
        SyntaxNode replaced = text.Contains(".Post(") ? Discard(expression) ?? expression : expression;
        editor.ReplaceNode(replaced, SyntaxFactory.ParseExpression(text).WithTriviaFrom(replaced)
            .WithAdditionalAnnotations(Microsoft.CodeAnalysis.Simplification.Simplifier.Annotation));
        return editor.GetChangedDocument();
    }
}
