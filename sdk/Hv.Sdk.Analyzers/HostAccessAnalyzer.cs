using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Hv.Sdk.Analyzers;

/// <summary>HVA0001, HVA0002, HVA0003 and HVA0009: guest-facing code lives on the machine's time, randomness and
/// threads.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class HostAccessAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
        [Rules.HostClock, Rules.Randomness, Rules.Threads, Rules.Surroundings];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(Start);
    }

    private static void Start(CompilationStartAnalysisContext context)
    {
        if (GuestFacing.Of(context.Compilation, context.Options) is not GuestFacing guestFacing) return;
        Dictionary<INamedTypeSymbol, List<HostAccess>> table = new(SymbolEqualityComparer.Default);
        foreach (HostAccess row in HostAccess.Table)
        {
            if (context.Compilation.GetTypeByMetadataName(row.TypeName) is not INamedTypeSymbol type) continue;
            if (!table.TryGetValue(type, out List<HostAccess>? rows)) table[type] = rows = [];
            rows.Add(row);
        }
        context.RegisterOperationAction(
            c => Look(c, guestFacing, table), OperationKind.Invocation, OperationKind.PropertyReference,
            OperationKind.FieldReference, OperationKind.MethodReference, OperationKind.ObjectCreation);
        context.RegisterOperationAction(c => LookAtThreads(c, guestFacing), OperationKind.Lock, OperationKind.Await);
    }

    private static void Look(
        OperationAnalysisContext context, GuestFacing guestFacing, Dictionary<INamedTypeSymbol, List<HostAccess>> table)
    {
        ISymbol? member = context.Operation switch
        {
            IInvocationOperation call => call.TargetMethod,
            IMemberReferenceOperation reference => reference.Member,
            IObjectCreationOperation creation => creation.Constructor,
            _ => null,
        };
        if (member?.ContainingType is not INamedTypeSymbol type
            || !guestFacing.Covers(context.ContainingSymbol)) return;
        HostAccess? found = null;
        for (INamedTypeSymbol? t = type.OriginalDefinition; t is not null && found is null;
            t = t.BaseType?.OriginalDefinition)
        {
            if (table.TryGetValue(t, out List<HostAccess>? rows)) found =
                rows.FirstOrDefault(row => row.Covers(member.Name));
        }
        if (found is null) return;
        string name = member is IMethodSymbol { MethodKind: MethodKind.Constructor }
            ? type.Name : $"{type.Name}.{member.Name}";
        context.ReportDiagnostic(
            Diagnostic.Create(found.Rule, context.Operation.Syntax.GetLocation(), name, found.Replacement));
    }

    private static void LookAtThreads(OperationAnalysisContext context, GuestFacing guestFacing)
    {
        if (!guestFacing.Covers(context.ContainingSymbol)) return;
        if (context.Operation is IAwaitOperation)
        {
            context.ReportDiagnostic(
                Diagnostic.Create(Rules.Threads, context.Operation.Syntax.GetFirstToken().GetLocation(),
                "await", "a completion that is called on the strand, or IStrand.Post"));
        }
        else if (!IsConcurrent(context.Compilation) && context.Operation.Syntax is LockStatementSyntax statement)
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.Threads, statement.LockKeyword.GetLocation(),
                "lock", "nothing: a device's strand already calls it one thing at a time (IDeviceContext.Strand for calls from other devices)"));
        }
    }

    /// <summary>An assembly with a device that is <c>Threading.Concurrent</c> takes care of itself, and so does one
    /// with faults: they stand before contracts that are called on threads of the core, such as a disk's.</summary>
    private static bool IsConcurrent(Compilation compilation) => compilation
        .GetSymbolsWithName(_ => true, SymbolFilter.Type).SelectMany(type => type.GetAttributes())
        .Any(a => a.AttributeClass?.ToDisplayString() switch
        {
            SdkNames.FaultAttribute => true,
            SdkNames.DeviceAttribute =>
                a.NamedArguments.Any(n => n.Key == "Threading" && n.Value.Value is byte and not 0),
            _ => false,
        });
}
