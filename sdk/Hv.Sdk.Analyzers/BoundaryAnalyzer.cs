using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Hv.Sdk.Analyzers;

/// <summary>HVA0007 and HVA0010: only contracts of Hv.Sdk cross between plugins, and contracts that the host implements
/// stay with it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class BoundaryAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
        [Rules.ForeignType, Rules.HostContract];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(start =>
        {
            if (start.Compilation.GetTypeByMetadataName(SdkNames.DeviceContext)
                is not INamedTypeSymbol deviceContext) return;
            INamedTypeSymbol? decorator = start.Compilation.GetTypeByMetadataName(SdkNames.FaultDecorator);
            start.RegisterOperationAction(c => LookAtCall(c, deviceContext), OperationKind.Invocation);
            start.RegisterSymbolAction(c => LookAtType(c, decorator), SymbolKind.NamedType);
        });
    }

    private static bool IsForeign(ITypeSymbol type) => type is INamedTypeSymbol { TypeKind: not TypeKind.Error } named
        && named.ContainingAssembly?.Name != SdkNames.Assembly;

    private static void LookAtCall(OperationAnalysisContext context, INamedTypeSymbol deviceContext)
    {
        IMethodSymbol method = ((IInvocationOperation)context.Operation).TargetMethod;
        if (method.TypeArguments.Length != 1
            || !SymbolEqualityComparer.Default.Equals(method.ContainingType, deviceContext)) return;
        if (!IsForeign(method.TypeArguments[0])) return;
        TypeArgumentListSyntax? written =
            context.Operation.Syntax.DescendantNodes().OfType<TypeArgumentListSyntax>().FirstOrDefault();
        Location place = written?.Arguments.FirstOrDefault()?.GetLocation() ?? context.Operation.Syntax.GetLocation();
        context.ReportDiagnostic(
            Diagnostic.Create(Rules.ForeignType, place, method.TypeArguments[0].Name, method.Name));
    }

    private static void LookAtType(SymbolAnalysisContext context, INamedTypeSymbol? decorator)
    {
        INamedTypeSymbol type = (INamedTypeSymbol)context.Symbol;
        if (type.TypeKind is not (TypeKind.Class or TypeKind.Struct)) return;
        foreach (INamedTypeSymbol contract in type.AllInterfaces)
        {
            if (SymbolEqualityComparer.Default.Equals(contract.OriginalDefinition, decorator)
                && IsForeign(contract.TypeArguments[0]))
                context.ReportDiagnostic(
                    Diagnostic.Create(Rules.ForeignType, type.Locations[0], contract.TypeArguments[0].Name,
                        contract.Name));
            if (GuestFacing.HasAttribute(contract.OriginalDefinition, SdkNames.HostImplementedAttribute))
                context.ReportDiagnostic(
                    Diagnostic.Create(Rules.HostContract, type.Locations[0], contract.Name, type.Name));
        }
    }
}
