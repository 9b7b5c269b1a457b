using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Conversions of packed elements (SDM vol. 1, 5.5.1.6, 5.6.1.6, 5.14 and 14.4). Aux holds the number of elements, Imm what VCVTPS2PH's
/// immediate says.</summary>
// SAFETY (whole class): register offsets come from BlockBuilder; FloatOperands holds source and result of 32 bytes each.
internal static unsafe class PackedConversions
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Cvtdq2ps_xmm_xmmm128, Code.VEX_Vcvtdq2ps_xmm_xmmm128, Code.VEX_Vcvtdq2ps_ymm_ymmm256], &BuildSame<Int32ToBinary32>);
        table.Add([Code.Cvtps2dq_xmm_xmmm128, Code.VEX_Vcvtps2dq_xmm_xmmm128, Code.VEX_Vcvtps2dq_ymm_ymmm256], &BuildSame<ToInt32<Binary32, ByMxcsr>>);
        table.Add([Code.Cvttps2dq_xmm_xmmm128, Code.VEX_Vcvttps2dq_xmm_xmmm128, Code.VEX_Vcvttps2dq_ymm_ymmm256], &BuildSame<ToInt32<Binary32, Truncate>>);
        table.Add([Code.Cvtdq2pd_xmm_xmmm64, Code.VEX_Vcvtdq2pd_xmm_xmmm64, Code.VEX_Vcvtdq2pd_ymm_xmmm128], &BuildWider<Int32ToBinary64>);
        table.Add([Code.Cvtps2pd_xmm_xmmm64, Code.VEX_Vcvtps2pd_xmm_xmmm64, Code.VEX_Vcvtps2pd_ymm_xmmm128], &BuildWider<Binary32ToBinary64>);
        table.Add([Code.VEX_Vcvtph2ps_xmm_xmmm64, Code.VEX_Vcvtph2ps_ymm_xmmm128], &BuildWider<Binary16ToBinary32>);
        table.Add([Code.Cvtpd2ps_xmm_xmmm128, Code.VEX_Vcvtpd2ps_xmm_xmmm128, Code.VEX_Vcvtpd2ps_xmm_ymmm256], &BuildSame<Binary64ToBinary32>);
        table.Add([Code.Cvtpd2dq_xmm_xmmm128, Code.VEX_Vcvtpd2dq_xmm_xmmm128, Code.VEX_Vcvtpd2dq_xmm_ymmm256], &BuildSame<ToInt32<Binary64, ByMxcsr>>);
        table.Add([Code.Cvttpd2dq_xmm_xmmm128, Code.VEX_Vcvttpd2dq_xmm_xmmm128, Code.VEX_Vcvttpd2dq_xmm_ymmm256], &BuildSame<ToInt32<Binary64, Truncate>>);
        table.Add([Code.VEX_Vcvtps2ph_xmmm64_xmm_imm8, Code.VEX_Vcvtps2ph_xmmm128_ymm_imm8], &BuildHalf);

        table.Add(Code.Cvtpi2ps_xmm_mmm64, &BuildFromMmx<Int32ToBinary32>);
        table.Add(Code.Cvtpi2pd_xmm_mmm64, &BuildFromMmx<Int32ToBinary64>);
        table.Add(Code.Cvtps2pi_mm_xmmm64, &BuildToMmx<ToInt32<Binary32, ByMxcsr>, ulong>);
        table.Add(Code.Cvttps2pi_mm_xmmm64, &BuildToMmx<ToInt32<Binary32, Truncate>, ulong>);
        table.Add(Code.Cvtpd2pi_mm_xmmm128, &BuildToMmx<ToInt32<Binary64, ByMxcsr>, Vector128<byte>>);
        table.Add(Code.Cvttpd2pi_mm_xmmm128, &BuildToMmx<ToInt32<Binary64, Truncate>, Vector128<byte>>);
    }

    /// <summary>The source is as long as the register: 16 or 32 bytes; legacy operands are aligned.</summary>
    private static void BuildSame<T>(BlockBuilder b) where T : struct, IPackedConversion
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = FloatForms.SetOperands(b);
        bool isWide = b.Instruction.Op1Register.IsYMM() || (isMemory && b.OperandBytes(1) == 32);
        b.Op->Aux = (ushort)((isWide ? 32 : 16) / T.SourceBytes);
        if (b.Instruction.Encoding == EncodingKind.Legacy)
            b.Emit(isMemory ? &Convert<T, Vector128<byte>, FromMemory, Legacy> : &Convert<T, Vector128<byte>, FromRegister, Legacy>);
        else if (isWide)
            b.Emit(isMemory ? &Convert<T, Vector256<byte>, FromMemory, Vex> : &Convert<T, Vector256<byte>, FromRegister, Vex>);
        else
            b.Emit(isMemory ? &Convert<T, Vector128<byte>, FromMemory, Vex> : &Convert<T, Vector128<byte>, FromRegister, Vex>);
    }

    /// <summary>The source is half as long as the destination: 8 or 16 bytes, aligned or not.</summary>
    private static void BuildWider<T>(BlockBuilder b) where T : struct, IPackedConversion
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = FloatForms.SetOperands(b);
        bool isWide = b.Instruction.Op0Register.IsYMM();
        b.Op->Aux = (ushort)((isWide ? 16 : 8) / T.SourceBytes);
        if (b.Instruction.Encoding == EncodingKind.Legacy)
            b.Emit(isMemory ? &Convert<T, ulong, FromMemory, Legacy> : &Convert<T, ulong, FromRegister, Legacy>);
        else if (isWide)
            b.Emit(isMemory ? &Convert<T, Vector128<byte>, FromMemory, Vex> : &Convert<T, Vector128<byte>, FromRegister, Vex>);
        else
            b.Emit(isMemory ? &Convert<T, ulong, FromMemory, Vex> : &Convert<T, ulong, FromRegister, Vex>);
    }

    private static void BuildHalf(BlockBuilder b)
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isWide = b.Instruction.Op1Register.IsYMM();
        b.Op->Src = b.Register(1);
        b.Op->Imm = b.Instruction.Immediate8;
        b.Op->Aux = (ushort)(isWide ? 8 : 4);
        if (!b.IsMemory(0))
        {
            b.Op->Dst = b.Register(0);
            b.Emit(&ToHalf);
        }
        else b.Emit(isWide ? &ToHalfMemory<Vector128<byte>> : &ToHalfMemory<ulong>);
    }

    private static void BuildFromMmx<T>(BlockBuilder b) where T : struct, IPackedConversion
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = FloatForms.SetOperands(b);
        b.Op->Aux = 2;
        b.Emit(isMemory ? &FromMmx<T, FromMemory> : &FromMmx<T, FromRegister>);
    }

    private static void BuildToMmx<T, TRead>(BlockBuilder b) where T : struct, IPackedConversion where TRead : unmanaged
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isMemory = FloatForms.SetOperands(b);
        b.Op->Aux = 2;
        b.Emit(isMemory ? &ToMmx<T, TRead, FromMemory> : &ToMmx<T, TRead, FromRegister>);
    }

    /// <summary>Reads the source; 16-byte operands of legacy instructions must be aligned.</summary>
    [MethodImpl(Jit.Inline)]
    private static bool Read<TRead, TSource, TEncoding>(Cpu* cpu, Op* op, out TRead source)
        where TRead : unmanaged where TSource : struct, ISource where TEncoding : struct, IEncoding
    {
        if (!TSource.IsMemory)
        {
            source = *(TRead*)((byte*)cpu + op->Src);
            return true;
        }
        ulong linear = Address.Linear(cpu, op, sizeof(TRead));
        return !TEncoding.IsVex && sizeof(TRead) == 16
            ? Memory.ReadAligned(cpu, op, linear, out source)
            : Memory.Read(cpu, op, linear, out source);
    }

    [MethodImpl(Jit.Handler)]
    private static void Convert<T, TRead, TSource, TEncoding>(Cpu* cpu, Op* op)
        where T : struct, IPackedConversion where TRead : unmanaged where TSource : struct, ISource where TEncoding : struct, IEncoding
    {
        if (!Read<TRead, TSource, TEncoding>(cpu, op, out TRead source)) return;
        byte* operands = (byte*)&cpu->FloatOperands;
        *(TRead*)operands = source;
        if (!Elements<T>(cpu, op)) return;
        if (TEncoding.IsVex) Vector256.Load(operands + SlowFloat.OperandBytes).Store((byte*)cpu + op->Dst);
        else Xmm.SetLow(cpu, op->Dst, Vector128.Load(operands + SlowFloat.OperandBytes));
        Chain.Next(cpu, op);
    }

    /// <summary>Converts Aux elements at FloatOperands; the result, with zeros above, lies 32 bytes behind.</summary>
    [MethodImpl(Jit.Cold)]
    private static bool Elements<T>(Cpu* cpu, Op* op) where T : struct, IPackedConversion
    {
        byte* from = (byte*)&cpu->FloatOperands;
        byte* to = from + SlowFloat.OperandBytes;
        Vector256<byte>.Zero.Store(to);
        if (T.TryFast(from, to, op->Aux, cpu->Mxcsr)) return true;
        Vector256<byte>.Zero.Store(to);
        FpExceptions raised = FpExceptions.None;
        Mxcsr control = new(cpu->Mxcsr);
        for (int i = 0; i < op->Aux; i++)
        {
            ulong value = T.SourceBytes == 8 ? ((ulong*)from)[i] : T.SourceBytes == 4 ? ((uint*)from)[i] : ((ushort*)from)[i];
            ulong r = T.Exact(value, control, (int)op->Imm, ref raised);
            if (T.TargetBytes == 8) ((ulong*)to)[i] = r;
            else if (T.TargetBytes == 4) ((uint*)to)[i] = (uint)r;
            else ((ushort*)to)[i] = (ushort)r;
        }
        return SlowFloat.Commit(cpu, op, raised);
    }

    [MethodImpl(Jit.Handler)]
    private static void ToHalf(Cpu* cpu, Op* op)
    {
        byte* operands = (byte*)&cpu->FloatOperands;
        Vector256.Load((byte*)cpu + op->Src).Store(operands);
        if (!Elements<Binary32ToBinary16>(cpu, op)) return;
        Vector256.Load(operands + SlowFloat.OperandBytes).Store((byte*)cpu + op->Dst);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void ToHalfMemory<TWrite>(Cpu* cpu, Op* op) where TWrite : unmanaged
    {
        // The store's faults come before the flags change.
        ulong linear = Address.Linear(cpu, op, sizeof(TWrite), isWrite: true);
        if (!Memory.ProbeWrite(cpu, op, linear, sizeof(TWrite))) return;
        byte* operands = (byte*)&cpu->FloatOperands;
        Vector256.Load((byte*)cpu + op->Src).Store(operands);
        if (!Elements<Binary32ToBinary16>(cpu, op)) return;
        if (!Memory.Write(cpu, op, linear, *(TWrite*)(operands + SlowFloat.OperandBytes))) return;
        Chain.Next(cpu, op);
    }

    /// <summary>CVTPI2PS keeps the high half of the destination. A memory operand leaves the x87 state alone (SDM vol. 2A, CVTPI2PD).</summary>
    [MethodImpl(Jit.Handler)]
    private static void FromMmx<T, TSource>(Cpu* cpu, Op* op) where T : struct, IPackedConversion where TSource : struct, ISource
    {
        if (!TSource.IsMemory && !Mmx.Begin(cpu, op)) return;
        if (!Read<ulong, TSource, Vex>(cpu, op, out ulong source)) return;
        byte* operands = (byte*)&cpu->FloatOperands;
        *(ulong*)operands = source;
        // The transition to MMX state comes before #XM, as processors have it.
        if (!TSource.IsMemory) Mmx.Enter(cpu);
        if (!Elements<T>(cpu, op)) return;
        if (T.TargetBytes == 8) Xmm.SetLow(cpu, op->Dst, Vector128.Load(operands + SlowFloat.OperandBytes));
        else *(ulong*)((byte*)cpu + op->Dst) = *(ulong*)(operands + SlowFloat.OperandBytes);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void ToMmx<T, TRead, TSource>(Cpu* cpu, Op* op)
        where T : struct, IPackedConversion where TRead : unmanaged where TSource : struct, ISource
    {
        if (!Mmx.Begin(cpu, op)) return;
        if (!Read<TRead, TSource, Legacy>(cpu, op, out TRead source)) return;
        byte* operands = (byte*)&cpu->FloatOperands;
        *(TRead*)operands = source;
        Mmx.Enter(cpu);
        if (!Elements<T>(cpu, op)) return;
        Mmx.Set(cpu, op->Dst, *(ulong*)(operands + SlowFloat.OperandBytes));
        Chain.Next(cpu, op);
    }
}

/// <summary>A conversion of elements of one size into elements of another.</summary>
internal unsafe interface IPackedConversion
{
    static abstract int SourceBytes { get; }
    static abstract int TargetBytes { get; }
    /// <summary>The host's conversion of <paramref name="count"/> elements, where it is certain to be right and to raise nothing new.</summary>
    static abstract bool TryFast(byte* from, byte* to, int count, uint mxcsr);
    /// <summary>The definition.</summary>
    static abstract ulong Exact(ulong value, Mxcsr control, int immediate, ref FpExceptions raised);
}

/// <summary>CVTDQ2PS.</summary>
internal readonly unsafe struct Int32ToBinary32 : IPackedConversion
{
    public static int SourceBytes => 4;
    public static int TargetBytes => 4;
    public static bool TryFast(byte* from, byte* to, int count, uint mxcsr)
    {
        if (!FastFloat.IsSettled(mxcsr)) return false;
        for (int i = 0; i < count; i += 4) Vector128.ConvertToSingle(Vector128.Load((int*)from + i)).Store((float*)to + i);
        if (count < 4) ((ulong*)to)[1] = 0;
        return true;
    }

    public static ulong Exact(ulong value, Mxcsr control, int immediate, ref FpExceptions raised)
        => SoftFloat<Binary32>.FromInteger((int)value, control, ref raised);
}

/// <summary>CVTDQ2PD.</summary>
internal readonly unsafe struct Int32ToBinary64 : IPackedConversion
{
    public static int SourceBytes => 4;
    public static int TargetBytes => 8;
    public static bool TryFast(byte* from, byte* to, int count, uint mxcsr)
    {
        for (int i = 0; i < count; i++) ((double*)to)[i] = ((int*)from)[i];
        return true;
    }

    public static ulong Exact(ulong value, Mxcsr control, int immediate, ref FpExceptions raised)
        => SoftFloat<Binary64>.FromInteger((int)value, control, ref raised);
}

/// <summary>Whether an immediate-free conversion to integers truncates.</summary>
internal interface IIntegerRounding
{
    static abstract bool IsTruncating { get; }
}

/// <summary>MXCSR.RC.</summary>
internal readonly struct ByMxcsr : IIntegerRounding
{
    public static bool IsTruncating => false;
}

/// <summary>Towards zero.</summary>
internal readonly struct Truncate : IIntegerRounding
{
    public static bool IsTruncating => true;
}

/// <summary>CVTPS2DQ, CVTPD2DQ and the truncating forms.</summary>
internal readonly unsafe struct ToInt32<F, TRounding> : IPackedConversion where F : struct, IBinaryFormat where TRounding : struct, IIntegerRounding
{
    public static int SourceBytes => SlowFloat.Bytes<F>();
    public static int TargetBytes => 4;
    public static bool TryFast(byte* from, byte* to, int count, uint mxcsr)
    {
        if (!FastFloat.IsSettled(mxcsr)) return false;
        for (int i = 0; i < count; i++)
        {
            double value = F.FractionBits == 52 ? ((double*)from)[i] : ((float*)from)[i];
            double whole = TRounding.IsTruncating ? Math.Truncate(value) : Math.Round(value);
            if (!(whole < 2147483648.0 && whole >= -2147483648.0)) return false;
            ((int*)to)[i] = (int)whole;
        }
        return true;
    }

    public static ulong Exact(ulong value, Mxcsr control, int immediate, ref FpExceptions raised)
        => (ulong)SoftFloat<F>.ToInteger(value, 32, TRounding.IsTruncating ? FpRounding.Zero : control.Rounding, control, ref raised);
}

/// <summary>CVTPS2PD.</summary>
internal readonly unsafe struct Binary32ToBinary64 : IPackedConversion
{
    public static int SourceBytes => 4;
    public static int TargetBytes => 8;
    public static bool TryFast(byte* from, byte* to, int count, uint mxcsr)
    {
        for (int i = 0; i < count; i++)
        {
            uint bits = ((uint*)from)[i];
            if (!FastFloat.CanCompare32(bits, bits)) return false;
            ((double*)to)[i] = ((float*)from)[i];
        }
        return true;
    }

    public static ulong Exact(ulong value, Mxcsr control, int immediate, ref FpExceptions raised)
        => SoftFloat<Binary32>.ConvertTo<Binary64>(value, control, ref raised);
}

/// <summary>CVTPD2PS.</summary>
internal readonly unsafe struct Binary64ToBinary32 : IPackedConversion
{
    public static int SourceBytes => 8;
    public static int TargetBytes => 4;
    public static bool TryFast(byte* from, byte* to, int count, uint mxcsr)
    {
        if (!FastFloat.IsSettled(mxcsr)) return false;
        for (int i = 0; i < count; i++)
        {
            float narrow = (float)((double*)from)[i];
            float magnitude = MathF.Abs(narrow);
            // Twice the least normal number: not tiny before rounding.
            if (!(magnitude >= 2.3509887e-38f && magnitude < float.PositiveInfinity)) return false;
            ((float*)to)[i] = narrow;
        }
        return true;
    }

    public static ulong Exact(ulong value, Mxcsr control, int immediate, ref FpExceptions raised)
        => SoftFloat<Binary64>.ConvertTo<Binary32>(value, control, ref raised);
}

/// <summary>VCVTPH2PS: DAZ is ignored and denormals raise nothing (SDM vol. 2C, VCVTPH2PS).</summary>
internal readonly unsafe struct Binary16ToBinary32 : IPackedConversion
{
    public static int SourceBytes => 2;
    public static int TargetBytes => 4;
    public static bool TryFast(byte* from, byte* to, int count, uint mxcsr) => false;
    public static ulong Exact(ulong value, Mxcsr control, int immediate, ref FpExceptions raised)
    {
        ulong r = SoftFloat<Binary16>.ConvertTo<Binary32>(value, control.WithoutDenormalsAreZero(), ref raised);
        raised &= ~FpExceptions.Denormal;
        return r;
    }
}

/// <summary>VCVTPS2PH: FTZ is ignored; the immediate holds the rounding mode or, with bit 2, says MXCSR.RC (SDM vol. 2C, VCVTPS2PH).</summary>
internal readonly unsafe struct Binary32ToBinary16 : IPackedConversion
{
    public static int SourceBytes => 4;
    public static int TargetBytes => 2;
    public static bool TryFast(byte* from, byte* to, int count, uint mxcsr) => false;
    public static ulong Exact(ulong value, Mxcsr control, int immediate, ref FpExceptions raised)
    {
        FpRounding rounding = (immediate & 4) != 0 ? control.Rounding : (FpRounding)(immediate & 3);
        return SoftFloat<Binary32>.ConvertTo<Binary16>(value, control.WithoutFlushToZero().WithRounding(rounding), ref raised);
    }
}
