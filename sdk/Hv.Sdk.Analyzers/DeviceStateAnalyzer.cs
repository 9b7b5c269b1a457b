using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Hv.Sdk.Analyzers;

/// <summary>HVA0008 and HVA0011: everything of a device that changes is in its state, and a device says whether it has
/// any. Not state is what Attach hands out (types of the SDK and its kits), and the device's own parts, whose fields
/// are looked at in turn.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class DeviceStateAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
        [Rules.FieldOutsideState, Rules.SilentAboutState];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(start =>
        {
            INamedTypeSymbol? device = start.Compilation.GetTypeByMetadataName(SdkNames.Device);
            INamedTypeSymbol? stateful = start.Compilation.GetTypeByMetadataName(SdkNames.Stateful);
            if (device is null || stateful is null || GuestFacing.Of(start.Compilation, start.Options) is null) return;
            // A part may serve several devices: it is looked at once.
            ConcurrentDictionary<ISymbol, bool> seen = new(SymbolEqualityComparer.Default);
            start.RegisterSymbolAction(c =>
            {
                INamedTypeSymbol type = (INamedTypeSymbol)c.Symbol;
                if (type.TypeKind != TypeKind.Class || !GuestFacing.Implements(type, device)) return;
                LookAtFields(type, seen, c.ReportDiagnostic);
                if (!type.IsAbstract && !GuestFacing.Implements(type, stateful)
                    && !GuestFacing.HasAttribute(type, SdkNames.NoStateAttribute))
                    c.ReportDiagnostic(Diagnostic.Create(Rules.SilentAboutState, type.Locations[0], type.Name));
            }, SymbolKind.NamedType);
        });
    }

    /// <summary>Several of a thing (an array, a list, a nullable) are as the thing.</summary>
    private static ITypeSymbol Element(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol array => Element(array.ElementType),
        INamedTypeSymbol { TypeArguments.Length: 1 } named
            when named.ContainingAssembly?.Name.StartsWith("System.", StringComparison.Ordinal) == true =>
            Element(named.TypeArguments[0]),
        _ => type,
    };

    private static void LookAtFields(
        INamedTypeSymbol type, ConcurrentDictionary<ISymbol, bool> seen, Action<Diagnostic> report)
    {
        if (!seen.TryAdd(type, true)) return;
        foreach (IFieldSymbol field in type.GetMembers().OfType<IFieldSymbol>().Where(f => !f.IsStatic && !f.IsConst))
        {
            ITypeSymbol held = Element(field.Type).OriginalDefinition;
            bool isNumber = held.TypeKind == TypeKind.Enum || held.SpecialType != SpecialType.None;
            bool isOwn = !isNumber
                && SymbolEqualityComparer.Default.Equals(held.ContainingAssembly, type.ContainingAssembly);
            bool isSdk = !isNumber
                && held.ContainingAssembly?.Name.StartsWith(SdkNames.Assembly, StringComparison.Ordinal) == true;
            bool isState = GuestFacing.HasAttribute(held, SdkNames.DeviceStateAttribute)
                || GuestFacing.HasAttribute(held, SdkNames.OptionsAttribute);
            if (isOwn && !isState
                && held is INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct } part) LookAtFields(
                    part, seen, report);
            ISymbol shown = field.AssociatedSymbol ?? field;
            if (field.IsReadOnly || isOwn || isSdk || isState || !shown.Locations[0].IsInSource) continue;
            // A parameter of a primary constructor that is used later: a field without a name of its own.
            if (field.IsImplicitlyDeclared && field.AssociatedSymbol is null) continue;
            report(Diagnostic.Create(Rules.FieldOutsideState, shown.Locations[0], shown.Name));
        }
    }
}
