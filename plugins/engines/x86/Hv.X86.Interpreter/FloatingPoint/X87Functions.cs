using System.Runtime.CompilerServices;
using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>x87 trigonometric, logarithmic and exponential instructions (SDM vol. 1, 8.3.7 to 8.3.10).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class X87Functions
{
    public static void Register(OpTable table)
    {
        table.Add(Code.Fsin, &BuildTrigonometric<SineOnly>);
        table.Add(Code.Fcos, &BuildTrigonometric<CosineOnly>);
        table.Add(Code.Fsincos, &BuildTrigonometric<SineAndCosine>);
        table.Add(Code.Fptan, &BuildTrigonometric<TangentAndOne>);
        table.Add(Code.F2xm1, &BuildExponential);
        table.Add(Code.Fpatan, &BuildOfTwo<X87ArcTangent>);
        table.Add(Code.Fyl2x, &BuildOfTwo<X87Logarithm>);
        table.Add(Code.Fyl2xp1, &BuildOfTwo<X87LogarithmPlusOne>);
    }

    private static void BuildTrigonometric<TOp>(BlockBuilder b) where TOp : struct, ITrigonometric
    {
        if (X87Forms.Begin(b)) b.Emit(&Trigonometric<TOp>);
    }

    private static void BuildExponential(BlockBuilder b)
    {
        if (X87Forms.Begin(b)) b.Emit(&Exponential);
    }

    private static void BuildOfTwo<TOp>(BlockBuilder b) where TOp : struct, IX87Binary
    {
        if (X87Forms.Begin(b)) b.Emit(&OfTwo<TOp>);
    }

    [MethodImpl(Jit.Handler)]
    private static void Trigonometric<TOp>(Cpu* cpu, Op* op) where TOp : struct, ITrigonometric
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoTrigonometric<TOp>(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoTrigonometric<TOp>(Cpu* cpu, Op* op) where TOp : struct, ITrigonometric
    {
        FpExceptions raised = FpExceptions.None;
        Float80 result = Float80.Indefinite, pushed = Float80.Indefinite;
        bool isInRange = true;
        if (!X87Stack.IsValid(cpu, 0)) raised = X87Stack.Underflow;
        else if (TOp.Pushes && X87Stack.IsValid(cpu, -1)) raised = X87Stack.Overflow;
        else isInRange = TOp.Do(X87Stack.Get(cpu, 0), new X87Control(cpu->Fcw), ref raised, out result, out pushed);
        if (!isInRange)
        {
            X87Stack.Complete(cpu, op, FpExceptions.None);
            cpu->Fsw |= X87Stack.C2;
            return;
        }
        if (TOp.Pushes) X87Arithmetic.ReplaceAndPush(cpu, op, result, pushed, raised);
        else if (X87Stack.Complete(cpu, op, raised)) X87Stack.Set(cpu, 0, result);
        cpu->Fsw &= unchecked((ushort)~X87Stack.C2);
    }

    [MethodImpl(Jit.Handler)]
    private static void Exponential(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoExponential(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoExponential(Cpu* cpu, Op* op)
    {
        FpExceptions raised = FpExceptions.None;
        Float80 result = Float80.Indefinite;
        if (X87Stack.IsValid(cpu, 0)) result = X87.ExponentialMinusOne(X87Stack.Get(cpu, 0), new X87Control(cpu->Fcw), ref raised);
        else raised = X87Stack.Underflow;
        if (X87Stack.Complete(cpu, op, raised)) X87Stack.Set(cpu, 0, result);
    }

    /// <summary>ST(1) = f(ST(1), ST(0)), then pop.</summary>
    [MethodImpl(Jit.Handler)]
    private static void OfTwo<TOp>(Cpu* cpu, Op* op) where TOp : struct, IX87Binary
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoOfTwo<TOp>(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoOfTwo<TOp>(Cpu* cpu, Op* op) where TOp : struct, IX87Binary
    {
        FpExceptions raised = FpExceptions.None;
        Float80 result = Float80.Indefinite;
        if (X87Stack.IsValid(cpu, 0) && X87Stack.IsValid(cpu, 1))
            result = TOp.Do(X87Stack.Get(cpu, 1), X87Stack.Get(cpu, 0), new X87Control(cpu->Fcw), ref raised);
        else raised = X87Stack.Underflow;
        if (!X87Stack.Complete(cpu, op, raised)) return;
        X87Stack.Set(cpu, 1, result);
        X87Stack.Pop(cpu);
    }
}

/// <summary>A trigonometric instruction; false when the operand is out of range.</summary>
internal interface ITrigonometric
{
    static abstract bool Pushes { get; }
    static abstract bool Do(Float80 a, X87Control control, ref FpExceptions raised, out Float80 result, out Float80 pushed);
}

/// <summary>FSIN.</summary>
internal readonly struct SineOnly : ITrigonometric
{
    public static bool Pushes => false;
    public static bool Do(Float80 a, X87Control control, ref FpExceptions raised, out Float80 result, out Float80 pushed)
    {
        pushed = default;
        return X87.Sine(a, control, ref raised, out result);
    }
}

/// <summary>FCOS.</summary>
internal readonly struct CosineOnly : ITrigonometric
{
    public static bool Pushes => false;
    public static bool Do(Float80 a, X87Control control, ref FpExceptions raised, out Float80 result, out Float80 pushed)
    {
        pushed = default;
        return X87.Cosine(a, control, ref raised, out result);
    }
}

/// <summary>FSINCOS: the sine stays, the cosine is pushed.</summary>
internal readonly struct SineAndCosine : ITrigonometric
{
    public static bool Pushes => true;
    public static bool Do(Float80 a, X87Control control, ref FpExceptions raised, out Float80 result, out Float80 pushed)
        => X87.Sine(a, control, ref raised, out result) & X87.Cosine(a, control, ref raised, out pushed);
}

/// <summary>FPTAN: the tangent stays, 1 is pushed (a NaN is pushed again).</summary>
internal readonly struct TangentAndOne : ITrigonometric
{
    public static bool Pushes => true;
    public static bool Do(Float80 a, X87Control control, ref FpExceptions raised, out Float80 result, out Float80 pushed)
    {
        bool isInRange = X87.Tangent(a, control, ref raised, out result);
        pushed = result.IsNaN ? result : Float80.One;
        return isInRange;
    }
}

/// <summary>FPATAN: arctan(ST(1) ÷ ST(0)).</summary>
internal readonly struct X87ArcTangent : IX87Binary
{
    public static Float80 Do(Float80 a, Float80 b, X87Control control, ref FpExceptions raised) => X87.ArcTangent(a, b, control, ref raised);
}

/// <summary>FYL2X: ST(1) · log₂ ST(0).</summary>
internal readonly struct X87Logarithm : IX87Binary
{
    public static Float80 Do(Float80 a, Float80 b, X87Control control, ref FpExceptions raised) => X87.Logarithm(a, b, control, ref raised);
}

/// <summary>FYL2XP1: ST(1) · log₂(ST(0) + 1).</summary>
internal readonly struct X87LogarithmPlusOne : IX87Binary
{
    public static Float80 Do(Float80 a, Float80 b, X87Control control, ref FpExceptions raised) => X87.LogarithmPlusOne(a, b, control, ref raised);
}
