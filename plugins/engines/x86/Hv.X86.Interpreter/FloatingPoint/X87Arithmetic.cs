using System.Runtime.CompilerServices;
using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>x87 basic arithmetic (SDM vol. 1, 8.3.5).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class X87Arithmetic
{
    public static void Register(OpTable table)
    {
        Basic<X87Add>(table, Code.Fadd_st0_sti, Code.Fadd_sti_st0, Code.Faddp_sti_st0, Code.Fadd_m32fp, Code.Fadd_m64fp, Code.Fiadd_m16int, Code.Fiadd_m32int);
        Basic<X87Multiply>(table, Code.Fmul_st0_sti, Code.Fmul_sti_st0, Code.Fmulp_sti_st0, Code.Fmul_m32fp, Code.Fmul_m64fp, Code.Fimul_m16int, Code.Fimul_m32int);
        Basic<X87Subtract>(table, Code.Fsub_st0_sti, Code.Fsub_sti_st0, Code.Fsubp_sti_st0, Code.Fsub_m32fp, Code.Fsub_m64fp, Code.Fisub_m16int, Code.Fisub_m32int);
        Basic<X87SubtractReversed>(table, Code.Fsubr_st0_sti, Code.Fsubr_sti_st0, Code.Fsubrp_sti_st0, Code.Fsubr_m32fp, Code.Fsubr_m64fp, Code.Fisubr_m16int, Code.Fisubr_m32int);
        Basic<X87Divide>(table, Code.Fdiv_st0_sti, Code.Fdiv_sti_st0, Code.Fdivp_sti_st0, Code.Fdiv_m32fp, Code.Fdiv_m64fp, Code.Fidiv_m16int, Code.Fidiv_m32int);
        Basic<X87DivideReversed>(table, Code.Fdivr_st0_sti, Code.Fdivr_sti_st0, Code.Fdivrp_sti_st0, Code.Fdivr_m32fp, Code.Fdivr_m64fp, Code.Fidivr_m16int, Code.Fidivr_m32int);
        table.Add(Code.Fsqrt, &BuildUnary<X87SquareRoot>);
        table.Add(Code.Frndint, &BuildUnary<X87RoundToInteger>);
        table.Add(Code.Fscale, &BuildWithSecond<X87Scale>);
        table.Add(Code.Fprem, &BuildRemainder<Truncated>);
        table.Add(Code.Fprem1, &BuildRemainder<Nearest>);
        table.Add(Code.Fchs, &BuildSign<ChangeSign>);
        table.Add(Code.Fabs, &BuildSign<ClearSign>);
        table.Add(Code.Fxtract, &BuildExtract);
    }

    private static void Basic<TOp>(
        OpTable table, Code toTop, Code toOther, Code andPop, Code single, Code @double, Code int16, Code int32)
        where TOp : struct, IX87Binary
    {
        table.Add(toTop, &BuildToTop<TOp>);
        table.Add(toOther, &BuildToOther<TOp>);
        table.Add(andPop, &BuildAndPop<TOp>);
        table.Add(single, &BuildMemory<TOp, OperandBinary32>);
        table.Add(@double, &BuildMemory<TOp, OperandBinary64>);
        table.Add(int16, &BuildMemory<TOp, OperandInt16>);
        table.Add(int32, &BuildMemory<TOp, OperandInt32>);
    }

    private static void BuildToTop<TOp>(BlockBuilder b) where TOp : struct, IX87Binary
    {
        if (X87Forms.Begin(b, 1)) b.Emit(&ToTop<TOp>);
    }

    private static void BuildToOther<TOp>(BlockBuilder b) where TOp : struct, IX87Binary
    {
        if (X87Forms.Begin(b, 0)) b.Emit(&ToOther<TOp>);
    }

    private static void BuildAndPop<TOp>(BlockBuilder b) where TOp : struct, IX87Binary
    {
        if (X87Forms.Begin(b, 0, pops: 1)) b.Emit(&ToOther<TOp>);
    }

    private static void BuildMemory<TOp, TOperand>(BlockBuilder b) where TOp : struct, IX87Binary where TOperand : struct, IX87Operand
    {
        if (X87Forms.BeginMemory(b)) b.Emit(&WithMemory<TOp, TOperand>);
    }

    private static void BuildUnary<TOp>(BlockBuilder b) where TOp : struct, IX87Unary
    {
        if (X87Forms.Begin(b)) b.Emit(&Unary<TOp>);
    }

    private static void BuildWithSecond<TOp>(BlockBuilder b) where TOp : struct, IX87Binary
    {
        if (!X87Forms.Begin(b)) return;
        b.Op->Aux = 1;
        b.Emit(&ToTop<TOp>);
    }

    private static void BuildRemainder<TKind>(BlockBuilder b) where TKind : struct, IRemainder
    {
        if (X87Forms.Begin(b)) b.Emit(&Remainder<TKind>);
    }

    private static void BuildSign<TOp>(BlockBuilder b) where TOp : struct, ISign
    {
        if (X87Forms.Begin(b)) b.Emit(&Sign<TOp>);
    }

    private static void BuildExtract(BlockBuilder b)
    {
        if (X87Forms.Begin(b)) b.Emit(&Extract);
    }

    /// <summary>ST(0) = ST(0) op ST(i).</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void ToTop<TOp>(Cpu* cpu, Op* op) where TOp : struct, IX87Binary
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoRegisters<TOp>(cpu, op, 0, op->Aux);
        Chain.Next(cpu, op);
    }

    /// <summary>ST(i) = ST(i) op ST(0), then pop Dst registers.</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void ToOther<TOp>(Cpu* cpu, Op* op) where TOp : struct, IX87Binary
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoRegisters<TOp>(cpu, op, op->Aux, 0);
        Chain.Next(cpu, op);
    }

    /// <summary>ST(0) = ST(0) op memory.</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void WithMemory<TOp, TOperand>(Cpu* cpu, Op* op) where TOp : struct, IX87Binary where TOperand : struct, IX87Operand
    {
        if (!X87Stack.Begin(cpu, op)) return;
        if (!X87Forms.Read<TOperand>(cpu, op, out ulong value)) return;
        DoMemory<TOp, TOperand>(cpu, op, value);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoRegisters<TOp>(Cpu* cpu, Op* op, int destination, int source) where TOp : struct, IX87Binary
    {
        FpExceptions raised = FpExceptions.None;
        Float80 result = Float80.Indefinite;
        if (X87Stack.IsValid(cpu, 0) && X87Stack.IsValid(cpu, op->Aux))
            result = TOp.Do(X87Stack.Get(cpu, destination), X87Stack.Get(cpu, source), new X87Control(cpu->Fcw), ref raised);
        else raised = X87Stack.Underflow;
        if (!X87Stack.Complete(cpu, op, raised)) return;
        X87Stack.Set(cpu, destination, result);
        X87Stack.Pop(cpu, op->Dst);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoMemory<TOp, TOperand>(Cpu* cpu, Op* op, ulong value) where TOp : struct, IX87Binary where TOperand : struct, IX87Operand
    {
        FpExceptions raised = FpExceptions.None;
        Float80 result = Float80.Indefinite;
        if (X87Stack.IsValid(cpu, 0))
        {
            FpExceptions converting = FpExceptions.None;
            Float80 top = X87Stack.Get(cpu, 0);
            Float80 source = X87Forms.Unquiet(TOperand.Convert(value, ref converting), ref converting);
            result = TOp.Do(top, source, new X87Control(cpu->Fcw), ref raised);
            // A denormal operand is not looked at when a NaN or an exception of higher priority decides (SDM vol. 1, 4.9.2).
            bool isDecided = top.IsNaN || (raised & (FpExceptions.Invalid | FpExceptions.ZeroDivide)) != 0;
            raised |= isDecided ? converting & ~FpExceptions.Denormal : converting;
        }
        else raised = X87Stack.Underflow;
        if (X87Stack.Complete(cpu, op, raised)) X87Stack.Set(cpu, 0, result);
    }

    /// <summary>ST(0) = op ST(0).</summary>
    [MethodImpl(Jit.Handler)]
    private static void Unary<TOp>(Cpu* cpu, Op* op) where TOp : struct, IX87Unary
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoUnary<TOp>(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoUnary<TOp>(Cpu* cpu, Op* op) where TOp : struct, IX87Unary
    {
        FpExceptions raised = FpExceptions.None;
        Float80 result = Float80.Indefinite;
        if (X87Stack.IsValid(cpu, 0)) result = TOp.Do(X87Stack.Get(cpu, 0), new X87Control(cpu->Fcw), ref raised);
        else raised = X87Stack.Underflow;
        if (X87Stack.Complete(cpu, op, raised)) X87Stack.Set(cpu, 0, result);
    }

    [MethodImpl(Jit.Handler)]
    private static void Sign<TOp>(Cpu* cpu, Op* op) where TOp : struct, ISign
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoSign<TOp>(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoSign<TOp>(Cpu* cpu, Op* op) where TOp : struct, ISign
    {
        bool isValid = X87Stack.IsValid(cpu, 0);
        Float80 result = isValid ? TOp.Do(X87Stack.Get(cpu, 0)) : Float80.Indefinite;
        if (X87Stack.Complete(cpu, op, isValid ? FpExceptions.None : X87Stack.Underflow)) X87Stack.Set(cpu, 0, result);
    }

    [MethodImpl(Jit.Handler)]
    private static void Remainder<TKind>(Cpu* cpu, Op* op) where TKind : struct, IRemainder
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoRemainder(cpu, op, TKind.ToNearest);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoRemainder(Cpu* cpu, Op* op, bool toNearest)
    {
        FpExceptions raised = FpExceptions.None;
        Float80 result = Float80.Indefinite;
        int conditions = -1;
        if (X87Stack.IsValid(cpu, 0) && X87Stack.IsValid(cpu, 1))
        {
            result = X87.Remainder(X87Stack.Get(cpu, 0), X87Stack.Get(cpu, 1), toNearest, new X87Control(cpu->Fcw), ref raised, out conditions);
        }
        else raised = X87Stack.Underflow;
        bool isWritten = X87Stack.Complete(cpu, op, raised);
        cpu->Fsw &= unchecked((ushort)~X87Stack.C2);
        if (!isWritten) return;
        if (conditions >= 0)
        {
            X87Stack.SetConditions(cpu, conditions & ~X87Stack.C1);
            cpu->Fsw |= (ushort)(conditions & X87Stack.C1);
        }
        X87Stack.Set(cpu, 0, result);
    }

    [MethodImpl(Jit.Handler)]
    private static void Extract(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoExtract(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoExtract(Cpu* cpu, Op* op)
    {
        FpExceptions raised = FpExceptions.None;
        Float80 exponent = Float80.Indefinite, significand = Float80.Indefinite;
        if (!X87Stack.IsValid(cpu, 0)) raised = X87Stack.Underflow;
        else if (X87Stack.IsValid(cpu, -1)) raised = X87Stack.Overflow;
        else exponent = X87.Extract(X87Stack.Get(cpu, 0), ref raised, out significand);
        ReplaceAndPush(cpu, op, exponent, significand, raised);
    }

    /// <summary>Replaces ST(0) and pushes, for instructions with two results.</summary>
    public static void ReplaceAndPush(Cpu* cpu, Op* op, Float80 replacement, Float80 pushed, FpExceptions raised)
    {
        if (!X87Stack.Complete(cpu, op, raised)) return;
        X87Stack.Set(cpu, 0, replacement);
        cpu->Fsw = (ushort)((cpu->Fsw & ~0x3800) | ((cpu->Fsw - 0x800) & 0x3800));
        X87Stack.Set(cpu, 0, pushed);
    }
}

/// <summary>An operation on ST(0) alone.</summary>
internal interface IX87Unary
{
    static abstract Float80 Do(Float80 a, X87Control control, ref FpExceptions raised);
}

/// <summary>An operation on the sign bit, which raises nothing but stack underflow.</summary>
internal interface ISign
{
    static abstract Float80 Do(Float80 a);
}

/// <summary>Which remainder.</summary>
internal interface IRemainder
{
    static abstract bool ToNearest { get; }
}

/// <summary>FPREM.</summary>
internal readonly struct Truncated : IRemainder
{
    public static bool ToNearest => false;
}

/// <summary>FPREM1.</summary>
internal readonly struct Nearest : IRemainder
{
    public static bool ToNearest => true;
}

/// <summary>FCHS.</summary>
internal readonly struct ChangeSign : ISign
{
    public static Float80 Do(Float80 a) => a.Negated;
}

/// <summary>FABS.</summary>
internal readonly struct ClearSign : ISign
{
    public static Float80 Do(Float80 a) => a.WithSign(false);
}

/// <summary>FSQRT.</summary>
internal readonly struct X87SquareRoot : IX87Unary
{
    public static Float80 Do(Float80 a, X87Control control, ref FpExceptions raised) => X87.SquareRoot(a, control, ref raised);
}

/// <summary>FRNDINT.</summary>
internal readonly struct X87RoundToInteger : IX87Unary
{
    public static Float80 Do(Float80 a, X87Control control, ref FpExceptions raised) => X87.RoundToIntegral(a, control, ref raised);
}

/// <summary>FADD.</summary>
internal readonly struct X87Add : IX87Binary
{
    public static Float80 Do(Float80 a, Float80 b, X87Control control, ref FpExceptions raised) => X87.Add(a, b, control, ref raised);
}

/// <summary>FSUB: destination − source.</summary>
internal readonly struct X87Subtract : IX87Binary
{
    public static Float80 Do(Float80 a, Float80 b, X87Control control, ref FpExceptions raised) => X87.Subtract(a, b, control, ref raised);
}

/// <summary>FSUBR: source − destination.</summary>
internal readonly struct X87SubtractReversed : IX87Binary
{
    public static Float80 Do(Float80 a, Float80 b, X87Control control, ref FpExceptions raised) => X87.Subtract(b, a, control, ref raised);
}

/// <summary>FMUL.</summary>
internal readonly struct X87Multiply : IX87Binary
{
    public static Float80 Do(Float80 a, Float80 b, X87Control control, ref FpExceptions raised) => X87.Multiply(a, b, control, ref raised);
}

/// <summary>FDIV: destination ÷ source.</summary>
internal readonly struct X87Divide : IX87Binary
{
    public static Float80 Do(Float80 a, Float80 b, X87Control control, ref FpExceptions raised) => X87.Divide(a, b, control, ref raised);
}

/// <summary>FDIVR: source ÷ destination.</summary>
internal readonly struct X87DivideReversed : IX87Binary
{
    public static Float80 Do(Float80 a, Float80 b, X87Control control, ref FpExceptions raised) => X87.Divide(b, a, control, ref raised);
}

/// <summary>FSCALE: ST(0) · 2^ST(1).</summary>
internal readonly struct X87Scale : IX87Binary
{
    public static Float80 Do(Float80 a, Float80 b, X87Control control, ref FpExceptions raised) => X87.Scale(a, b, control, ref raised);
}
