using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>NOP, PAUSE, fences, prefetches, cache-line hints, BOUND, UD, RDRAND, RDSEED (SDM vol. 1, 5.1.13 to
/// 5.1.15 and 5.23).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class Miscellaneous
{
    private const uint PausesPerYield = 16;

    public static void Register(OpTable table)
    {
        table.Add([Code.Nopw, Code.Nopd, Code.Nopq, Code.Nop_rm16, Code.Nop_rm32, Code.Nop_rm64, Code.Endbr32,
            Code.Endbr64,
            Code.Prefetch_m8, Code.Prefetchw_m8, Code.Prefetchwt1_m8, Code.Prefetchnta_m8, Code.Prefetcht0_m8,
                Code.Prefetcht1_m8,
            Code.Prefetcht2_m8, Code.Prefetchreserved3_m8, Code.Prefetchreserved4_m8, Code.Prefetchreserved5_m8,
                Code.Prefetchreserved6_m8,
            Code.Prefetchreserved7_m8, Code.Prefetchit0_m8, Code.Prefetchit1_m8, Code.Cldemote_m8,
            Code.Reservednop_rm16_r16_0F0D, Code.Reservednop_rm32_r32_0F0D, Code.Reservednop_rm64_r64_0F0D,
            Code.Reservednop_rm16_r16_0F18, Code.Reservednop_rm32_r32_0F18, Code.Reservednop_rm64_r64_0F18,
            Code.Reservednop_rm16_r16_0F19, Code.Reservednop_rm32_r32_0F19, Code.Reservednop_rm64_r64_0F19,
            Code.Reservednop_rm16_r16_0F1A, Code.Reservednop_rm32_r32_0F1A, Code.Reservednop_rm64_r64_0F1A,
            Code.Reservednop_rm16_r16_0F1B, Code.Reservednop_rm32_r32_0F1B, Code.Reservednop_rm64_r64_0F1B,
            Code.Reservednop_rm16_r16_0F1C, Code.Reservednop_rm32_r32_0F1C, Code.Reservednop_rm64_r64_0F1C,
            Code.Reservednop_rm16_r16_0F1D, Code.Reservednop_rm32_r32_0F1D, Code.Reservednop_rm64_r64_0F1D,
            Code.Reservednop_rm16_r16_0F1E, Code.Reservednop_rm32_r32_0F1E, Code.Reservednop_rm64_r64_0F1E,
            Code.Reservednop_rm16_r16_0F1F, Code.Reservednop_rm32_r32_0F1F, Code.Reservednop_rm64_r64_0F1F,
            Code.Rdsspd_r32, Code.Rdsspq_r64], &Nop);
        table.Add(Code.Pause, &Pause);
        table.Add([Code.Lfence, Code.Lfence_E9, Code.Lfence_EA, Code.Lfence_EB, Code.Lfence_EC, Code.Lfence_ED,
            Code.Lfence_EE, Code.Lfence_EF,
            Code.Mfence, Code.Mfence_F1, Code.Mfence_F2, Code.Mfence_F3, Code.Mfence_F4, Code.Mfence_F5,
                Code.Mfence_F6, Code.Mfence_F7,
            Code.Sfence, Code.Sfence_F9, Code.Sfence_FA, Code.Sfence_FB, Code.Sfence_FC, Code.Sfence_FD,
                Code.Sfence_FE, Code.Sfence_FF], &Fence);
        table.Add([Code.Clflush_m8, Code.Clflushopt_m8, Code.Clwb_m8], &TouchLine);
        table.Add([Code.Ud2, Code.Ud0, Code.Ud0_r16_rm16, Code.Ud0_r32_rm32, Code.Ud0_r64_rm64, Code.Ud1_r16_rm16,
            Code.Ud1_r32_rm32,
            Code.Ud1_r64_rm64], &Undefined);
        table.Add(Code.Bound_r16_m1616, &Bound<ushort>);
        table.Add(Code.Bound_r32_m3232, &Bound<uint>);
        table.Add(Code.Movnti_m32_r32, &Movnti<uint>);
        table.Add(Code.Movnti_m64_r64, &Movnti<ulong>);
        table.Add([Code.Rdrand_r16, Code.Rdseed_r16], &Random<ushort>);
        table.Add([Code.Rdrand_r32, Code.Rdseed_r32], &Random<uint>);
        table.Add([Code.Rdrand_r64, Code.Rdseed_r64], &Random<ulong>);
    }

    private static void Nop(BlockBuilder b) => b.Emit(&NopOp);
    private static void Pause(BlockBuilder b) => b.Emit(&PauseOp);
    private static void Fence(BlockBuilder b) => b.Emit(&FenceOp);
    private static void TouchLine(BlockBuilder b) => b.Emit(&TouchLineOp);
    private static void Undefined(BlockBuilder b) => b.Undefined();

    [MethodImpl(Jit.Handler)]
    private static void NopOp(Cpu* cpu, Op* op) => Chain.Next(cpu, op);

    // A guest that waits for a lock waits for another vCPU's thread: on a busy host that thread may need this core.
    [MethodImpl(Jit.Handler)]
    private static void PauseOp(Cpu* cpu, Op* op)
    {
        if ((++cpu->Pauses & (PausesPerYield - 1)) == 0) YieldHost(cpu);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void YieldHost(Cpu* cpu)
    {
        if (Vcpu.Of(cpu).Partition.Context is { VcpuCount: > 1, Deterministic: false }) Thread.Yield();
    }

    [MethodImpl(Jit.Handler)]
    private static void FenceOp(Cpu* cpu, Op* op)
    {
        Interlocked.MemoryBarrier();
        Chain.Next(cpu, op);
    }

    // Faults as a read of one byte does.
    [MethodImpl(Jit.Handler)]
    private static void TouchLineOp(Cpu* cpu, Op* op)
    {
        if (!Memory.ProbeRead(cpu, op, Address.Linear(cpu, op, 1), 1)) return;
        Chain.Next(cpu, op);
    }

    private static void Bound<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Src = b.Register(0);
        b.Emit(&BoundOp<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void BoundOp<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T low)) return;
        if (!Memory.Read(cpu, op, Address.Displaced(cpu, op, sizeof(T), sizeof(T), false), out T high)) return;
        long index = Int.Sext<T>(Int.Reg<T>(cpu, op->Src));
        if (index < Int.Sext<T>(Int.From(low)) || index > Int.Sext<T>(Int.From(high)))
        {
            Fault.Raise(cpu, op, Fault.Br);
            return;
        }
        Chain.Next(cpu, op);
    }

    private static void Movnti<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Src = b.Register(1);
        b.Emit(&MovntiOp<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void MovntiOp<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.WriteInt<T>(cpu, op, Address.Linear(cpu, op, sizeof(T), true), Int.Reg<T>(cpu, op->Src))) return;
        Chain.Next(cpu, op);
    }

    private static void Random<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Dst = b.Register(0);
        b.Emit(&RandomOp<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void RandomOp<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<T>(cpu, op->Dst, Draw(cpu, sizeof(T)));
        // CF says that there was a number; the others are cleared.
        Flags.SetStatus(cpu, Flags.Cf);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static ulong Draw(Cpu* cpu, int size)
    {
        ulong value = 0;
        Vcpu.Of(cpu).Partition.Context.Entropy.Fill(new Span<byte>(&value, size));
        return value;
    }
}
