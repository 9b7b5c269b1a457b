using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Hv.Sdk.Analyzers;

/// <summary>HVA0005: in a Save that is written by hand, one method writes a tag to one writer once. (The generator
/// watches over [Field] tags: HVG002.) Groups are exempt: a list is written as several groups of one tag.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class StateTagAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.DuplicateTag];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(start =>
        {
            if (start.Compilation.GetTypeByMetadataName(SdkNames.StateWriter) is INamedTypeSymbol writer)
                start.RegisterOperationBlockAction(c => Look(c, writer));
        });
    }

    private static void Look(OperationBlockAnalysisContext context, INamedTypeSymbol writer)
    {
        Dictionary<(ISymbol Writer, int Tag), IInvocationOperation> written = [];
        List<(IInvocationOperation Call, int Tag)> repeated = [];
        int highest = 0;
        foreach (IInvocationOperation call in context.OperationBlocks.SelectMany(
            b => b.Descendants()).OfType<IInvocationOperation>())
        {
            if (!SymbolEqualityComparer.Default.Equals(call.TargetMethod.ContainingType, writer)) continue;
            if (Tag(call) is not int tag || Receiver(call) is not ISymbol receiver) continue;
            highest = Math.Max(highest, tag);
            if (call.TargetMethod.Name == "Group") continue;
            if (!written.TryGetValue((receiver, tag), out IInvocationOperation? first)) written[(receiver, tag)] = call;
            else if (!AreAlternatives(first, call)) repeated.Add((call, tag));
        }
        foreach ((IInvocationOperation call, int tag) in repeated)
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.DuplicateTag, call.Arguments[0].Syntax.GetLocation(),
                ImmutableDictionary<string, string?>.Empty.Add("free", (highest + 1).ToString()), tag,
                    context.OwningSymbol.Name, highest + 1));
        }
    }

    private static int? Tag(IInvocationOperation call) =>
        call.Arguments.FirstOrDefault(a => a.Parameter?.Name == "tag")?.Value.ConstantValue
            is { HasValue: true, Value: int tag } ? tag : null;

    private static ISymbol? Receiver(IInvocationOperation call) => call.Instance switch
    {
        IParameterReferenceOperation p => p.Parameter,
        ILocalReferenceOperation l => l.Local,
        IFieldReferenceOperation f => f.Field,
        _ => null,
    };

    /// <summary>Two arms of one if or switch: only one of them runs.</summary>
    private static bool AreAlternatives(IOperation a, IOperation b)
    {
        HashSet<IOperation> above = [];
        for (IOperation? o = a; o is not null; o = o.Parent) above.Add(o);
        IOperation below = b;
        for (IOperation? o = b.Parent; o is not null; below = o, o = o.Parent)
        {
            if (above.Contains(o)) return (o is IConditionalOperation c && below != c.Condition)
                || o is ISwitchOperation or ISwitchExpressionOperation;
        }
        return false;
    }
}
