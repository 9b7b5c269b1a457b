using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hv.X86.Interpreter;

/// <summary>Handlers by operand form; what they compute is a type argument. The immediate, if any, is in <see
/// cref="Op.Aux"/>.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class VectorForms
{
    /// <summary>xmm, xmm.</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    public static void Sse<T>(Cpu* cpu, Op* op) where T : struct, IVectorImmOp
    {
        Xmm.SetLow(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Dst), Xmm.Low(cpu, op->Src), op->Aux));
        Chain.Next(cpu, op);
    }

    /// <summary>xmm, m128: #GP(0) unless aligned (SDM vol. 1, 10.4.1.1).</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    public static void SseMemory<T>(Cpu* cpu, Op* op) where T : struct, IVectorImmOp
    {
        if (!Memory.ReadAligned(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> source)) return;
        Xmm.SetLow(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Dst), source, op->Aux));
        Chain.Next(cpu, op);
    }

    /// <summary>xmm, a smaller memory operand, zero-extended; no alignment needed.</summary>
    [MethodImpl(Jit.Handler)]
    public static void SseSmall<T, TMemory>(Cpu* cpu, Op* op) where T : struct, IVectorImmOp where TMemory : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(TMemory)), out TMemory source)) return;
        Xmm.SetLow(cpu, op->Dst,
            T.Apply(Xmm.Low(cpu, op->Dst), Vector128.CreateScalar(Int.From(source)).AsByte(), op->Aux));
        Chain.Next(cpu, op);
    }

    /// <summary>VEX.128: xmm, xmm, xmm.</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    public static void Vex128<T>(Cpu* cpu, Op* op) where T : struct, IVectorImmOp
    {
        Xmm.SetOnly(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Src), Xmm.Low(cpu, op->Src2), op->Aux));
        Chain.Next(cpu, op);
    }

    /// <summary>VEX.128: xmm, xmm, m128.</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    public static void Vex128Memory<T>(Cpu* cpu, Op* op) where T : struct, IVectorImmOp
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> source)) return;
        Xmm.SetOnly(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Src), source, op->Aux));
        Chain.Next(cpu, op);
    }

    /// <summary>VEX.128 with a smaller memory operand, zero-extended.</summary>
    [MethodImpl(Jit.Handler)]
    public static void Vex128Small<T, TMemory>(Cpu* cpu, Op* op) where T : struct, IVectorImmOp
        where TMemory : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(TMemory)), out TMemory source)) return;
        Xmm.SetOnly(cpu, op->Dst,
            T.Apply(Xmm.Low(cpu, op->Src), Vector128.CreateScalar(Int.From(source)).AsByte(), op->Aux));
        Chain.Next(cpu, op);
    }

    /// <summary>VEX.256: ymm, ymm, ymm.</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    public static void Vex256<T>(Cpu* cpu, Op* op) where T : struct, IVectorImmOp
    {
        // A lane's result depends on the same lane of the sources only, so the destination may be a source.
        Xmm.SetLow(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Src), Xmm.Low(cpu, op->Src2), op->Aux));
        Xmm.SetHigh(cpu, op->Dst, T.Apply(Xmm.High(cpu, op->Src), Xmm.High(cpu, op->Src2), op->Aux));
        Chain.Next(cpu, op);
    }

    /// <summary>VEX.256: ymm, ymm, m256.</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    public static void Vex256Memory<T>(Cpu* cpu, Op* op) where T : struct, IVectorImmOp
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out Vector256<byte> source)) return;
        Xmm.SetLow(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Src), source.GetLower(), op->Aux));
        Xmm.SetHigh(cpu, op->Dst, T.Apply(Xmm.High(cpu, op->Src), source.GetUpper(), op->Aux));
        Chain.Next(cpu, op);
    }

    /// <summary>VEX.256 shift: ymm, ymm, xmm: one count for both lanes.</summary>
    [MethodImpl(Jit.Handler)]
    public static void Vex256Count<T>(Cpu* cpu, Op* op) where T : struct, IVectorShift
    {
        ulong count = Xmm.Low(cpu, op->Src2).AsUInt64().ToScalar();
        Xmm.SetLow(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Src), count));
        Xmm.SetHigh(cpu, op->Dst, T.Apply(Xmm.High(cpu, op->Src), count));
        Chain.Next(cpu, op);
    }

    /// <summary>VEX.256 shift: ymm, ymm, m128.</summary>
    [MethodImpl(Jit.Handler)]
    public static void Vex256CountMemory<T>(Cpu* cpu, Op* op) where T : struct, IVectorShift
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> source)) return;
        ulong count = source.AsUInt64().ToScalar();
        Xmm.SetLow(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Src), count));
        Xmm.SetHigh(cpu, op->Dst, T.Apply(Xmm.High(cpu, op->Src), count));
        Chain.Next(cpu, op);
    }

    /// <summary>VEX.256 widening: ymm, xmm. The upper half of the source's elements goes to the high lane.</summary>
    [MethodImpl(Jit.Handler)]
    public static void Widen256<T, TMemory>(Cpu* cpu, Op* op) where T : struct, IVectorOp where TMemory : unmanaged
    {
        Widen<T, TMemory>(cpu, op, Xmm.Low(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    /// <summary>VEX.256 widening from memory.</summary>
    [MethodImpl(Jit.Handler)]
    public static void Widen256Memory<T, TMemory>(Cpu* cpu, Op* op) where T : struct, IVectorOp
        where TMemory : unmanaged
    {
        if (sizeof(TMemory) == 16)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> source)) return;
            Widen<T, TMemory>(cpu, op, source);
        }
        else
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(TMemory)), out TMemory source)) return;
            Widen<T, TMemory>(cpu, op, Vector128.CreateScalar(Int.From(source)).AsByte());
        }
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Inline)]
    private static void Widen<T, TMemory>(Cpu* cpu, Op* op, Vector128<byte> source) where T : struct, IVectorOp
        where TMemory : unmanaged
    {
        ulong upper = sizeof(TMemory) == 16 ? source.AsUInt64().GetElement(1)
            : source.AsUInt64().ToScalar() >> (sizeof(TMemory) * 4);
        Xmm.SetLow(cpu, op->Dst, T.Apply(source, source));
        Xmm.SetHigh(cpu, op->Dst, T.Apply(source, Vector128.CreateScalar(upper).AsByte()));
    }

    /// <summary>mm, mm.</summary>
    [MethodImpl(Jit.Handler)]
    public static void Mm<T>(Cpu* cpu, Op* op) where T : struct, IMmxOp
    {
        if (!Mmx.Begin(cpu, op)) return;
        Mmx.Enter(cpu);
        Mmx.Set(cpu, op->Dst, T.Apply(Mmx.Get(cpu, op->Dst), Mmx.Get(cpu, op->Src), op->Aux));
        Chain.Next(cpu, op);
    }

    /// <summary>mm, m64 (m32 for the interleaves of low halves).</summary>
    [MethodImpl(Jit.Handler)]
    public static void MmMemory<T, TMemory>(Cpu* cpu, Op* op) where T : struct, IMmxOp where TMemory : unmanaged
    {
        if (!Mmx.Begin(cpu, op)) return;
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(TMemory)), out TMemory source)) return;
        Mmx.Enter(cpu);
        Mmx.Set(cpu, op->Dst, T.Apply(Mmx.Get(cpu, op->Dst), Int.From(source), op->Aux));
        Chain.Next(cpu, op);
    }
}
