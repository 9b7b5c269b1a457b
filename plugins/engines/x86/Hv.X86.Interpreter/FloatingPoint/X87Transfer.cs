using System.Runtime.CompilerServices;
using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>x87 loads, stores, exchanges, conditional moves and constants (SDM vol. 1, 8.3.3 and 8.3.4).</summary>
// SAFETY (whole class): memory goes through Memory; registers through X87Stack.
internal static unsafe class X87Transfer
{
    public static void Register(OpTable table)
    {
        table.Add(Code.Fld_m32fp, &BuildLoad<OperandBinary32>);
        table.Add(Code.Fld_m64fp, &BuildLoad<OperandBinary64>);
        table.Add(Code.Fild_m16int, &BuildLoad<OperandInt16>);
        table.Add(Code.Fild_m32int, &BuildLoad<OperandInt32>);
        table.Add(Code.Fild_m64int, &BuildLoad<OperandInt64>);
        table.Add(Code.Fld_m80fp, &BuildLoad80);
        table.Add(Code.Fbld_m80bcd, &BuildLoadBcd);
        table.Add(Code.Fld_sti, &BuildLoadRegister);

        table.Add(Code.Fst_m32fp, &BuildStore<StoreBinary32, uint>);
        table.Add(Code.Fst_m64fp, &BuildStore<StoreBinary64, ulong>);
        table.Add(Code.Fist_m16int, &BuildStore<StoreInt16, ushort>);
        table.Add(Code.Fist_m32int, &BuildStore<StoreInt32, uint>);
        table.Add(Code.Fstp_m32fp, &BuildStorePop<StoreBinary32, uint>);
        table.Add(Code.Fstp_m64fp, &BuildStorePop<StoreBinary64, ulong>);
        table.Add(Code.Fistp_m16int, &BuildStorePop<StoreInt16, ushort>);
        table.Add(Code.Fistp_m32int, &BuildStorePop<StoreInt32, uint>);
        table.Add(Code.Fistp_m64int, &BuildStorePop<StoreInt64, ulong>);
        table.Add(Code.Fisttp_m16int, &BuildStorePop<TruncateInt16, ushort>);
        table.Add(Code.Fisttp_m32int, &BuildStorePop<TruncateInt32, uint>);
        table.Add(Code.Fisttp_m64int, &BuildStorePop<TruncateInt64, ulong>);
        table.Add(Code.Fstp_m80fp, &BuildStore80);
        table.Add(Code.Fbstp_m80bcd, &BuildStoreBcd);
        table.Add(Code.Fst_sti, &BuildCopy);
        table.Add(Code.Fstpnce_sti, &BuildCopyQuietly);
        table.Add([Code.Fstp_sti, Code.Fstp_sti_DFD0, Code.Fstp_sti_DFD8], &BuildCopyPop);

        table.Add([Code.Fxch_st0_sti, Code.Fxch_st0_sti_DDC8, Code.Fxch_st0_sti_DFC8], &BuildExchange);
        table.Add([Code.Fcmovb_st0_sti, Code.Fcmove_st0_sti, Code.Fcmovbe_st0_sti, Code.Fcmovu_st0_sti,
            Code.Fcmovnb_st0_sti, Code.Fcmovne_st0_sti, Code.Fcmovnbe_st0_sti, Code.Fcmovnu_st0_sti], &BuildConditional);
        table.Add(Code.Fld1, &BuildSimpleConstant<LoadOne>);
        table.Add(Code.Fldz, &BuildSimpleConstant<LoadZero>);
        table.Add([Code.Fldpi, Code.Fldl2e, Code.Fldl2t, Code.Fldlg2, Code.Fldln2], &BuildConstant);
    }

    private static void BuildLoad<TOperand>(BlockBuilder b) where TOperand : struct, IX87Operand
    {
        if (X87Forms.BeginMemory(b)) b.Emit(&Load<TOperand>);
    }

    private static void BuildLoad80(BlockBuilder b)
    {
        if (X87Forms.BeginMemory(b)) b.Emit(&Load80);
    }

    private static void BuildLoadBcd(BlockBuilder b)
    {
        if (X87Forms.BeginMemory(b)) b.Emit(&LoadBcd);
    }

    private static void BuildLoadRegister(BlockBuilder b)
    {
        if (X87Forms.Begin(b, 0)) b.Emit(&LoadRegister);
    }

    private static void BuildStore<TStore, T>(BlockBuilder b) where TStore : struct, IX87Store where T : unmanaged
    {
        if (X87Forms.BeginMemory(b)) b.Emit(&Store<TStore, T>);
    }

    private static void BuildStorePop<TStore, T>(BlockBuilder b) where TStore : struct, IX87Store where T : unmanaged
    {
        if (X87Forms.BeginMemory(b, pops: 1)) b.Emit(&Store<TStore, T>);
    }

    private static void BuildStore80(BlockBuilder b)
    {
        if (X87Forms.BeginMemory(b, pops: 1)) b.Emit(&Store80);
    }

    private static void BuildStoreBcd(BlockBuilder b)
    {
        if (X87Forms.BeginMemory(b, pops: 1)) b.Emit(&StoreBcd);
    }

    private static void BuildCopy(BlockBuilder b)
    {
        if (X87Forms.Begin(b, 0)) b.Emit(&Copy);
    }

    private static void BuildCopyPop(BlockBuilder b)
    {
        if (X87Forms.Begin(b, 0, pops: 1)) b.Emit(&Copy);
    }

    private static void BuildCopyQuietly(BlockBuilder b)
    {
        if (X87Forms.Begin(b, 0, pops: 1)) b.Emit(&CopyQuietly);
    }

    private static void BuildExchange(BlockBuilder b)
    {
        if (X87Forms.Begin(b, 1)) b.Emit(&Exchange);
    }

    private static void BuildConditional(BlockBuilder b)
    {
        if (!X87Forms.Begin(b, 1)) return;
        // Dst: which flags; Src: 1 to move when none of them is set.
        b.Op->Dst = (ushort)(b.Instruction.Code switch
        {
            Code.Fcmovb_st0_sti or Code.Fcmovnb_st0_sti => Flags.Cf,
            Code.Fcmove_st0_sti or Code.Fcmovne_st0_sti => Flags.Zf,
            Code.Fcmovbe_st0_sti or Code.Fcmovnbe_st0_sti => Flags.Cf | Flags.Zf,
            _ => Flags.Pf,
        });
        b.Op->Src = b.Instruction.Code is Code.Fcmovnb_st0_sti or Code.Fcmovne_st0_sti or Code.Fcmovnbe_st0_sti or Code.Fcmovnu_st0_sti
            ? (ushort)1
            : (ushort)0;
        b.Emit(&MoveConditional);
    }

    private static void BuildSimpleConstant<TConstant>(BlockBuilder b) where TConstant : struct, IX87Value
    {
        if (X87Forms.Begin(b)) b.Emit(&LoadSimple<TConstant>);
    }

    private static void BuildConstant(BlockBuilder b)
    {
        if (!X87Forms.Begin(b)) return;
        b.Op->Aux = (ushort)(b.Instruction.Code switch
        {
            Code.Fldpi => X87Constant.Pi,
            Code.Fldl2e => X87Constant.Log2E,
            Code.Fldl2t => X87Constant.Log2Ten,
            Code.Fldlg2 => X87Constant.Log10Two,
            _ => X87Constant.Ln2,
        });
        b.Emit(&LoadConstant);
    }

    /// <summary>Hot path:</summary>
    [MethodImpl(Jit.Handler)]
    private static void Load<TOperand>(Cpu* cpu, Op* op) where TOperand : struct, IX87Operand
    {
        if (!X87Stack.Begin(cpu, op)) return;
        if (!X87Forms.Read<TOperand>(cpu, op, out ulong value)) return;
        DoLoad<TOperand>(cpu, op, value);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoLoad<TOperand>(Cpu* cpu, Op* op, ulong value) where TOperand : struct, IX87Operand
    {
        FpExceptions raised = FpExceptions.None;
        Float80 converted = TOperand.Convert(value, ref raised);
        X87Stack.Push(cpu, op, converted, raised);
    }

    /// <summary>Hot path:</summary>
    [MethodImpl(Jit.Handler)]
    private static void Load80(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        if (!ReadTenBytes(cpu, op)) return;
        PushTenBytes(cpu, op);
        Chain.Next(cpu, op);
    }

    /// <summary>Reads ten bytes into FloatOperands; both pieces before anything changes.</summary>
    [MethodImpl(Jit.Cold)]
    private static bool ReadTenBytes(Cpu* cpu, Op* op)
    {
        ulong linear = Address.Linear(cpu, op, 10);
        if (!Memory.Read(cpu, op, linear, out ulong low)) return false;
        if (!Elements.Read(cpu, op, Following(cpu, linear), out ushort high)) return false;
        *(Float80*)&cpu->FloatOperands = new Float80(low, high);
        return true;
    }

    /// <summary>The linear address of the last two of ten bytes; a poisoned address stays poisoned.</summary>
    private static ulong Following(Cpu* cpu, ulong linear)
        => linear == Memory.Poison ? linear : (cpu->Mode & CodeMode.Code64) != 0 ? linear + 8 : (uint)(linear + 8);

    [MethodImpl(Jit.Cold)]
    private static void PushTenBytes(Cpu* cpu, Op* op)
        => X87Stack.Push(cpu, op, *(Float80*)&cpu->FloatOperands, FpExceptions.None);

    [MethodImpl(Jit.Handler)]
    private static void LoadBcd(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        if (!ReadTenBytes(cpu, op)) return;
        PushBcd(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void PushBcd(Cpu* cpu, Op* op)
    {
        Float80 image = *(Float80*)&cpu->FloatOperands;
        X87Stack.Push(cpu, op, X87.FromBcd(image.Significand, image.SignExponent), FpExceptions.None);
    }

    /// <summary>FLD ST(i).</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void LoadRegister(Cpu* cpu, Op* op)
    {
        if (X87Stack.AreReady(cpu, op->Aux) && !X87Stack.IsValid(cpu, -1))
        {
            ulong* from = X87Stack.Slot(cpu, op->Aux);
            ulong* to = X87Stack.Slot(cpu, -1);
            to[0] = from[0];
            to[1] = from[1];
            X87Stack.CompleteQuietly(cpu, op);
            cpu->Fsw = (ushort)((cpu->Fsw & ~0x3800) | ((cpu->Fsw - 0x800) & 0x3800));
            cpu->Ftw |= (byte)(1 << X87Stack.Physical(cpu, 0));
        }
        else
        {
            if (!X87Stack.Begin(cpu, op)) return;
            DoLoadRegister(cpu, op);
        }
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoLoadRegister(Cpu* cpu, Op* op)
    {
        bool isValid = X87Stack.IsValid(cpu, op->Aux);
        Float80 value = isValid ? X87Stack.Get(cpu, op->Aux) : Float80.Indefinite;
        X87Stack.Push(cpu, op, value, isValid ? FpExceptions.None : X87Stack.Underflow);
    }

    [MethodImpl(Jit.Handler)]
    private static void LoadSimple<TConstant>(Cpu* cpu, Op* op) where TConstant : struct, IX87Value
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoLoadSimple<TConstant>(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoLoadSimple<TConstant>(Cpu* cpu, Op* op) where TConstant : struct, IX87Value
        => X87Stack.Push(cpu, op, TConstant.Value, FpExceptions.None);

    [MethodImpl(Jit.Handler)]
    private static void LoadConstant(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoLoadConstant(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoLoadConstant(Cpu* cpu, Op* op)
        => X87Stack.Push(cpu, op, X87.Constant((X87Constant)op->Aux, new X87Control(cpu->Fcw)), FpExceptions.None);

    /// <summary>Stores ST(0) in a narrower format, then pops Dst registers.</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Store<TStore, T>(Cpu* cpu, Op* op) where TStore : struct, IX87Store where T : unmanaged
    {
        if (!X87Stack.Begin(cpu, op)) return;
        if (!DoStore<TStore, T>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool DoStore<TStore, T>(Cpu* cpu, Op* op) where TStore : struct, IX87Store where T : unmanaged
    {
        FpExceptions raised = FpExceptions.None;
        ulong value = TStore.Indefinite;
        if (X87Stack.IsValid(cpu, 0)) value = TStore.Convert(X87Stack.Get(cpu, 0), new X87Control(cpu->Fcw), ref raised);
        else raised = X87Stack.Underflow;
        bool isStored = X87Stack.IsStored(cpu, raised);
        ulong linear = Address.Linear(cpu, op, sizeof(T), isWrite: true);
        // A store that an unmasked exception keeps back faults all the same.
        if (!(isStored ? Memory.WriteInt<T>(cpu, op, linear, value) : Memory.ProbeWrite(cpu, op, linear, sizeof(T)))) return false;
        X87Stack.Complete(cpu, op, raised);
        if (isStored) X87Stack.Pop(cpu, op->Dst);
        return true;
    }

    [MethodImpl(Jit.Handler)]
    private static void Store80(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        if (!DoStore80(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool DoStore80(Cpu* cpu, Op* op)
    {
        bool isValid = X87Stack.IsValid(cpu, 0);
        return WriteTenBytes(cpu, op, isValid ? X87Stack.Get(cpu, 0) : Float80.Indefinite, isValid ? FpExceptions.None : X87Stack.Underflow);
    }

    [MethodImpl(Jit.Handler)]
    private static void StoreBcd(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        if (!DoStoreBcd(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool DoStoreBcd(Cpu* cpu, Op* op)
    {
        FpExceptions raised = FpExceptions.None;
        // The BCD indefinite (SDM vol. 1, table 4-4).
        (ulong digits, ushort sign) = (0xC000_0000_0000_0000, (ushort)0xFFFF);
        if (X87Stack.IsValid(cpu, 0)) (digits, sign) = X87.ToBcd(X87Stack.Get(cpu, 0), new X87Control(cpu->Fcw).Rounding, ref raised);
        else raised = X87Stack.Underflow;
        return WriteTenBytes(cpu, op, new Float80(digits, sign), raised);
    }

    private static bool WriteTenBytes(Cpu* cpu, Op* op, Float80 value, FpExceptions raised)
    {
        bool isStored = X87Stack.IsStored(cpu, raised);
        ulong linear = Address.Linear(cpu, op, 10, isWrite: true);
        // Both pieces are probed before either is written; a store that an unmasked exception keeps back faults all the same.
        if (!Memory.ProbeWrite(cpu, op, linear, 8) || !Elements.ProbeWrite(cpu, op, Following(cpu, linear), 2)) return false;
        if (isStored)
        {
            if (!Memory.Write(cpu, op, linear, value.Significand)) return false;
            if (!Elements.Write(cpu, op, Following(cpu, linear), value.SignExponent)) return false;
        }
        X87Stack.Complete(cpu, op, raised);
        if (isStored) X87Stack.Pop(cpu, op->Dst);
        return true;
    }

    /// <summary>FST ST(i) and FSTP ST(i).</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Copy(Cpu* cpu, Op* op)
    {
        if (X87Stack.AreReady(cpu, op->Aux))
        {
            ulong* from = X87Stack.Slot(cpu, 0);
            ulong* to = X87Stack.Slot(cpu, op->Aux);
            to[0] = from[0];
            to[1] = from[1];
            X87Stack.CompleteQuietly(cpu, op);
            X87Stack.Pop(cpu, op->Dst);
        }
        else
        {
            if (!X87Stack.Begin(cpu, op)) return;
            DoCopy(cpu, op);
        }
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoCopy(Cpu* cpu, Op* op)
    {
        bool isValid = X87Stack.IsValid(cpu, 0);
        Float80 value = isValid ? X87Stack.Get(cpu, 0) : Float80.Indefinite;
        if (!X87Stack.Complete(cpu, op, isValid ? FpExceptions.None : X87Stack.Underflow)) return;
        X87Stack.Set(cpu, op->Aux, value);
        X87Stack.Pop(cpu, op->Dst);
    }

    /// <summary>FSTPNCE, the undocumented D9 D8: as FSTP ST(i), but an empty register raises nothing and is not copied.</summary>
    [MethodImpl(Jit.Handler)]
    private static void CopyQuietly(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoCopyQuietly(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoCopyQuietly(Cpu* cpu, Op* op)
    {
        X87Stack.Complete(cpu, op, FpExceptions.None);
        if (X87Stack.IsValid(cpu, 0)) X87Stack.Set(cpu, op->Aux, X87Stack.Get(cpu, 0));
        X87Stack.Pop(cpu, op->Dst);
    }

    /// <summary>Hot path:</summary>
    [MethodImpl(Jit.Handler)]
    private static void Exchange(Cpu* cpu, Op* op)
    {
        if (X87Stack.AreReady(cpu, op->Aux))
        {
            ulong* top = X87Stack.Slot(cpu, 0);
            ulong* other = X87Stack.Slot(cpu, op->Aux);
            (top[0], other[0]) = (other[0], top[0]);
            (top[1], other[1]) = (other[1], top[1]);
            X87Stack.CompleteQuietly(cpu, op);
        }
        else
        {
            if (!X87Stack.Begin(cpu, op)) return;
            DoExchange(cpu, op);
        }
        Chain.Next(cpu, op);
    }

    /// <summary>An empty register counts as the indefinite when stack underflow is masked.</summary>
    [MethodImpl(Jit.Cold)]
    private static void DoExchange(Cpu* cpu, Op* op)
    {
        bool isTopValid = X87Stack.IsValid(cpu, 0), isOtherValid = X87Stack.IsValid(cpu, op->Aux);
        Float80 top = isTopValid ? X87Stack.Get(cpu, 0) : Float80.Indefinite;
        Float80 other = isOtherValid ? X87Stack.Get(cpu, op->Aux) : Float80.Indefinite;
        if (!X87Stack.Complete(cpu, op, isTopValid && isOtherValid ? FpExceptions.None : X87Stack.Underflow)) return;
        X87Stack.Set(cpu, op->Aux, top);
        X87Stack.Set(cpu, 0, other);
    }

    [MethodImpl(Jit.Handler)]
    private static void MoveConditional(Cpu* cpu, Op* op)
    {
        if (!X87Stack.Begin(cpu, op)) return;
        DoMoveConditional(cpu, op);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void DoMoveConditional(Cpu* cpu, Op* op)
    {
        bool isValid = X87Stack.IsValid(cpu, 0) && X87Stack.IsValid(cpu, op->Aux);
        bool isTaken = ((Flags.ReadStatus(cpu) & op->Dst) != 0) != (op->Src != 0);
        if (isValid)
        {
            // C1 only says which stack fault it was: without one it is left alone.
            cpu->Fip = cpu->Rip + op->RipOffset;
            if (isTaken) X87Stack.Set(cpu, 0, X87Stack.Get(cpu, op->Aux));
        }
        else if (X87Stack.Complete(cpu, op, X87Stack.Underflow)) X87Stack.Set(cpu, 0, Float80.Indefinite);
    }
}

/// <summary>A constant without rounding.</summary>
internal interface IX87Value
{
    static abstract Float80 Value { get; }
}

/// <summary>FLD1.</summary>
internal readonly struct LoadOne : IX87Value
{
    public static Float80 Value => Float80.One;
}

/// <summary>FLDZ.</summary>
internal readonly struct LoadZero : IX87Value
{
    public static Float80 Value => Float80.Zero;
}

/// <summary>How ST(0) is converted for a store.</summary>
internal interface IX87Store
{
    /// <summary>What a masked stack underflow stores.</summary>
    static abstract ulong Indefinite { get; }
    static abstract ulong Convert(Float80 value, X87Control control, ref FpExceptions raised);
}

/// <summary>FST m32fp.</summary>
internal readonly struct StoreBinary32 : IX87Store
{
    public static ulong Indefinite => Format<Binary32>.Indefinite;
    public static ulong Convert(Float80 value, X87Control control, ref FpExceptions raised) => X87.ToBinary32(value, control, ref raised);
}

/// <summary>FST m64fp.</summary>
internal readonly struct StoreBinary64 : IX87Store
{
    public static ulong Indefinite => Format<Binary64>.Indefinite;
    public static ulong Convert(Float80 value, X87Control control, ref FpExceptions raised) => X87.ToBinary64(value, control, ref raised);
}

/// <summary>FIST m16int.</summary>
internal readonly struct StoreInt16 : IX87Store
{
    public static ulong Indefinite => 0x8000;
    public static ulong Convert(Float80 value, X87Control control, ref FpExceptions raised)
        => (ulong)X87.ToInteger(value, 16, control.Rounding, ref raised);
}

/// <summary>FIST m32int.</summary>
internal readonly struct StoreInt32 : IX87Store
{
    public static ulong Indefinite => 0x8000_0000;
    public static ulong Convert(Float80 value, X87Control control, ref FpExceptions raised)
        => (ulong)X87.ToInteger(value, 32, control.Rounding, ref raised);
}

/// <summary>FISTP m64int.</summary>
internal readonly struct StoreInt64 : IX87Store
{
    public static ulong Indefinite => 0x8000_0000_0000_0000;
    public static ulong Convert(Float80 value, X87Control control, ref FpExceptions raised)
        => (ulong)X87.ToInteger(value, 64, control.Rounding, ref raised);
}

/// <summary>FISTTP m16int.</summary>
internal readonly struct TruncateInt16 : IX87Store
{
    public static ulong Indefinite => 0x8000;
    public static ulong Convert(Float80 value, X87Control control, ref FpExceptions raised)
        => (ulong)X87.ToInteger(value, 16, FpRounding.Zero, ref raised);
}

/// <summary>FISTTP m32int.</summary>
internal readonly struct TruncateInt32 : IX87Store
{
    public static ulong Indefinite => 0x8000_0000;
    public static ulong Convert(Float80 value, X87Control control, ref FpExceptions raised)
        => (ulong)X87.ToInteger(value, 32, FpRounding.Zero, ref raised);
}

/// <summary>FISTTP m64int.</summary>
internal readonly struct TruncateInt64 : IX87Store
{
    public static ulong Indefinite => 0x8000_0000_0000_0000;
    public static ulong Convert(Float80 value, X87Control control, ref FpExceptions raised)
        => (ulong)X87.ToInteger(value, 64, FpRounding.Zero, ref raised);
}
