using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Operations across elements: HADD, HSUB, ADDSUB (SDM vol. 1, 5.7.3 and 5.7.4) and the dot products (5.10.2).</summary>
// SAFETY (whole class): register offsets come from BlockBuilder; 32 bytes lie there.
internal static unsafe class FloatCombinations
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Haddps_xmm_xmmm128, Code.VEX_Vhaddps_xmm_xmm_xmmm128, Code.VEX_Vhaddps_ymm_ymm_ymmm256],
            &Build<Binary32, Arithmetic<FloatAdd>, NeighbouringSingles>);
        table.Add([Code.Haddpd_xmm_xmmm128, Code.VEX_Vhaddpd_xmm_xmm_xmmm128, Code.VEX_Vhaddpd_ymm_ymm_ymmm256],
            &Build<Binary64, Arithmetic<FloatAdd>, NeighbouringDoubles>);
        table.Add([Code.Hsubps_xmm_xmmm128, Code.VEX_Vhsubps_xmm_xmm_xmmm128, Code.VEX_Vhsubps_ymm_ymm_ymmm256],
            &Build<Binary32, Arithmetic<FloatSubtract>, NeighbouringSingles>);
        table.Add([Code.Hsubpd_xmm_xmmm128, Code.VEX_Vhsubpd_xmm_xmm_xmmm128, Code.VEX_Vhsubpd_ymm_ymm_ymmm256],
            &Build<Binary64, Arithmetic<FloatSubtract>, NeighbouringDoubles>);
        table.Add([Code.Addsubps_xmm_xmmm128, Code.VEX_Vaddsubps_xmm_xmm_xmmm128, Code.VEX_Vaddsubps_ymm_ymm_ymmm256], &BuildCold<AddSubtract<Binary32>>);
        table.Add([Code.Addsubpd_xmm_xmmm128, Code.VEX_Vaddsubpd_xmm_xmm_xmmm128, Code.VEX_Vaddsubpd_ymm_ymm_ymmm256], &BuildCold<AddSubtract<Binary64>>);
        table.Add([Code.Dpps_xmm_xmmm128_imm8, Code.VEX_Vdpps_xmm_xmm_xmmm128_imm8, Code.VEX_Vdpps_ymm_ymm_ymmm256_imm8], &BuildCold<DotProduct<Binary32>>);
        table.Add([Code.Dppd_xmm_xmmm128_imm8, Code.VEX_Vdppd_xmm_xmm_xmmm128_imm8], &BuildCold<DotProduct<Binary64>>);
    }

    /// <summary>Makes operands of an elementwise operation from those of the instruction.</summary>
    private interface IArrangement
    {
        static abstract Vector128<byte> First(Vector128<byte> a, Vector128<byte> b);
        static abstract Vector128<byte> Second(Vector128<byte> a, Vector128<byte> b);
    }

    /// <summary>Even elements against odd ones, binary32.</summary>
    private readonly struct NeighbouringSingles : IArrangement
    {
        public static Vector128<byte> First(Vector128<byte> a, Vector128<byte> b) => Pair(a, b, Vector128.Create(0u, 2u, 0u, 2u));
        public static Vector128<byte> Second(Vector128<byte> a, Vector128<byte> b) => Pair(a, b, Vector128.Create(1u, 3u, 1u, 3u));

        [MethodImpl(Jit.Inline)]
        private static Vector128<byte> Pair(Vector128<byte> a, Vector128<byte> b, Vector128<uint> index)
            => Vector128.Create(
                Vector128.Shuffle(a.AsUInt32(), index).GetLower(), Vector128.Shuffle(b.AsUInt32(), index).GetUpper()).AsByte();
    }

    /// <summary>Even elements against odd ones, binary64.</summary>
    private readonly struct NeighbouringDoubles : IArrangement
    {
        public static Vector128<byte> First(Vector128<byte> a, Vector128<byte> b) => Punpcklqdq.Apply(a, b);
        public static Vector128<byte> Second(Vector128<byte> a, Vector128<byte> b) => Punpckhqdq.Apply(a, b);
    }

    private static void Build<F, TOp, TArrangement>(BlockBuilder b)
        where F : struct, IBinaryFormat where TOp : struct, IElementwise where TArrangement : struct, IArrangement
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = FloatForms.SetOperands(b);
        if (b.Instruction.Encoding == EncodingKind.Legacy)
            b.Emit(isMemory ? &Arranged128<F, TOp, TArrangement, FromMemory, Legacy> : &Arranged128<F, TOp, TArrangement, FromRegister, Legacy>);
        else if (b.Instruction.Op0Register.IsYMM())
            b.Emit(isMemory ? &Arranged256<F, TOp, TArrangement, FromMemory> : &Arranged256<F, TOp, TArrangement, FromRegister>);
        else
            b.Emit(isMemory ? &Arranged128<F, TOp, TArrangement, FromMemory, Vex> : &Arranged128<F, TOp, TArrangement, FromRegister, Vex>);
    }

    /// <summary>Reads the 128-bit source of a legacy or VEX form.</summary>
    [MethodImpl(Jit.Inline)]
    private static bool Read128<TSource, TEncoding>(Cpu* cpu, Op* op, out Vector128<byte> b)
        where TSource : struct, ISource where TEncoding : struct, IEncoding
    {
        if (!TSource.IsMemory)
        {
            b = Xmm.Low(cpu, TEncoding.IsVex ? op->Src2 : op->Src);
            return true;
        }
        ulong linear = Address.Linear(cpu, op, 16);
        return TEncoding.IsVex ? Memory.Read(cpu, op, linear, out b) : Memory.ReadAligned(cpu, op, linear, out b);
    }

    [MethodImpl(Jit.Handler)]
    private static void Arranged128<F, TOp, TArrangement, TSource, TEncoding>(Cpu* cpu, Op* op)
        where F : struct, IBinaryFormat where TOp : struct, IElementwise where TArrangement : struct, IArrangement
        where TSource : struct, ISource where TEncoding : struct, IEncoding
    {
        if (!Read128<TSource, TEncoding>(cpu, op, out Vector128<byte> b)) return;
        Vector128<byte> a = Xmm.Low(cpu, TEncoding.IsVex ? op->Src : op->Dst);
        if (!FloatForms.Compute128<F, TOp>(cpu, op, TArrangement.First(a, b), TArrangement.Second(a, b), out Vector128<byte> r)) return;
        if (TEncoding.IsVex) Xmm.SetOnly(cpu, op->Dst, r);
        else Xmm.SetLow(cpu, op->Dst, r);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Arranged256<F, TOp, TArrangement, TSource>(Cpu* cpu, Op* op)
        where F : struct, IBinaryFormat where TOp : struct, IElementwise where TArrangement : struct, IArrangement where TSource : struct, ISource
    {
        Vector256<byte> b;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out b)) return;
        }
        else b = Vector256.Load((byte*)cpu + op->Src2);
        Vector256<byte> a = Vector256.Load((byte*)cpu + op->Src);
        Vector256<byte> first = Vector256.Create(
            TArrangement.First(a.GetLower(), b.GetLower()), TArrangement.First(a.GetUpper(), b.GetUpper()));
        Vector256<byte> second = Vector256.Create(
            TArrangement.Second(a.GetLower(), b.GetLower()), TArrangement.Second(a.GetUpper(), b.GetUpper()));
        if (!FloatForms.Compute256<F, TOp>(cpu, op, first, second, out Vector256<byte> r)) return;
        r.Store((byte*)cpu + op->Dst);
        Chain.Next(cpu, op);
    }

    /// <summary>An operation on one 128-bit lane that is always computed by definition; the result replaces the first operand.</summary>
    private interface IColdLane
    {
        /// <summary>Dependent operations, each of which may end the instruction with an unmasked exception.</summary>
        static abstract int Steps { get; }
        static abstract void Do(int step, byte* a, byte* b, int immediate, Mxcsr control, ref FpExceptions raised);
    }

    private static void BuildCold<TOp>(BlockBuilder b) where TOp : struct, IColdLane
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = FloatForms.SetOperands(b);
        if (b.Instruction.Encoding == EncodingKind.Legacy)
            b.Emit(isMemory ? &Cold128<TOp, FromMemory, Legacy> : &Cold128<TOp, FromRegister, Legacy>);
        else if (b.Instruction.Op0Register.IsYMM())
            b.Emit(isMemory ? &Cold256<TOp, FromMemory> : &Cold256<TOp, FromRegister>);
        else
            b.Emit(isMemory ? &Cold128<TOp, FromMemory, Vex> : &Cold128<TOp, FromRegister, Vex>);
    }

    [MethodImpl(Jit.Handler)]
    private static void Cold128<TOp, TSource, TEncoding>(Cpu* cpu, Op* op)
        where TOp : struct, IColdLane where TSource : struct, ISource where TEncoding : struct, IEncoding
    {
        if (!Read128<TSource, TEncoding>(cpu, op, out Vector128<byte> b)) return;
        byte* operands = (byte*)&cpu->FloatOperands;
        Xmm.Low(cpu, TEncoding.IsVex ? op->Src : op->Dst).Store(operands);
        b.Store(operands + SlowFloat.OperandBytes);
        if (!Lanes<TOp>(cpu, op, 1)) return;
        Vector128<byte> r = Vector128.Load(operands);
        if (TEncoding.IsVex) Xmm.SetOnly(cpu, op->Dst, r);
        else Xmm.SetLow(cpu, op->Dst, r);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Cold256<TOp, TSource>(Cpu* cpu, Op* op) where TOp : struct, IColdLane where TSource : struct, ISource
    {
        Vector256<byte> b;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out b)) return;
        }
        else b = Vector256.Load((byte*)cpu + op->Src2);
        byte* operands = (byte*)&cpu->FloatOperands;
        Vector256.Load((byte*)cpu + op->Src).Store(operands);
        b.Store(operands + SlowFloat.OperandBytes);
        if (!Lanes<TOp>(cpu, op, 2)) return;
        Vector256.Load(operands).Store((byte*)cpu + op->Dst);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool Lanes<TOp>(Cpu* cpu, Op* op, int lanes) where TOp : struct, IColdLane
    {
        byte* operands = (byte*)&cpu->FloatOperands;
        for (int step = 0; step < TOp.Steps; step++)
        {
            FpExceptions raised = FpExceptions.None;
            for (int lane = 0; lane < lanes; lane++)
            {
                TOp.Do(step, operands + lane * 16, operands + SlowFloat.OperandBytes + lane * 16, op->Aux, new Mxcsr(cpu->Mxcsr), ref raised);
            }
            if (!SlowFloat.Commit(cpu, op, raised)) return false;
        }
        return true;
    }

    /// <summary>ADDSUB: even elements are subtracted, odd ones added.</summary>
    private readonly struct AddSubtract<F> : IColdLane where F : struct, IBinaryFormat
    {
        public static int Steps => 1;
        public static void Do(int step, byte* a, byte* b, int immediate, Mxcsr control, ref FpExceptions raised)
        {
            int size = SlowFloat.Bytes<F>();
            for (int at = 0; at < 16; at += size)
            {
                ulong x = SlowFloat.Load<F>(a + at), y = SlowFloat.Load<F>(b + at);
                SlowFloat.Store<F>(a + at, (at & size) == 0
                    ? SoftFloat<F>.Subtract(x, y, control, ref raised)
                    : SoftFloat<F>.Add(x, y, control, ref raised));
            }
        }
    }

    /// <summary>DPPS, DPPD: products where the immediate's high half says so, summed in pairs, and put where its low half says so
    /// (SDM vol. 2A, DPPS).</summary>
    private readonly struct DotProduct<F> : IColdLane where F : struct, IBinaryFormat
    {
        private static int Count => 16 / SlowFloat.Bytes<F>();

        /// <summary>Products, sums of pairs, and for four elements the sum of those.</summary>
        public static int Steps => Count == 4 ? 3 : 2;

        public static void Do(int step, byte* a, byte* b, int immediate, Mxcsr control, ref FpExceptions raised)
        {
            int size = SlowFloat.Bytes<F>();
            if (step == 0)
            {
                for (int i = 0; i < Count; i++)
                {
                    ulong product = (immediate >> (4 + i) & 1) == 0 ? 0 : SoftFloat<F>.Multiply(
                        SlowFloat.Load<F>(a + i * size), SlowFloat.Load<F>(b + i * size), control, ref raised);
                    SlowFloat.Store<F>(a + i * size, product);
                }
                return;
            }
            // The second step leaves its sums in elements 0 and 2.
            int distance = step * size;
            for (int at = 0; at < 16; at += 2 * distance)
            {
                SlowFloat.Store<F>(a + at, SoftFloat<F>.Add(
                    SlowFloat.Load<F>(a + at), SlowFloat.Load<F>(a + at + distance), control, ref raised));
            }
            if (step != Steps - 1) return;
            ulong sum = SlowFloat.Load<F>(a);
            for (int i = 0; i < Count; i++) SlowFloat.Store<F>(a + i * size, (immediate >> i & 1) != 0 ? sum : 0);
        }
    }
}
