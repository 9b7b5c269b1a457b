using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Hv.Sdk.Analyzers;

/// <summary>HVA0004: what changes belongs to one device of one machine. Constant tables stay: a readonly array that
/// nobody outside its type sees and that nobody in it writes is one.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class StaticStateAnalyzer : DiagnosticAnalyzer
{
    private const string MakeInstance = "make it an instance field of the device, or a readonly constant";
    private const string MakeFrozen = "use a Frozen or Immutable collection, or an instance field of the device";
    private const string MakeReadOnlyTable =
        "fill the table in its initializer, or make it an instance field of the device";

    private static readonly HashSet<string> MutableTypes =
    [
        "System.Collections.Generic.List<T>", "System.Collections.Generic.Dictionary<TKey, TValue>",
        "System.Collections.Generic.HashSet<T>",
        "System.Collections.Generic.Queue<T>", "System.Collections.Generic.Stack<T>",
        "System.Collections.Generic.LinkedList<T>",
        "System.Collections.Generic.SortedDictionary<TKey, TValue>",
        "System.Collections.Generic.SortedList<TKey, TValue>",
        "System.Collections.Generic.SortedSet<T>", "System.Collections.Generic.PriorityQueue<TElement, TPriority>",
        "System.Collections.Generic.IList<T>", "System.Collections.Generic.IDictionary<TKey, TValue>",
        "System.Collections.Generic.ICollection<T>",
        "System.Collections.Concurrent.ConcurrentDictionary<TKey, TValue>",
        "System.Collections.Concurrent.ConcurrentQueue<T>",
        "System.Collections.Concurrent.ConcurrentStack<T>", "System.Collections.Concurrent.ConcurrentBag<T>",
        "System.Runtime.CompilerServices.ConditionalWeakTable<TKey, TValue>",
        "System.Runtime.CompilerServices.StrongBox<T>",
        "System.Threading.ThreadLocal<T>", "System.Threading.AsyncLocal<T>", "System.Text.StringBuilder",
        "System.Collections.BitArray",
        "System.Threading.Lock", "System.Threading.SemaphoreSlim", "System.IO.MemoryStream",
    ];

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.StaticState];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(start =>
        {
            if (GuestFacing.Of(start.Compilation, start.Options) is not GuestFacing guestFacing) return;
            start.RegisterSymbolAction(c => LookAtField(c, guestFacing), SymbolKind.Field);
            start.RegisterSymbolAction(c => LookAtMember(c, guestFacing), SymbolKind.Event, SymbolKind.Property);
            start.RegisterOperationAction(c => LookAtElement(c, guestFacing), OperationKind.ArrayElementReference);
        });
    }

    private static void LookAtField(SymbolAnalysisContext context, GuestFacing guestFacing)
    {
        IFieldSymbol field = (IFieldSymbol)context.Symbol;
        if (!field.IsStatic || field.IsConst || field.ContainingType.TypeKind == TypeKind.Enum
            || !guestFacing.Covers(field)) return;
        // What lies behind a property or an event is reported with it.
        if (field.IsImplicitlyDeclared) return;
        string? remedy = !field.IsReadOnly ? MakeInstance
            : MutableTypes.Contains(field.Type.OriginalDefinition.ToDisplayString()) ? MakeFrozen : null;
        if (remedy is not null)
            context.ReportDiagnostic(Diagnostic.Create(Rules.StaticState, field.Locations[0], field.Name, remedy));
    }

    private static void LookAtMember(SymbolAnalysisContext context, GuestFacing guestFacing)
    {
        ISymbol member = context.Symbol;
        if (!member.IsStatic || !guestFacing.Covers(member)) return;
        bool hasStorage = member is IEventSymbol { AddMethod.IsImplicitlyDeclared: true }
            || member.ContainingType.GetMembers().OfType<IFieldSymbol>()
            .Any(f => !f.IsReadOnly && SymbolEqualityComparer.Default.Equals(f.AssociatedSymbol, member));
        if (hasStorage)
            context.ReportDiagnostic(
                Diagnostic.Create(Rules.StaticState, context.Symbol.Locations[0], context.Symbol.Name, MakeInstance));
    }

    /// <summary>A static array is a table until somebody writes into it.</summary>
    private static void LookAtElement(OperationAnalysisContext context, GuestFacing guestFacing)
    {
        IArrayElementReferenceOperation element = (IArrayElementReferenceOperation)context.Operation;
        if (element.ArrayReference
            is not IFieldReferenceOperation { Field: { IsStatic: true, IsReadOnly: true } field }) return;
        if (context.ContainingSymbol is IMethodSymbol { MethodKind: MethodKind.StaticConstructor }
            || !guestFacing.Covers(context.ContainingSymbol)) return;
        bool isWritten = element.Parent switch
        {
            IAssignmentOperation assignment => assignment.Target == element,
            IIncrementOrDecrementOperation => true,
            IArgumentOperation argument => argument.Parameter?.RefKind is RefKind.Ref or RefKind.Out,
            _ => false,
        };
        if (isWritten)
            context.ReportDiagnostic(
                Diagnostic.Create(Rules.StaticState, element.Syntax.GetLocation(), field.Name, MakeReadOnlyTable));
    }
}
