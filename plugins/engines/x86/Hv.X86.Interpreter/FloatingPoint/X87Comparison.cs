using System.Runtime.CompilerServices;
using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>FCOM, FUCOM, FICOM, FTST, FXAM, FCOMI, FUCOMI and their popping forms (SDM vol. 1, 8.3.6). Op.Src is 1 when a QNaN is invalid.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class X87Comparison
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Fcom_st0_sti, Code.Fcom_st0_sti_DCD0, Code.Fcomp_st0_sti, Code.Fcomp_st0_sti_DCD8, Code.Fcomp_st0_sti_DED0,
            Code.Fucom_st0_sti, Code.Fucomp_st0_sti, Code.Fcompp, Code.Fucompp], &BuildRegister);
        table.Add([Code.Fcomi_st0_sti, Code.Fcomip_st0_sti, Code.Fucomi_st0_sti, Code.Fucomip_st0_sti], &BuildToFlags);
        table.Add([Code.Fcom_m32fp, Code.Fcomp_m32fp], &BuildMemory<OperandBinary32>);
        table.Add([Code.Fcom_m64fp, Code.Fcomp_m64fp], &BuildMemory<OperandBinary64>);
        table.Add([Code.Ficom_m16int, Code.Ficomp_m16int], &BuildMemory<OperandInt16>);
        table.Add([Code.Ficom_m32int, Code.Ficomp_m32int], &BuildMemory<OperandInt32>);
        table.Add(Code.Ftst, &BuildTest);
        table.Add(Code.Fxam, &BuildExamine);
    }

    private static void BuildRegister(BlockBuilder b)
    {
        Code code = b.Instruction.Code;
        bool isPair = code is Code.Fcompp or Code.Fucompp;
        if (!X87Forms.Begin(b, isPair ? -1 : 1)) return;
        if (isPair) b.Op->Aux = 1;
        b.Op->Dst = (ushort)(isPair ? 2 : code is Code.Fcom_st0_sti or Code.Fcom_st0_sti_DCD0 or Code.Fucom_st0_sti ? 0 : 1);
        b.Op->Src = code is Code.Fucom_st0_sti or Code.Fucomp_st0_sti or Code.Fucompp ? (ushort)0 : (ushort)1;
        b.Emit(&WithRegister);
    }

    private static void BuildToFlags(BlockBuilder b)
    {
        Code code = b.Instruction.Code;
        if (!X87Forms.Begin(b, 1, pops: code is Code.Fcomip_st0_sti or Code.Fucomip_st0_sti ? 1 : 0)) return;
        b.Op->Src = code is Code.Fcomi_st0_sti or Code.Fcomip_st0_sti ? (ushort)1 : (ushort)0;
        b.Emit(&ToFlags);
    }

    private static void BuildMemory<TOperand>(BlockBuilder b) where TOperand : struct, IX87Operand
    {
        bool isPopping = b.Instruction.Code is Code.Fcomp_m32fp or Code.Fcomp_m64fp or Code.Ficomp_m16int or Code.Ficomp_m32int;
        if (X87Forms.BeginMemory(b, pops: isPopping ? 1 : 0)) b.Emit(&WithMemory<TOperand>);
    }

    private static void BuildTest(BlockBuilder b)
    {
        if (X87Forms.Begin(b)) b.Emit(&Test);
    }

    private static void BuildExamine(BlockBuilder b)
    {
        if (X87Forms.Begin(b)) b.Emit(&Examine);
    }

    [MethodImpl(Jit.Handler)]
    private static void WithRegister(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoRegister(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoRegister(Cpu* cpu, Op* op)
    {
        FpExceptions raised = FpExceptions.None;
        FpRelation relation = Compare(cpu, op->Aux, op->Src != 0, ref raised);
        Finish(cpu, op, relation, raised);
    }

    private static FpRelation Compare(Cpu* cpu, int index, bool isSignalling, ref FpExceptions raised)
    {
        if (X87Stack.IsValid(cpu, 0) && X87Stack.IsValid(cpu, index))
            return X87.Compare(X87Stack.Get(cpu, 0), X87Stack.Get(cpu, index), isSignalling, ref raised);
        raised = X87Stack.Underflow;
        return FpRelation.Unordered;
    }

    /// <summary>C3, C2 and C0 from a relation; then pops.</summary>
    private static void Finish(Cpu* cpu, Op* op, FpRelation relation, FpExceptions raised)
    {
        // The conditions are set even when the exception is unmasked.
        bool isComplete = X87Stack.Complete(cpu, op, raised);
        X87Stack.SetConditions(cpu, relation switch
        {
            FpRelation.Unordered => X87Stack.C3 | X87Stack.C2 | X87Stack.C0,
            FpRelation.Less => X87Stack.C0,
            FpRelation.Equal => X87Stack.C3,
            _ => 0,
        });
        if (isComplete) X87Stack.Pop(cpu, op->Dst);
    }

    [MethodImpl(Jit.Handler)]
    private static void WithMemory<TOperand>(Cpu* cpu, Op* op) where TOperand : struct, IX87Operand
    {
        if (!X87Stack.Begin(cpu, op)) return;
        if (!X87Forms.Read<TOperand>(cpu, op, out ulong value)) return;
        DoMemory<TOperand>(cpu, op, value);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoMemory<TOperand>(Cpu* cpu, Op* op, ulong value) where TOperand : struct, IX87Operand
    {
        FpExceptions raised = FpExceptions.None;
        FpRelation relation = FpRelation.Unordered;
        if (X87Stack.IsValid(cpu, 0))
        {
            FpExceptions converting = FpExceptions.None;
            Float80 source = TOperand.Convert(value, ref converting);
            relation = X87.Compare(X87Stack.Get(cpu, 0), source, signalling: true, ref raised);
            raised |= relation == FpRelation.Unordered ? converting & ~FpExceptions.Denormal : converting;
        }
        else raised = X87Stack.Underflow;
        Finish(cpu, op, relation, raised);
    }

    [MethodImpl(Jit.Handler)]
    private static void Test(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoTest(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoTest(Cpu* cpu, Op* op)
    {
        FpExceptions raised = FpExceptions.None;
        FpRelation relation = FpRelation.Unordered;
        if (X87Stack.IsValid(cpu, 0)) relation = X87.Compare(X87Stack.Get(cpu, 0), Float80.Zero, signalling: true, ref raised);
        else raised = X87Stack.Underflow;
        Finish(cpu, op, relation, raised);
    }

    /// <summary>FCOMI and FUCOMI: ZF, PF and CF; OF, SF and AF are cleared (SDM vol. 2A, FCOMI).</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void ToFlags(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoToFlags(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoToFlags(Cpu* cpu, Op* op)
    {
        FpExceptions raised = FpExceptions.None;
        FpRelation relation = Compare(cpu, op->Aux, op->Src != 0, ref raised);
        Flags.SetStatus(cpu, FloatCompare.StatusOf(relation));
        // C1 only says which stack fault it was: without one it is left alone.
        int kept = (raised & FpExceptions.StackFault) == 0 ? cpu->Fsw & X87Stack.C1 : 0;
        bool isComplete = X87Stack.Complete(cpu, op, raised);
        cpu->Fsw |= (ushort)kept;
        if (isComplete) X87Stack.Pop(cpu, op->Dst);
    }

    [MethodImpl(Jit.Handler)]
    private static void Examine(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoExamine(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoExamine(Cpu* cpu, Op* op)
    {
        Float80 value = X87Stack.Get(cpu, 0);
        int conditions = X87Stack.IsValid(cpu, 0)
            ? X87.Examine(value)
            : X87Stack.C3 | X87Stack.C0 | (value.IsNegative ? X87Stack.C1 : 0);
        X87Stack.Complete(cpu, op, FpExceptions.None);
        cpu->Fsw = (ushort)((cpu->Fsw & ~(X87Stack.C0 | X87Stack.C1 | X87Stack.C2 | X87Stack.C3)) | conditions);
    }
}
