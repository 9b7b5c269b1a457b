using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Hv.Sdk.Analyzers;

/// <summary>Which code the rules of determinism hold for. A project says so by the property <c>HvFacesGuest</c>;
/// without it the attributes decide: an assembly that provides a device, board, firmware or fault faces the guest. In
/// such an assembly, types that implement a contract of the host's side (backends, formats, front-ends, engines) are
/// left alone.</summary>
internal sealed class GuestFacing
{
    private readonly List<INamedTypeSymbol> hostFacing;
    private readonly INamedTypeSymbol? device;

    private GuestFacing(Compilation compilation)
    {
        hostFacing = [.. SdkNames.HostFacingContracts.Select(
            compilation.GetTypeByMetadataName).OfType<INamedTypeSymbol>()];
        device = compilation.GetTypeByMetadataName(SdkNames.Device);
    }

    /// <summary>Null when the compilation does not face the guest.</summary>
    public static GuestFacing? Of(Compilation compilation, AnalyzerOptions options)
    {
        if (options.AnalyzerConfigOptionsProvider.GlobalOptions.TryGetValue(
            "build_property.HvFacesGuest", out string? said) && said.Length > 0)
            return string.Equals(said, "true", StringComparison.OrdinalIgnoreCase)
                ? new GuestFacing(compilation) : null;
        return Types(compilation.Assembly.GlobalNamespace).Any(
            t => SdkNames.GuestFacingAttributes.Any(a => HasAttribute(t, a)))
            ? new GuestFacing(compilation) : null;
    }

    /// <summary>Whether the rules hold for the code of this symbol.</summary>
    public bool Covers(ISymbol symbol)
    {
        for (INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol.ContainingType; type is not null;
            type = type.ContainingType)
        {
            if (Implements(type, device)) return true;
            if (hostFacing.Any(contract => Implements(type, contract))) return false;
        }
        return true;
    }

    public static bool Implements(ITypeSymbol type, INamedTypeSymbol? contract) => contract is not null
        && type.AllInterfaces.Any(i => SymbolEqualityComparer.Default.Equals(i.OriginalDefinition, contract));

    public static bool HasAttribute(ISymbol symbol, string fullName) =>
        symbol.GetAttributes().Any(a => a.AttributeClass?.ToDisplayString() == fullName);

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceSymbol space)
    {
        foreach (INamespaceOrTypeSymbol member in space.GetMembers())
        {
            IEnumerable<INamedTypeSymbol> types = member is INamespaceSymbol inner
                ? Types(inner) : [(INamedTypeSymbol)member];
            foreach (INamedTypeSymbol type in types) yield return type;
        }
    }
}
