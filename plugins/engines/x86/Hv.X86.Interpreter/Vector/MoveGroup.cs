using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Whole-register moves between vector registers and memory, integer and floating point alike (SDM vol. 1,
/// 5.5.1.1, 5.6.1.1, 5.6.4, 5.7.2, 5.14). Non-temporal moves are ordinary ones: there is no cache to go
/// around.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class MoveGroup
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Movdqu_xmm_xmmm128, Code.VEX_Vmovdqu_xmm_xmmm128, Code.VEX_Vmovdqu_ymm_ymmm256,
            Code.Lddqu_xmm_m128,
            Code.VEX_Vlddqu_xmm_m128, Code.VEX_Vlddqu_ymm_m256,
            Code.Movups_xmm_xmmm128, Code.VEX_Vmovups_xmm_xmmm128, Code.VEX_Vmovups_ymm_ymmm256,
            Code.Movupd_xmm_xmmm128, Code.VEX_Vmovupd_xmm_xmmm128, Code.VEX_Vmovupd_ymm_ymmm256], &Load<Unaligned>);
        table.Add([Code.Movdqa_xmm_xmmm128, Code.VEX_Vmovdqa_xmm_xmmm128, Code.VEX_Vmovdqa_ymm_ymmm256,
            Code.Movntdqa_xmm_m128,
            Code.VEX_Vmovntdqa_xmm_m128, Code.VEX_Vmovntdqa_ymm_m256,
            Code.Movaps_xmm_xmmm128, Code.VEX_Vmovaps_xmm_xmmm128, Code.VEX_Vmovaps_ymm_ymmm256,
            Code.Movapd_xmm_xmmm128, Code.VEX_Vmovapd_xmm_xmmm128, Code.VEX_Vmovapd_ymm_ymmm256], &Load<Aligned>);
        table.Add([Code.Movdqu_xmmm128_xmm, Code.VEX_Vmovdqu_xmmm128_xmm, Code.VEX_Vmovdqu_ymmm256_ymm,
            Code.Movups_xmmm128_xmm, Code.VEX_Vmovups_xmmm128_xmm, Code.VEX_Vmovups_ymmm256_ymm,
            Code.Movupd_xmmm128_xmm, Code.VEX_Vmovupd_xmmm128_xmm, Code.VEX_Vmovupd_ymmm256_ymm], &Store<Unaligned>);
        table.Add([Code.Movdqa_xmmm128_xmm, Code.VEX_Vmovdqa_xmmm128_xmm, Code.VEX_Vmovdqa_ymmm256_ymm,
            Code.Movntdq_m128_xmm,
            Code.VEX_Vmovntdq_m128_xmm, Code.VEX_Vmovntdq_m256_ymm,
            Code.Movaps_xmmm128_xmm, Code.VEX_Vmovaps_xmmm128_xmm, Code.VEX_Vmovaps_ymmm256_ymm,
            Code.Movapd_xmmm128_xmm, Code.VEX_Vmovapd_xmmm128_xmm, Code.VEX_Vmovapd_ymmm256_ymm,
            Code.Movntps_m128_xmm, Code.VEX_Vmovntps_m128_xmm, Code.VEX_Vmovntps_m256_ymm,
            Code.Movntpd_m128_xmm, Code.VEX_Vmovntpd_m128_xmm, Code.VEX_Vmovntpd_m256_ymm], &Store<Aligned>);
    }

    /// <summary>Whether a misaligned operand is #GP(0).</summary>
    private interface IAlignment
    {
        static abstract bool IsRequired { get; }
    }

    private readonly struct Aligned : IAlignment
    {
        public static bool IsRequired => true;
    }

    private readonly struct Unaligned : IAlignment
    {
        public static bool IsRequired => false;
    }

    private static bool IsAvailable(BlockBuilder b) =>
        b.Instruction.Encoding == EncodingKind.VEX ? VectorBuild.IsAvxAvailable(b) : VectorBuild.IsSseAvailable(b);

    private static void Load<T>(BlockBuilder b) where T : struct, IAlignment
    {
        if (!IsAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        if (!b.IsMemory(1))
        {
            Copy(b);
            return;
        }
        if (b.Instruction.Encoding != EncodingKind.VEX) b.Emit(&LoadSse<T>);
        else if (b.Instruction.Op0Register.IsYMM()) b.Emit(&Load256<T>);
        else b.Emit(&Load128<T>);
    }

    private static void Store<T>(BlockBuilder b) where T : struct, IAlignment
    {
        if (!IsAvailable(b)) return;
        if (!b.IsMemory(0))
        {
            b.Op->Dst = b.Register(0);
            Copy(b);
            return;
        }
        b.Op->Src = b.Register(1);
        if (b.Instruction.Op1Register.IsYMM()) b.Emit(&Store256<T>);
        else b.Emit(&Store128<T>);
    }

    private static void Copy(BlockBuilder b)
    {
        b.Op->Src = b.Register(1);
        if (b.Instruction.Encoding != EncodingKind.VEX) b.Emit(&CopySse);
        else if (b.Instruction.Op0Register.IsYMM()) b.Emit(&Copy256);
        else b.Emit(&Copy128);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void CopySse(Cpu* cpu, Op* op)
    {
        Xmm.SetLow(cpu, op->Dst, Xmm.Low(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Copy128(Cpu* cpu, Op* op)
    {
        Xmm.SetOnly(cpu, op->Dst, Xmm.Low(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Copy256(Cpu* cpu, Op* op)
    {
        Xmm.Set(cpu, op->Dst, Xmm.Low(cpu, op->Src), Xmm.High(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Inline)]
    private static bool Read<T, TAlignment>(Cpu* cpu, Op* op, out T value)
        where T : unmanaged where TAlignment : struct, IAlignment
    {
        ulong linear = Address.Linear(cpu, op, sizeof(T));
        return TAlignment.IsRequired ? Memory.ReadAligned(cpu, op, linear, out value)
            : Memory.Read(cpu, op, linear, out value);
    }

    [MethodImpl(Jit.Inline)]
    private static bool Write<T, TAlignment>(Cpu* cpu, Op* op, T value)
        where T : unmanaged where TAlignment : struct, IAlignment
    {
        ulong linear = Address.Linear(cpu, op, sizeof(T), isWrite: true);
        return TAlignment.IsRequired ? Memory.WriteAligned(cpu, op, linear, value)
            : Memory.Write(cpu, op, linear, value);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void LoadSse<T>(Cpu* cpu, Op* op) where T : struct, IAlignment
    {
        if (!Read<Vector128<byte>, T>(cpu, op, out Vector128<byte> value)) return;
        Xmm.SetLow(cpu, op->Dst, value);
        Chain.Next(cpu, op);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Load128<T>(Cpu* cpu, Op* op) where T : struct, IAlignment
    {
        if (!Read<Vector128<byte>, T>(cpu, op, out Vector128<byte> value)) return;
        Xmm.SetOnly(cpu, op->Dst, value);
        Chain.Next(cpu, op);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Load256<T>(Cpu* cpu, Op* op) where T : struct, IAlignment
    {
        if (!Read<Vector256<byte>, T>(cpu, op, out Vector256<byte> value)) return;
        value.Store((byte*)cpu + op->Dst);
        Chain.Next(cpu, op);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Store128<T>(Cpu* cpu, Op* op) where T : struct, IAlignment
    {
        if (!Write<Vector128<byte>, T>(cpu, op, Xmm.Low(cpu, op->Src))) return;
        Chain.Next(cpu, op);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Store256<T>(Cpu* cpu, Op* op) where T : struct, IAlignment
    {
        if (!Write<Vector256<byte>, T>(cpu, op, Vector256.Load((byte*)cpu + op->Src))) return;
        Chain.Next(cpu, op);
    }
}
