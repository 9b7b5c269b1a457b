using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Logic, interleaves, shuffles, blends and duplications of floating-point vectors (SDM vol. 1, 5.5.1.4 to 5.5.1.6, 5.6.1.4 to 5.6.1.6, 5.7.3,
/// 5.10.3, 5.13). They look at bits only.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class FloatShuffles
{
    public static void Register(OpTable table)
    {
        RegisterLogic(table);
        table.Add([Code.Shufps_xmm_xmmm128_imm8, Code.VEX_Vshufps_xmm_xmm_xmmm128_imm8, Code.VEX_Vshufps_ymm_ymm_ymmm256_imm8], &ShuffleSingles);
        table.Add([Code.Shufpd_xmm_xmmm128_imm8, Code.VEX_Vshufpd_xmm_xmm_xmmm128_imm8, Code.VEX_Vshufpd_ymm_ymm_ymmm256_imm8], &ShuffleDoubles);
        table.Add([Code.VEX_Vpermilps_xmm_xmmm128_imm8, Code.VEX_Vpermilps_ymm_ymmm256_imm8], &PermuteSingles);
        table.Add([Code.VEX_Vpermilpd_xmm_xmmm128_imm8, Code.VEX_Vpermilpd_ymm_ymmm256_imm8], &PermuteDoubles);
        table.Add([Code.Blendps_xmm_xmmm128_imm8, Code.VEX_Vblendps_xmm_xmm_xmmm128_imm8, Code.VEX_Vblendps_ymm_ymm_ymmm256_imm8], &BlendSingles);
        table.Add([Code.Blendpd_xmm_xmmm128_imm8, Code.VEX_Vblendpd_xmm_xmm_xmmm128_imm8, Code.VEX_Vblendpd_ymm_ymm_ymmm256_imm8], &BlendDoubles);
        table.Add([Code.Blendvps_xmm_xmmm128, Code.VEX_Vblendvps_xmm_xmm_xmmm128_xmm, Code.VEX_Vblendvps_ymm_ymm_ymmm256_ymm], &BlendBySign<int>);
        table.Add([Code.Blendvpd_xmm_xmmm128, Code.VEX_Vblendvpd_xmm_xmm_xmmm128_xmm, Code.VEX_Vblendvpd_ymm_ymm_ymmm256_ymm], &BlendBySign<long>);
        Add<PermuteSinglesBySource>(table, null, Code.VEX_Vpermilps_xmm_xmm_xmmm128, Code.VEX_Vpermilps_ymm_ymm_ymmm256);
        Add<PermuteDoublesBySource>(table, null, Code.VEX_Vpermilpd_xmm_xmm_xmmm128, Code.VEX_Vpermilpd_ymm_ymm_ymmm256);
        Add<DuplicateOdd>(table, Code.Movshdup_xmm_xmmm128, Code.VEX_Vmovshdup_xmm_xmmm128, Code.VEX_Vmovshdup_ymm_ymmm256);
        Add<DuplicateEven>(table, Code.Movsldup_xmm_xmmm128, Code.VEX_Vmovsldup_xmm_xmmm128, Code.VEX_Vmovsldup_ymm_ymmm256);
        table.Add(Code.Movddup_xmm_xmmm64, &SmallRows<Plain<DuplicateLow>, ulong>.Sse);
        table.Add(Code.VEX_Vmovddup_xmm_xmmm64, &SmallRows<Plain<DuplicateLow>, ulong>.Vex128);
        table.Add(Code.VEX_Vmovddup_ymm_ymmm256, &VectorRows<Plain<DuplicateLow>>.Vex256);
    }

    private static void RegisterLogic(OpTable table)
    {
        Add<Pand>(table, Code.Andps_xmm_xmmm128, Code.VEX_Vandps_xmm_xmm_xmmm128, Code.VEX_Vandps_ymm_ymm_ymmm256);
        Add<Pand>(table, Code.Andpd_xmm_xmmm128, Code.VEX_Vandpd_xmm_xmm_xmmm128, Code.VEX_Vandpd_ymm_ymm_ymmm256);
        Add<Pandn>(table, Code.Andnps_xmm_xmmm128, Code.VEX_Vandnps_xmm_xmm_xmmm128, Code.VEX_Vandnps_ymm_ymm_ymmm256);
        Add<Pandn>(table, Code.Andnpd_xmm_xmmm128, Code.VEX_Vandnpd_xmm_xmm_xmmm128, Code.VEX_Vandnpd_ymm_ymm_ymmm256);
        Add<Por>(table, Code.Orps_xmm_xmmm128, Code.VEX_Vorps_xmm_xmm_xmmm128, Code.VEX_Vorps_ymm_ymm_ymmm256);
        Add<Por>(table, Code.Orpd_xmm_xmmm128, Code.VEX_Vorpd_xmm_xmm_xmmm128, Code.VEX_Vorpd_ymm_ymm_ymmm256);
        Add<Pxor>(table, Code.Xorps_xmm_xmmm128, Code.VEX_Vxorps_xmm_xmm_xmmm128, Code.VEX_Vxorps_ymm_ymm_ymmm256);
        Add<Pxor>(table, Code.Xorpd_xmm_xmmm128, Code.VEX_Vxorpd_xmm_xmm_xmmm128, Code.VEX_Vxorpd_ymm_ymm_ymmm256);
        Add<Punpckldq>(table, Code.Unpcklps_xmm_xmmm128, Code.VEX_Vunpcklps_xmm_xmm_xmmm128, Code.VEX_Vunpcklps_ymm_ymm_ymmm256);
        Add<Punpcklqdq>(table, Code.Unpcklpd_xmm_xmmm128, Code.VEX_Vunpcklpd_xmm_xmm_xmmm128, Code.VEX_Vunpcklpd_ymm_ymm_ymmm256);
        Add<Punpckhdq>(table, Code.Unpckhps_xmm_xmmm128, Code.VEX_Vunpckhps_xmm_xmm_xmmm128, Code.VEX_Vunpckhps_ymm_ymm_ymmm256);
        Add<Punpckhqdq>(table, Code.Unpckhpd_xmm_xmmm128, Code.VEX_Vunpckhpd_xmm_xmm_xmmm128, Code.VEX_Vunpckhpd_ymm_ymm_ymmm256);
    }

    private static void Add<T>(OpTable table, Code? sse, Code vex128, Code vex256) where T : struct, IVectorOp
    {
        if (sse is Code code) table.Add(code, &VectorRows<Plain<T>>.Sse);
        table.Add(vex128, &VectorRows<Plain<T>>.Vex128);
        table.Add(vex256, &VectorRows<Plain<T>>.Vex256);
    }

    /// <summary>SHUFPS, SHUFPD: the low half from the first source, the high half from the second.</summary>
    private readonly struct HalfFromEach<TStride> : ShuffleGroup.IControlled where TStride : struct, ILaneStride
    {
        public static int Stride => TStride.Bytes;
        public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b, byte* control)
        {
            Vector128<byte> index = Vector128.Load(control);
            return Vector128.Create(Pshufb.Apply(a, index).GetLower(), Pshufb.Apply(b, index).GetUpper());
        }
    }

    /// <summary>VPERMILPD: a control vector for each lane.</summary>
    private readonly struct ShuffledByLane : ShuffleGroup.IControlled
    {
        public static int Stride => 16;
        public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b, byte* control) => Pshufb.Apply(b, Vector128.Load(control));
    }

    /// <summary>Whether the lanes have control vectors of their own.</summary>
    private interface ILaneStride
    {
        static abstract int Bytes { get; }
    }

    private readonly struct SameForBoth : ILaneStride
    {
        public static int Bytes => 0;
    }

    private readonly struct OneForEach : ILaneStride
    {
        public static int Bytes => 16;
    }

    private static void ShuffleSingles(BlockBuilder b)
        => ShuffleGroup.Build<HalfFromEach<SameForBoth>>(b, ShuffleTables.Dwords(b.Instruction.Immediate8));

    private static void ShuffleDoubles(BlockBuilder b)
        => ShuffleGroup.Build<HalfFromEach<OneForEach>>(b, ShuffleTables.Quadwords(b.Instruction.Immediate8));

    private static void PermuteSingles(BlockBuilder b)
        => ShuffleGroup.Build<ShuffleGroup.Shuffled>(b, ShuffleTables.Dwords(b.Instruction.Immediate8));

    private static void PermuteDoubles(BlockBuilder b)
        => ShuffleGroup.Build<ShuffledByLane>(b, ShuffleTables.Quadwords(b.Instruction.Immediate8));

    private static void BlendSingles(BlockBuilder b)
        => ShuffleGroup.Build<ShuffleGroup.Blended>(b, ShuffleTables.DwordMask(b.Instruction.Immediate8));

    private static void BlendDoubles(BlockBuilder b)
    {
        // Two doublewords for each bit.
        int imm = b.Instruction.Immediate8;
        int mask = (imm & 1) * 3 | (imm >> 1 & 1) * 0xC | (imm >> 2 & 1) * 0x30 | (imm >> 3 & 1) * 0xC0;
        ShuffleGroup.Build<ShuffleGroup.Blended>(b, ShuffleTables.DwordMask(mask));
    }

    /// <summary>BLENDVPS, BLENDVPD: Aux is the register whose signs choose; T is an integer of the element's size.</summary>
    private static void BlendBySign<T>(BlockBuilder b) where T : unmanaged
    {
        if (!FloatGate.AllowsVector(b)) return;
        b.Op->Dst = b.Register(0);
        if (b.Instruction.Encoding == EncodingKind.Legacy)
        {
            b.Op->Aux = Cpu.YmmOffset(0);
            if (!b.IsMemory(1))
            {
                b.Op->Src = b.Register(1);
                b.Emit(&SseBySign<T, FromRegister>);
            }
            else b.Emit(&SseBySign<T, FromMemory>);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Op->Aux = b.Register(3);
        bool isWide = b.Instruction.Op0Register.IsYMM();
        if (b.IsMemory(2))
        {
            b.Emit(isWide ? &Vex256BySign<T, FromMemory> : &Vex128BySign<T, FromMemory>);
            return;
        }
        b.Op->Src2 = b.Register(2);
        b.Emit(isWide ? &Vex256BySign<T, FromRegister> : &Vex128BySign<T, FromRegister>);
    }

    [MethodImpl(Jit.Inline)]
    private static Vector128<byte> BySign<T>(Vector128<byte> mask, Vector128<byte> a, Vector128<byte> b) where T : unmanaged
        => Vector128.ConditionalSelect(Vector128.LessThan(mask.As<byte, T>(), Vector128<T>.Zero).AsByte(), b, a);

    [MethodImpl(Jit.Handler)]
    private static void SseBySign<T, TSource>(Cpu* cpu, Op* op) where T : unmanaged where TSource : struct, ISource
    {
        Vector128<byte> b;
        if (TSource.IsMemory)
        {
            if (!Memory.ReadAligned(cpu, op, Address.Linear(cpu, op, 16), out b)) return;
        }
        else b = Xmm.Low(cpu, op->Src);
        Xmm.SetLow(cpu, op->Dst, BySign<T>(Xmm.Low(cpu, op->Aux), Xmm.Low(cpu, op->Dst), b));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Vex128BySign<T, TSource>(Cpu* cpu, Op* op) where T : unmanaged where TSource : struct, ISource
    {
        Vector128<byte> b;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out b)) return;
        }
        else b = Xmm.Low(cpu, op->Src2);
        Xmm.SetOnly(cpu, op->Dst, BySign<T>(Xmm.Low(cpu, op->Aux), Xmm.Low(cpu, op->Src), b));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Vex256BySign<T, TSource>(Cpu* cpu, Op* op) where T : unmanaged where TSource : struct, ISource
    {
        Vector256<byte> b;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out b)) return;
        }
        else b = Vector256.Load((byte*)cpu + op->Src2);
        Vector128<byte> low = BySign<T>(Xmm.Low(cpu, op->Aux), Xmm.Low(cpu, op->Src), b.GetLower());
        Vector128<byte> high = BySign<T>(Xmm.High(cpu, op->Aux), Xmm.High(cpu, op->Src), b.GetUpper());
        Xmm.Set(cpu, op->Dst, low, high);
        Chain.Next(cpu, op);
    }
}

/// <summary>MOVSHDUP.</summary>
internal readonly struct DuplicateOdd : IVectorOp
{
    public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b)
        => Vector128.Shuffle(b.AsUInt32(), Vector128.Create(1u, 1u, 3u, 3u)).AsByte();
}

/// <summary>MOVSLDUP.</summary>
internal readonly struct DuplicateEven : IVectorOp
{
    public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b)
        => Vector128.Shuffle(b.AsUInt32(), Vector128.Create(0u, 0u, 2u, 2u)).AsByte();
}

/// <summary>MOVDDUP, in each lane.</summary>
internal readonly struct DuplicateLow : IVectorOp
{
    public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b)
        => Vector128.Create(b.AsUInt64().ToScalar()).AsByte();
}

/// <summary>VPERMILPS by a register: the low two bits of each doubleword choose within the lane.</summary>
internal readonly struct PermuteSinglesBySource : IVectorOp
{
    public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b)
        => Avx.IsSupported
            ? Avx.PermuteVar(a.AsSingle(), b.AsInt32()).AsByte()
            : Vector128.Shuffle(a.AsUInt32(), b.AsUInt32() & Vector128.Create(3u)).AsByte();
}

/// <summary>VPERMILPD by a register: bit 1 of each quadword chooses within the lane.</summary>
internal readonly struct PermuteDoublesBySource : IVectorOp
{
    public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b)
        => Avx.IsSupported
            ? Avx.PermuteVar(a.AsDouble(), b.AsInt64()).AsByte()
            : Vector128.Shuffle(a.AsUInt64(), Vector128.ShiftRightLogical(b.AsUInt64(), 1) & Vector128.Create(1ul)).AsByte();
}
