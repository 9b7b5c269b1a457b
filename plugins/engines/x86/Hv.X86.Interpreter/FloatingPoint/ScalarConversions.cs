using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Conversions between general registers and scalars, and between the scalar formats (SDM vol. 1, 5.5.1.6 and 5.6.1.6).</summary>
// SAFETY (whole class): register offsets come from BlockBuilder.
internal static unsafe class ScalarConversions
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Cvtsi2sd_xmm_rm32, Code.VEX_Vcvtsi2sd_xmm_xmm_rm32], &BuildFromInteger<int, Binary64>);
        table.Add([Code.Cvtsi2sd_xmm_rm64, Code.VEX_Vcvtsi2sd_xmm_xmm_rm64], &BuildFromInteger<long, Binary64>);
        table.Add([Code.Cvtsi2ss_xmm_rm32, Code.VEX_Vcvtsi2ss_xmm_xmm_rm32], &BuildFromInteger<int, Binary32>);
        table.Add([Code.Cvtsi2ss_xmm_rm64, Code.VEX_Vcvtsi2ss_xmm_xmm_rm64], &BuildFromInteger<long, Binary32>);
        table.Add([Code.Cvtsd2si_r32_xmmm64, Code.VEX_Vcvtsd2si_r32_xmmm64], &BuildToInteger<int, Binary64, ByControl>);
        table.Add([Code.Cvtsd2si_r64_xmmm64, Code.VEX_Vcvtsd2si_r64_xmmm64], &BuildToInteger<long, Binary64, ByControl>);
        table.Add([Code.Cvtss2si_r32_xmmm32, Code.VEX_Vcvtss2si_r32_xmmm32], &BuildToInteger<int, Binary32, ByControl>);
        table.Add([Code.Cvtss2si_r64_xmmm32, Code.VEX_Vcvtss2si_r64_xmmm32], &BuildToInteger<long, Binary32, ByControl>);
        table.Add([Code.Cvttsd2si_r32_xmmm64, Code.VEX_Vcvttsd2si_r32_xmmm64], &BuildToInteger<int, Binary64, Truncating>);
        table.Add([Code.Cvttsd2si_r64_xmmm64, Code.VEX_Vcvttsd2si_r64_xmmm64], &BuildToInteger<long, Binary64, Truncating>);
        table.Add([Code.Cvttss2si_r32_xmmm32, Code.VEX_Vcvttss2si_r32_xmmm32], &BuildToInteger<int, Binary32, Truncating>);
        table.Add([Code.Cvttss2si_r64_xmmm32, Code.VEX_Vcvttss2si_r64_xmmm32], &BuildToInteger<long, Binary32, Truncating>);
        table.Add([Code.Cvtss2sd_xmm_xmmm32, Code.VEX_Vcvtss2sd_xmm_xmm_xmmm32], &BuildWiden);
        table.Add([Code.Cvtsd2ss_xmm_xmmm64, Code.VEX_Vcvtsd2ss_xmm_xmm_xmmm64], &BuildNarrow);
    }

    /// <summary>Whether MXCSR.RC rounds.</summary>
    private interface ITruncation
    {
        static abstract bool IsTruncating { get; }
    }

    private readonly struct ByControl : ITruncation
    {
        public static bool IsTruncating => false;
    }

    private readonly struct Truncating : ITruncation
    {
        public static bool IsTruncating => true;
    }

    private static bool IsVex(BlockBuilder b) => b.Instruction.Encoding != EncodingKind.Legacy;

    private static void BuildFromInteger<T, F>(BlockBuilder b) where T : unmanaged where F : struct, IBinaryFormat
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = FloatForms.SetOperands(b);
        if (IsVex(b)) b.Emit(isMemory ? &FromInteger<T, F, FromMemory, Vex> : &FromInteger<T, F, FromRegister, Vex>);
        else b.Emit(isMemory ? &FromInteger<T, F, FromMemory, Legacy> : &FromInteger<T, F, FromRegister, Legacy>);
    }

    private static void BuildToInteger<T, F, TTruncation>(BlockBuilder b)
        where T : unmanaged where F : struct, IBinaryFormat where TTruncation : struct, ITruncation
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = FloatForms.SetOperands(b);
        b.Emit(isMemory ? &ToInteger<T, F, TTruncation, FromMemory> : &ToInteger<T, F, TTruncation, FromRegister>);
    }

    private static void BuildWiden(BlockBuilder b)
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = FloatForms.SetOperands(b);
        if (IsVex(b)) b.Emit(isMemory ? &Widen<FromMemory, Vex> : &Widen<FromRegister, Vex>);
        else b.Emit(isMemory ? &Widen<FromMemory, Legacy> : &Widen<FromRegister, Legacy>);
    }

    private static void BuildNarrow(BlockBuilder b)
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = FloatForms.SetOperands(b);
        if (IsVex(b)) b.Emit(isMemory ? &Narrow<FromMemory, Vex> : &Narrow<FromRegister, Vex>);
        else b.Emit(isMemory ? &Narrow<FromMemory, Legacy> : &Narrow<FromRegister, Legacy>);
    }

    /// <summary>The last operand: T from memory or from the register that the encoding puts it in.</summary>
    [MethodImpl(Jit.Inline)]
    private static bool Source<T, TSource, TEncoding>(Cpu* cpu, Op* op, out T value)
        where T : unmanaged where TSource : struct, ISource where TEncoding : struct, IEncoding
    {
        if (TSource.IsMemory) return Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out value);
        value = *(T*)((byte*)cpu + (TEncoding.IsVex ? op->Src2 : op->Src));
        return true;
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void FromInteger<T, F, TSource, TEncoding>(Cpu* cpu, Op* op)
        where T : unmanaged where F : struct, IBinaryFormat where TSource : struct, ISource where TEncoding : struct, IEncoding
    {
        if (!Source<T, TSource, TEncoding>(cpu, op, out T source)) return;
        long value = sizeof(T) == 4 ? (int)Int.From(source) : (long)Int.From(source);
        // Below 2^precision nothing is rounded; otherwise the host rounds to nearest.
        bool isExact = (sizeof(T) == 4 && F.FractionBits == 52)
            || (ulong)(value + (1L << F.FractionBits)) <= 2ul << F.FractionBits;
        ulong r;
        if (isExact || FastFloat.IsSettled(cpu->Mxcsr))
        {
            r = F.FractionBits == 52 ? BitConverter.DoubleToUInt64Bits(value) : BitConverter.SingleToUInt32Bits(value);
        }
        else
        {
            if (!FromIntegerExactly<F>(cpu, op, value)) return;
            r = *(ulong*)&cpu->FloatOperands;
        }
        if (TEncoding.IsVex) FloatForms.SetScalarVex(cpu, op, (byte*)cpu + op->Src);
        SlowFloat.Store<F>((byte*)cpu + op->Dst, r);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool FromIntegerExactly<F>(Cpu* cpu, Op* op, long value) where F : struct, IBinaryFormat
    {
        FpExceptions raised = FpExceptions.None;
        *(ulong*)&cpu->FloatOperands = SoftFloat<F>.FromInteger(value, new Mxcsr(cpu->Mxcsr), ref raised);
        return SlowFloat.Commit(cpu, op, raised);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void ToInteger<T, F, TTruncation, TSource>(Cpu* cpu, Op* op)
        where T : unmanaged where F : struct, IBinaryFormat where TTruncation : struct, ITruncation where TSource : struct, ISource
    {
        ulong bits;
        double value;
        if (F.FractionBits == 52)
        {
            if (!Source<ulong, TSource, Legacy>(cpu, op, out bits)) return;
            value = BitConverter.UInt64BitsToDouble(bits);
        }
        else
        {
            if (!Source<uint, TSource, Legacy>(cpu, op, out uint narrow)) return;
            bits = narrow;
            value = BitConverter.UInt32BitsToSingle(narrow);
        }
        double whole = TTruncation.IsTruncating ? Math.Truncate(value) : Math.Round(value);
        const double limit32 = 2147483648.0, limit64 = 9223372036854775808.0;
        double limit = sizeof(T) == 4 ? limit32 : limit64;
        // In range (a NaN is not), and exact or with nothing to report.
        ulong r;
        if (whole < limit && whole >= -limit && (whole == value || FastFloat.IsSettled(cpu->Mxcsr)))
        {
            r = (ulong)(long)whole;
        }
        else
        {
            if (!ToIntegerExactly<F>(cpu, op, bits, sizeof(T) * 8, TTruncation.IsTruncating)) return;
            r = *(ulong*)&cpu->FloatOperands;
        }
        if (sizeof(T) == 4) Int.SetReg<uint>(cpu, op->Dst, r);
        else Int.SetReg<ulong>(cpu, op->Dst, r);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool ToIntegerExactly<F>(Cpu* cpu, Op* op, ulong value, int bits, bool isTruncating) where F : struct, IBinaryFormat
    {
        FpExceptions raised = FpExceptions.None;
        Mxcsr control = new(cpu->Mxcsr);
        FpRounding rounding = isTruncating ? FpRounding.Zero : control.Rounding;
        *(long*)&cpu->FloatOperands = SoftFloat<F>.ToInteger(value, bits, rounding, control, ref raised);
        return SlowFloat.Commit(cpu, op, raised);
    }

    /// <summary>CVTSS2SD: exact but for NaNs and denormals.</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Widen<TSource, TEncoding>(Cpu* cpu, Op* op) where TSource : struct, ISource where TEncoding : struct, IEncoding
    {
        if (!Source<uint, TSource, TEncoding>(cpu, op, out uint source)) return;
        ulong r;
        if (FastFloat.CanCompare32(source, source)) r = BitConverter.DoubleToUInt64Bits(BitConverter.UInt32BitsToSingle(source));
        else
        {
            if (!ConvertExactly<Binary32, Binary64>(cpu, op, source)) return;
            r = *(ulong*)&cpu->FloatOperands;
        }
        if (TEncoding.IsVex) FloatForms.SetScalarVex(cpu, op, (byte*)cpu + op->Src);
        *(ulong*)((byte*)cpu + op->Dst) = r;
        Chain.Next(cpu, op);
    }

    /// <summary>CVTSD2SS.</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Narrow<TSource, TEncoding>(Cpu* cpu, Op* op) where TSource : struct, ISource where TEncoding : struct, IEncoding
    {
        if (!Source<ulong, TSource, TEncoding>(cpu, op, out ulong source)) return;
        double value = BitConverter.UInt64BitsToDouble(source);
        float narrow = (float)value;
        uint r = BitConverter.SingleToUInt32Bits(narrow);
        // The result is far enough from both ends of the range, and exact or with nothing to report.
        const float least = 2.3509887e-38f;
        bool isInside = MathF.Abs(narrow) >= least && MathF.Abs(narrow) < float.PositiveInfinity;
        if (!isInside || !(narrow == value || FastFloat.IsSettled(cpu->Mxcsr)))
        {
            if (!ConvertExactly<Binary64, Binary32>(cpu, op, source)) return;
            r = *(uint*)&cpu->FloatOperands;
        }
        if (TEncoding.IsVex) FloatForms.SetScalarVex(cpu, op, (byte*)cpu + op->Src);
        *(uint*)((byte*)cpu + op->Dst) = r;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool ConvertExactly<F, TTarget>(Cpu* cpu, Op* op, ulong value)
        where F : struct, IBinaryFormat where TTarget : struct, IBinaryFormat
    {
        FpExceptions raised = FpExceptions.None;
        *(ulong*)&cpu->FloatOperands = SoftFloat<F>.ConvertTo<TTarget>(value, new Mxcsr(cpu->Mxcsr), ref raised);
        return SlowFloat.Commit(cpu, op, raised);
    }
}
