using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Hv.Sdk.Analyzers;

internal enum AllocationKind { Object, Array, Params, Boxing, Closure, Text, Linq, Enumerator }

/// <summary>One place that creates garbage, with what to do instead.</summary>
internal sealed class Allocation
{
    private Allocation(AllocationKind kind, string what, Location location)
    {
        Kind = kind;
        What = what;
        Location = location;
    }

    public AllocationKind Kind { get; }
    public string What { get; }
    public Location Location { get; }

    public string Remedy => Kind switch
    {
        AllocationKind.Object => "keep one in a field and reuse it, or use a struct",
        AllocationKind.Array => "use stackalloc, a span or an array that the device keeps",
        AllocationKind.Params => "pass a span, or call an overload without params",
        AllocationKind.Boxing => "use a generic or typed overload",
        AllocationKind.Closure => "keep the delegate in a readonly field",
        AllocationKind.Text => "log a constant text, or ask IDeviceLog.IsEnabled first",
        AllocationKind.Linq => "write the loop",
        _ => "loop over the array, list or span itself",
    };

    /// <summary>Null when the operation itself allocates nothing.</summary>
    public static Allocation? Of(IOperation operation) => operation switch
    {
        IObjectCreationOperation { Type.IsReferenceType: true } o =>
            New(AllocationKind.Object, $"'new {o.Type!.Name}'", o),
        IAnonymousObjectCreationOperation o => New(AllocationKind.Object, "An anonymous object", o),
        IWithOperation { Type.IsReferenceType: true } o => New(AllocationKind.Object, "A copy of a record", o),
        ITypeParameterObjectCreationOperation o => New(AllocationKind.Object, "'new T()'", o),
        IArrayCreationOperation o => OfArray(o),
        ICollectionExpressionOperation { Type.IsReferenceType: true, Elements.Length: > 0 } o =>
            New(AllocationKind.Array, "A collection", o),
        IInterpolatedStringOperation { ConstantValue.HasValue: false, Type.SpecialType: SpecialType.System_String } o
            when o.Parent is not IInterpolatedStringHandlerCreationOperation =>
                New(AllocationKind.Text, "An interpolated string", o),
        IBinaryOperation { OperatorKind: BinaryOperatorKind.Add, Type.SpecialType: SpecialType.System_String,
            ConstantValue.HasValue: false } o
            when o.Parent is not IBinaryOperation { Type.SpecialType: SpecialType.System_String } =>
                New(AllocationKind.Text, "Joining strings", o),
        IInvocationOperation o => OfCall(o),
        IConversionOperation o when IsBoxing(o) =>
            New(AllocationKind.Boxing, $"Boxing a '{o.Operand.Type!.Name}'", o.Operand),
        IDelegateCreationOperation o => OfDelegate(o),
        IForEachLoopOperation o => OfLoop(o),
        _ => null,
    };

    private static Allocation New(AllocationKind kind, string what, IOperation at) =>
        new(kind, what, at.Syntax.GetLocation());

    private static Allocation? OfArray(IArrayCreationOperation array)
    {
        if (array.DimensionSizes.Length == 1
            && array.DimensionSizes[0].ConstantValue is { HasValue: true, Value: 0 }) return null;
        if (array.Parent is IArgumentOperation { ArgumentKind: ArgumentKind.ParamArray }) return New(
            AllocationKind.Params, "A params array", array);
        // ReadOnlySpan<byte> x = new byte[] { constants }: the compiler puts the bytes into the image.
        bool isConstantSpan = array.Parent is IConversionOperation { Type: INamedTypeSymbol { Name: "ReadOnlySpan" } }
            && array.Initializer is IArrayInitializerOperation initializer
                && initializer.ElementValues.All(v => v.ConstantValue.HasValue);
        return isConstantSpan ? null : New(AllocationKind.Array, "A new array", array);
    }

    private static Allocation? OfCall(IInvocationOperation call)
    {
        IMethodSymbol method = call.TargetMethod;
        string owner = method.ContainingType.ToDisplayString();
        if (owner == "System.Linq.Enumerable") return New(AllocationKind.Linq, $"'{method.Name}' of LINQ", call);
        bool isText = method.ReturnType.SpecialType == SpecialType.System_String
            && method.Parameters.All(p => p.RefKind == RefKind.None)
            && method.Name is "ToString" or "Format" or "Concat" or "Join" or "Substring" or "Replace" or "PadLeft" or "PadRight" or "ToHexString"
            && call.Instance?.Type?.SpecialType != SpecialType.System_Enum;
        if (isText && !(method.Name == "ToString" && call.Instance?.Type?.SpecialType == SpecialType.System_String))
            return New(AllocationKind.Text, $"'{method.Name}'", call);
        return method.Name == "ToArray" && method.ReturnType is IArrayTypeSymbol ? New(AllocationKind.Array, "'ToArray'", call) : null;
    }

    private static bool IsBoxing(IConversionOperation conversion) =>
        conversion.Operand.Type is { IsValueType: true } && conversion.Type is { IsReferenceType: true }
        && conversion.Language == LanguageNames.CSharp && conversion.GetConversion().IsBoxing && !IsInText(conversion);

    // string + int calls int.ToString, and an interpolated string formats in place: the string itself is reported.
    private static bool IsInText(IConversionOperation conversion) => conversion.Parent is IInterpolationOperation
        || conversion.Parent is IBinaryOperation { Type.SpecialType: SpecialType.System_String };

    private static Allocation? OfDelegate(IDelegateCreationOperation creation) => creation.Target switch
    {
        // The compiler caches delegates of static methods and of lambdas that capture nothing.
        IMethodReferenceOperation { Method.IsStatic: false } method =>
            New(AllocationKind.Closure, $"A delegate of '{method.Method.Name}'", creation),
        IAnonymousFunctionOperation lambda when Captures(lambda) =>
            New(AllocationKind.Closure, "A lambda that captures", creation),
        _ => null,
    };

    private static bool Captures(IAnonymousFunctionOperation lambda) => lambda.Body.Descendants().Any(o => o switch
    {
        IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance } => true,
        ILocalReferenceOperation local => !IsInside(local.Local, lambda),
        IParameterReferenceOperation parameter => !IsInside(parameter.Parameter, lambda),
        _ => false,
    });

    private static bool IsInside(ISymbol symbol, IAnonymousFunctionOperation lambda) =>
        symbol.DeclaringSyntaxReferences.Any(
            r => r.SyntaxTree == lambda.Syntax.SyntaxTree && lambda.Syntax.Span.Contains(r.Span));

    private static Allocation? OfLoop(IForEachLoopOperation loop)
    {
        if (loop.Syntax is not CommonForEachStatementSyntax syntax || loop.SemanticModel is null) return null;
        ITypeSymbol? collection = loop.Collection is IConversionOperation { IsImplicit: true } c
            ? c.Operand.Type : loop.Collection.Type;
        if (collection is IArrayTypeSymbol || collection?.SpecialType == SpecialType.System_String) return null;
        ForEachStatementInfo info = loop.SemanticModel.GetForEachStatementInfo(syntax);
        return info.GetEnumeratorMethod is { ReturnType.IsReferenceType: true }
            ? new Allocation(AllocationKind.Enumerator, "The enumerator of this loop", syntax.Expression.GetLocation())
                : null;
    }
}
