using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Whether a class of instructions may run in the block's mode (SDM vol. 2, 2.4; vol. 3, 2.5).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class VectorBuild
{
    /// <summary>Legacy SSE: #UD under CR0.EM or without CR4.OSFXSR, #NM under CR0.TS. False: emitted.</summary>
    public static bool IsSseAvailable(BlockBuilder b)
    {
        if ((b.Mode & CodeMode.Emulate) != 0 || (b.Mode & CodeMode.Osfxsr) == 0)
        {
            b.Undefined();
            return false;
        }
        return IsTaskCurrent(b);
    }

    /// <summary>VEX: #UD without CR4.OSXSAVE and XCR0[2:1] = 11, or in real and virtual-8086 mode; #NM under CR0.TS.
    /// False: emitted.</summary>
    public static bool IsAvxAvailable(BlockBuilder b)
    {
        if ((b.Mode & CodeMode.Avx) == 0 || (b.Mode & CodeMode.Protected) == 0 || (b.Mode & CodeMode.Virtual8086) != 0)
        {
            b.Undefined();
            return false;
        }
        return IsTaskCurrent(b);
    }

    /// <summary>MMX: #UD under CR0.EM, #NM under CR0.TS. False: emitted.</summary>
    public static bool IsMmxAvailable(BlockBuilder b)
    {
        if ((b.Mode & CodeMode.Emulate) != 0)
        {
            b.Undefined();
            return false;
        }
        return IsTaskCurrent(b);
    }

    /// <summary>#NM under CR0.TS. False: emitted.</summary>
    public static bool IsTaskCurrent(BlockBuilder b)
    {
        if ((b.Mode & CodeMode.TaskSwitched) == 0) return true;
        b.EmitEnd(&Fault.DeviceNotAvailableOp);
        return false;
    }

    /// <summary>Keeps an 8-bit immediate, when the last operand is one, in <see cref="Op.Aux"/>.</summary>
    public static void TakeImmediate(BlockBuilder b)
    {
        int last = b.Instruction.OpCount - 1;
        if (b.Instruction.GetOpKind(last) == OpKind.Immediate8) b.Op->Aux = b.Instruction.Immediate8;
    }

    /// <summary>Sets the operands of a VEX instruction: destination, first source, second source. With one source, both
    /// are it. Returns the number of the operand that may lie in memory.</summary>
    public static int TakeVexOperands(BlockBuilder b)
    {
        Op* op = b.Op;
        op->Dst = b.Register(0);
        TakeImmediate(b);
        bool hasTwoSources = b.Instruction.OpCount > 2 && b.Instruction.GetOpKind(2) != OpKind.Immediate8;
        int last = hasTwoSources ? 2 : 1;
        if (!b.IsMemory(last)) op->Src = op->Src2 = b.Register(last);
        if (hasTwoSources) op->Src = b.Register(1);
        return last;
    }
}

/// <summary>Builders of the forms of one operation on vectors.</summary>
internal static unsafe class VectorRows<T> where T : struct, IVectorImmOp
{
    public static void Sse(BlockBuilder b)
    {
        if (!VectorBuild.IsSseAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        VectorBuild.TakeImmediate(b);
        if (b.IsMemory(1))
        {
            b.Emit(&VectorForms.SseMemory<T>);
            return;
        }
        b.Op->Src = b.IsImmediate(1) ? b.Op->Dst : b.Register(1);
        b.Emit(&VectorForms.Sse<T>);
    }

    public static void Vex128(BlockBuilder b)
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        if (b.IsMemory(VectorBuild.TakeVexOperands(b))) b.Emit(&VectorForms.Vex128Memory<T>);
        else b.Emit(&VectorForms.Vex128<T>);
    }

    public static void Vex256(BlockBuilder b)
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        if (b.IsMemory(VectorBuild.TakeVexOperands(b))) b.Emit(&VectorForms.Vex256Memory<T>);
        else b.Emit(&VectorForms.Vex256<T>);
    }
}

/// <summary>Builders of the forms whose memory operand is smaller than a lane.</summary>
internal static unsafe class SmallRows<T, TMemory> where T : struct, IVectorImmOp where TMemory : unmanaged
{
    public static void Sse(BlockBuilder b)
    {
        if (!VectorBuild.IsSseAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        VectorBuild.TakeImmediate(b);
        if (b.IsMemory(1))
        {
            b.Emit(&VectorForms.SseSmall<T, TMemory>);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(&VectorForms.Sse<T>);
    }

    public static void Vex128(BlockBuilder b)
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        if (b.IsMemory(VectorBuild.TakeVexOperands(b))) b.Emit(&VectorForms.Vex128Small<T, TMemory>);
        else b.Emit(&VectorForms.Vex128<T>);
    }
}

/// <summary>Builders of 256-bit shifts by a count in an XMM register or m128.</summary>
internal static unsafe class ShiftRows<T> where T : struct, IVectorShift
{
    public static void Vex256(BlockBuilder b)
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        if (b.IsMemory(VectorBuild.TakeVexOperands(b))) b.Emit(&VectorForms.Vex256CountMemory<T>);
        else b.Emit(&VectorForms.Vex256Count<T>);
    }
}

/// <summary>Builders of MMX operations; TMemory is the width of the memory operand.</summary>
internal static unsafe class MmxRows<T, TMemory> where T : struct, IMmxOp where TMemory : unmanaged
{
    public static void Build(BlockBuilder b)
    {
        if (!VectorBuild.IsMmxAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        VectorBuild.TakeImmediate(b);
        if (b.IsMemory(1))
        {
            b.Emit(&VectorForms.MmMemory<T, TMemory>);
            return;
        }
        b.Op->Src = b.IsImmediate(1) ? b.Op->Dst : b.Register(1);
        b.Emit(&VectorForms.Mm<T>);
    }
}

/// <summary>Builders of 256-bit widenings; TMemory is the whole source operand: 16, 8 or 4 bytes.</summary>
internal static unsafe class WidenRows<T, TMemory> where T : struct, IVectorOp where TMemory : unmanaged
{
    public static void Vex256(BlockBuilder b)
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        if (b.IsMemory(VectorBuild.TakeVexOperands(b))) b.Emit(&VectorForms.Widen256Memory<T, TMemory>);
        else b.Emit(&VectorForms.Widen256<T, TMemory>);
    }
}
