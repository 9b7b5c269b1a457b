using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Editing;

namespace Hv.Sdk.Analyzers.CodeFixes;

/// <summary>Something that Attach hands out, as a device keeps it: found among its fields, or added and filled in
/// Attach.</summary>
internal sealed class DeviceResource(string typeName, string contextProperty, string fieldName)
{
    public static readonly DeviceResource Clock = new(SdkNames.VmClock, "Clock", "clock");
    public static readonly DeviceResource Entropy = new(SdkNames.Entropy, "Entropy", "entropy");
    public static readonly DeviceResource Log = new(SdkNames.DeviceLog, "Log", "log");
    public static readonly DeviceResource Strand = new(SdkNames.Strand, "Strand", "strand");

    /// <summary>The expression that names it; null when the type neither has it nor an Attach that could take
    /// it.</summary>
    public string? Find(TypeDeclarationSyntax type, SemanticModel model, CancellationToken cancel)
    {
        if (model.GetDeclaredSymbol(type, cancel) is not INamedTypeSymbol symbol) return null;
        ISymbol? kept = symbol.GetMembers().FirstOrDefault(m => !m.IsStatic && !m.IsImplicitlyDeclared && m switch
        {
            IFieldSymbol f => f.Type.ToDisplayString() == typeName,
            IPropertySymbol p => p.Type.ToDisplayString() == typeName,
            _ => false,
        });
        return kept?.Name ?? (Attach(type, model, cancel) is null ? null : fieldName);
    }

    /// <summary>Adds the field and its assignment when the type has none.</summary>
    public void Ensure(DocumentEditor editor, TypeDeclarationSyntax type, CancellationToken cancel)
    {
        SemanticModel model = editor.SemanticModel;
        if (Attach(type, model, cancel) is not MethodDeclarationSyntax attach
            || Find(type, model, cancel) != fieldName) return;
        if (model.GetDeclaredSymbol(type, cancel) is INamedTypeSymbol symbol
            && symbol.GetMembers(fieldName).Length > 0) return;
        SyntaxGenerator make = editor.Generator;
        INamedTypeSymbol resource = model.Compilation.GetTypeByMetadataName(typeName)!;
        editor.InsertMembers(type, 0,
        [
            make.FieldDeclaration(fieldName, make.TypeExpression(resource, addImport: true), Accessibility.Private,
                initializer: Microsoft.CodeAnalysis.CSharp.SyntaxFactory.ParseExpression("null!")),
        ]);
        SyntaxNode assignment = make.ExpressionStatement(make.AssignmentStatement(make.IdentifierName(fieldName),
            make.MemberAccessExpression(
                make.IdentifierName(attach.ParameterList.Parameters[0].Identifier.Text), contextProperty)));
        StatementSyntax? first = attach.Body!.Statements.FirstOrDefault();
        if (first is not null) editor.InsertBefore(first, assignment);
        else editor.SetStatements(attach, [assignment]);
    }

    private static MethodDeclarationSyntax? Attach(
        TypeDeclarationSyntax type, SemanticModel model, CancellationToken cancel) =>
        type.Members.OfType<MethodDeclarationSyntax>().FirstOrDefault(m => m.Identifier.Text == "Attach" && m.Body is not null
            && m.ParameterList.Parameters.Count == 1
            && model.GetDeclaredSymbol(m, cancel) is IMethodSymbol method
                && method.Parameters[0].Type.ToDisplayString() == SdkNames.DeviceContext);
}
