using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Hv.Sdk.Analyzers;

/// <summary>What one method allocates and calls. Exempt is what ends in a throw and what a log level guards.</summary>
internal sealed class MethodFacts
{
    public List<Allocation> Allocations { get; } = [];
    /// <summary>Members of the same type that it uses.</summary>
    public List<IMethodSymbol> Calls { get; } = [];
    /// <summary>Methods of the same type that it gives to CreateTimer.</summary>
    public List<IMethodSymbol> TimerCallbacks { get; } = [];

    public static MethodFacts Of(IMethodSymbol method, ImmutableArray<IOperation> blocks)
    {
        MethodFacts facts = new();
        foreach (IOperation block in blocks) facts.Visit(block, method.ContainingType);
        return facts;
    }

    private void Visit(IOperation operation, INamedTypeSymbol type)
    {
        if (IsCold(operation)) return;
        if (Allocation.Of(operation) is Allocation allocation) Allocations.Add(allocation);
        foreach (IMethodSymbol used in Used(operation))
        {
            if (SymbolEqualityComparer.Default.Equals(used.ContainingType, type)) Calls.Add(used.OriginalDefinition);
        }
        if (operation is IArgumentOperation { Parent: IInvocationOperation { TargetMethod.Name: "CreateTimer" } } argument
            && argument.DescendantsAndSelf().OfType<IMethodReferenceOperation>().FirstOrDefault()
                is IMethodReferenceOperation callback)
        {
            TimerCallbacks.Add(callback.Method.OriginalDefinition);
        }
        foreach (IOperation child in operation.ChildOperations)
        {
            if (operation is IConditionalOperation conditional && child == conditional.WhenTrue
                && AsksForLevel(conditional.Condition)) continue;
            Visit(child, type);
        }
    }

    /// <summary>A throw, or a call that does not return: the path ends there.</summary>
    private static bool IsCold(IOperation operation) => operation is IThrowOperation
        || (operation is IInvocationOperation call
            && call.TargetMethod.GetAttributes().Any(a => a.AttributeClass?.Name == "DoesNotReturnAttribute"));

    /// <summary>A message of a level that is off by default may cost what it costs.</summary>
    private static bool AsksForLevel(IOperation condition) =>
        condition.DescendantsAndSelf().OfType<IInvocationOperation>().Any(call =>
        call.TargetMethod.Name == "IsEnabled" && call.TargetMethod.ContainingType.ToDisplayString() == SdkNames.DeviceLog);

    private static IEnumerable<IMethodSymbol> Used(IOperation operation)
    {
        if (operation is IInvocationOperation call) yield return call.TargetMethod;
        if (operation is not IPropertyReferenceOperation { Property: IPropertySymbol property }) yield break;
        bool isTarget = operation.Parent is IAssignmentOperation assignment && assignment.Target == operation;
        bool alsoReads = operation.Parent is ICompoundAssignmentOperation or ICoalesceAssignmentOperation
            or IIncrementOrDecrementOperation;
        if ((!isTarget || alsoReads) && property.GetMethod is IMethodSymbol getter) yield return getter;
        if ((isTarget || alsoReads) && property.SetMethod is IMethodSymbol setter) yield return setter;
    }
}
