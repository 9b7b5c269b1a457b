using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Hv.Sdk.Analyzers;

/// <summary>HVA0006: what a guest can call a million times a second creates no garbage. A path begins at a member that
/// implements one of
/// <see cref="SdkNames.AccessPathContracts"/> or at a method given to CreateTimer, and goes on through members of the
/// same type.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class AccessPathAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.Allocation];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(start =>
        {
            INamedTypeSymbol[] contracts =
                [.. SdkNames.AccessPathContracts.Select(
                    start.Compilation.GetTypeByMetadataName).OfType<INamedTypeSymbol>()];
            if (contracts.Length == 0
                || GuestFacing.Of(start.Compilation, start.Options) is not GuestFacing guestFacing) return;
            start.RegisterSymbolStartAction(symbol => StartType(symbol, contracts, guestFacing), SymbolKind.NamedType);
        });
    }

    private static void StartType(
        SymbolStartAnalysisContext context, INamedTypeSymbol[] contracts, GuestFacing guestFacing)
    {
        INamedTypeSymbol type = (INamedTypeSymbol)context.Symbol;
        if (type.TypeKind is not (TypeKind.Class or TypeKind.Struct) || !guestFacing.Covers(type)) return;
        ConcurrentDictionary<IMethodSymbol, MethodFacts> methods = new(SymbolEqualityComparer.Default);
        context.RegisterOperationBlockAction(block =>
        {
            if (block.OwningSymbol is IMethodSymbol method
                && SymbolEqualityComparer.Default.Equals(method.ContainingType, type))
                methods[method] = MethodFacts.Of(method, block.OperationBlocks);
        });
        context.RegisterSymbolEndAction(end =>
        {
            IEnumerable<IMethodSymbol> entries =
                Implementations(type, contracts).Concat(methods.Values.SelectMany(m => m.TimerCallbacks));
            foreach ((Allocation allocation, string path) in Reachable(entries, methods))
            {
                end.ReportDiagnostic(Diagnostic.Create(Rules.Allocation, allocation.Location,
                    ImmutableDictionary<string, string?>.Empty.Add("kind", allocation.Kind.ToString()), allocation.What,
                        path, allocation.Remedy));
            }
        });
    }

    private static IEnumerable<IMethodSymbol> Implementations(INamedTypeSymbol type, INamedTypeSymbol[] contracts) =>
        type.AllInterfaces
        .Where(i => contracts.Contains(i.OriginalDefinition, SymbolEqualityComparer.Default))
        .SelectMany(i => i.GetMembers()).Select(type.FindImplementationForInterfaceMember).OfType<IMethodSymbol>();

    private static IEnumerable<(Allocation, string)> Reachable(IEnumerable<IMethodSymbol> entries,
        ConcurrentDictionary<IMethodSymbol, MethodFacts> methods)
    {
        HashSet<IMethodSymbol> seen = new(SymbolEqualityComparer.Default);
        Queue<(IMethodSymbol Method, string Path)> queue = new();
        foreach (IMethodSymbol entry in entries) queue.Enqueue((entry, entry.Name));
        while (queue.Count > 0)
        {
            (IMethodSymbol method, string path) = queue.Dequeue();
            if (!methods.TryGetValue(method, out MethodFacts? facts) || !seen.Add(method)) continue;
            foreach (Allocation allocation in facts.Allocations) yield return (allocation, path);
            foreach (IMethodSymbol callee in facts.Calls) queue.Enqueue((callee, $"{path} → {Name(callee)}"));
        }
    }

    private static string Name(IMethodSymbol method) => (method.AssociatedSymbol ?? method).Name;
}
