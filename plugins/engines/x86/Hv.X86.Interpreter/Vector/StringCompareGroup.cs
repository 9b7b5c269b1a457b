using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM (SDM vol. 2, 4.1).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class StringCompareGroup
{
    private const int Rax = 0, Rcx = 1, Rdx = 2;

    public static void Register(OpTable table)
    {
        table.Add([Code.Pcmpestrm_xmm_xmmm128_imm8, Code.Pcmpestrm64_xmm_xmmm128_imm8,
            Code.VEX_Vpcmpestrm_xmm_xmmm128_imm8,
            Code.VEX_Vpcmpestrm64_xmm_xmmm128_imm8, Code.Pcmpestri_xmm_xmmm128_imm8, Code.Pcmpestri64_xmm_xmmm128_imm8,
            Code.VEX_Vpcmpestri_xmm_xmmm128_imm8, Code.VEX_Vpcmpestri64_xmm_xmmm128_imm8,
            Code.Pcmpistrm_xmm_xmmm128_imm8,
            Code.VEX_Vpcmpistrm_xmm_xmmm128_imm8, Code.Pcmpistri_xmm_xmmm128_imm8,
            Code.VEX_Vpcmpistri_xmm_xmmm128_imm8], &Build);
        table.Add([Code.Crc32_r32_rm8, Code.Crc32_r64_rm8], &BuildCrc<byte>);
        table.Add(Code.Crc32_r32_rm16, &BuildCrc<ushort>);
        table.Add(Code.Crc32_r32_rm32, &BuildCrc<uint>);
        table.Add(Code.Crc32_r64_rm64, &BuildCrc<ulong>);
    }

    private static void Build(BlockBuilder b)
    {
        bool isVex = b.Instruction.Encoding == EncodingKind.VEX;
        if (!(isVex ? VectorBuild.IsAvxAvailable(b) : VectorBuild.IsSseAvailable(b))) return;
        b.Op->Dst = b.Register(0);
        VectorBuild.TakeImmediate(b);
        b.Op->Src2 = isVex ? (ushort)1 : (ushort)0;
        Code code = b.Instruction.Code;
        b.Op->Imm = code is Code.Pcmpestrm64_xmm_xmmm128_imm8 or Code.VEX_Vpcmpestrm64_xmm_xmmm128_imm8
            or Code.Pcmpestri64_xmm_xmmm128_imm8
            or Code.VEX_Vpcmpestri64_xmm_xmmm128_imm8 ? 1 : 0;
        bool isMemory = b.IsMemory(1);
        if (!isMemory) b.Op->Src = b.Register(1);
        switch (b.Instruction.Mnemonic)
        {
            case Mnemonic.Pcmpestrm or Mnemonic.Vpcmpestrm or Mnemonic.Pcmpestrm64 or Mnemonic.Vpcmpestrm64:
                b.Emit(isMemory ? &FromMemory<Explicit, Mask> : &FromRegister<Explicit, Mask>);
                break;
            case Mnemonic.Pcmpestri or Mnemonic.Vpcmpestri or Mnemonic.Pcmpestri64 or Mnemonic.Vpcmpestri64:
                b.Emit(isMemory ? &FromMemory<Explicit, Index> : &FromRegister<Explicit, Index>);
                break;
            case Mnemonic.Pcmpistrm or Mnemonic.Vpcmpistrm:
                b.Emit(isMemory ? &FromMemory<Implicit, Mask> : &FromRegister<Implicit, Mask>);
                break;
            default:
                b.Emit(isMemory ? &FromMemory<Implicit, Index> : &FromRegister<Implicit, Index>);
                break;
        }
    }

    /// <summary>Whether lengths are in EAX and EDX.</summary>
    private interface ILengths
    {
        static abstract bool AreExplicit { get; }
    }

    private readonly struct Explicit : ILengths
    {
        public static bool AreExplicit => true;
    }

    private readonly struct Implicit : ILengths
    {
        public static bool AreExplicit => false;
    }

    /// <summary>Whether the result is an index in ECX or a mask in XMM0.</summary>
    private interface IResult
    {
        static abstract bool IsIndex { get; }
    }

    private readonly struct Index : IResult
    {
        public static bool IsIndex => true;
    }

    private readonly struct Mask : IResult
    {
        public static bool IsIndex => false;
    }

    [MethodImpl(Jit.Handler)]
    private static void FromRegister<TLengths, TResult>(Cpu* cpu, Op* op) where TLengths : struct, ILengths
        where TResult : struct, IResult
    {
        Compare(cpu, op, Xmm.Low(cpu, op->Src), TLengths.AreExplicit, TResult.IsIndex);
        Chain.Next(cpu, op);
    }

    // Alignment is not required, even by the legacy encodings.
    [MethodImpl(Jit.Handler)]
    private static void FromMemory<TLengths, TResult>(Cpu* cpu, Op* op) where TLengths : struct, ILengths
        where TResult : struct, IResult
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> source)) return;
        Compare(cpu, op, source, TLengths.AreExplicit, TResult.IsIndex);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void Compare(Cpu* cpu, Op* op, Vector128<byte> second, bool isExplicit, bool isIndex)
    {
        int imm = op->Aux;
        Vector128<byte> first = Xmm.Low(cpu, op->Dst);
        bool isWords = (imm & 1) != 0;
        int count = isWords ? 8 : 16;
        int firstLength, secondLength;
        if (isExplicit)
        {
            firstLength = ExplicitLength(cpu->Gpr[Rax], op->Imm != 0, count);
            secondLength = ExplicitLength(cpu->Gpr[Rdx], op->Imm != 0, count);
        }
        else
        {
            firstLength = ImplicitLength(first, isWords, count);
            secondLength = ImplicitLength(second, isWords, count);
        }
        uint result = Aggregate(first, second, firstLength, secondLength, imm, count);
        uint all = (1u << count) - 1;
        if ((imm & 0x10) != 0)
        {
            // Polarity: invert everything, or only what lies within the second string.
            result ^= (imm & 0x20) != 0 ? (1u << secondLength) - 1 : all;
        }
        Flags.SetStatus(cpu, (result != 0 ? Flags.Cf : 0) | (secondLength < count ? Flags.Zf : 0)
            | (firstLength < count ? Flags.Sf : 0)
            | ((result & 1) != 0 ? Flags.Of : 0));
        if (isIndex)
        {
            int index = result == 0 ? count : (imm & 0x40) != 0 ? BitOperations.Log2(result)
                : BitOperations.TrailingZeroCount(result);
            cpu->Gpr[Rcx] = (uint)index;
            return;
        }
        Vector128<byte> mask = Vector128.CreateScalar(result).AsByte();
        if ((imm & 0x40) != 0) mask = isWords ? ExpandWords(result) : ExpandBytes(result);
        if (op->Src2 != 0) Xmm.SetOnly(cpu, Cpu.YmmOffset(0), mask);
        else Xmm.SetLow(cpu, Cpu.YmmOffset(0), mask);
    }

    private static int ExplicitLength(ulong register, bool is64, int count)
    {
        long value = is64 ? (long)register : (int)register;
        ulong magnitude = value < 0 ? (ulong)-value : (ulong)value;
        return (int)Math.Min(magnitude, (ulong)count);
    }

    private static int ImplicitLength(Vector128<byte> text, bool isWords, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if ((isWords ? text.AsUInt16().GetElement(i) : text.GetElement(i)) == 0) return i;
        }
        return count;
    }

    /// <summary>Element i as the immediate says it is: byte or word, unsigned or signed.</summary>
    private static int Element(Vector128<byte> text, int i, int imm) => (imm & 3) switch
    {
        0 => text.GetElement(i),
        1 => text.AsUInt16().GetElement(i),
        2 => (sbyte)text.GetElement(i),
        _ => text.AsInt16().GetElement(i),
    };

    private static uint Aggregate(Vector128<byte> first, Vector128<byte> second, int firstLength, int secondLength,
        int imm, int count)
    {
        uint result = 0;
        for (int j = 0; j < count; j++)
        {
            bool bit = (imm >> 2 & 3) switch
            {
                0 => j < secondLength && EqualAny(first, firstLength, Element(second, j, imm), imm),
                1 => j < secondLength && InRanges(first, firstLength, Element(second, j, imm), imm),
                2 => EqualEach(first, second, firstLength, secondLength, j, imm),
                _ => EqualOrdered(first, second, firstLength, secondLength, j, imm, count),
            };
            if (bit) result |= 1u << j;
        }
        return result;
    }

    private static bool EqualAny(Vector128<byte> first, int length, int value, int imm)
    {
        for (int i = 0; i < length; i++)
        {
            if (Element(first, i, imm) == value) return true;
        }
        return false;
    }

    private static bool InRanges(Vector128<byte> first, int length, int value, int imm)
    {
        for (int i = 0; i + 1 < length; i += 2)
        {
            if (value >= Element(first, i, imm) && value <= Element(first, i + 1, imm)) return true;
        }
        return false;
    }

    /// <summary>Beyond both ends elements are equal, beyond one they are not (SDM vol. 2, table 4-7).</summary>
    private static bool EqualEach(Vector128<byte> first, Vector128<byte> second, int firstLength, int secondLength,
        int j, int imm)
    {
        bool isInFirst = j < firstLength, isInSecond = j < secondLength;
        if (!isInFirst || !isInSecond) return isInFirst == isInSecond;
        return Element(first, j, imm) == Element(second, j, imm);
    }

    /// <summary>The first string begins at element j of the second; a match may run out of the register, not out of the
    /// string.</summary>
    private static bool EqualOrdered(Vector128<byte> first, Vector128<byte> second, int firstLength, int secondLength,
        int j, int imm, int count)
    {
        for (int i = 0; i < firstLength && i + j < count; i++)
        {
            if (i + j >= secondLength || Element(first, i, imm) != Element(second, i + j, imm)) return false;
        }
        return true;
    }

    private static Vector128<byte> ExpandBytes(uint bits)
    {
        Vector128<byte> mask = default;
        for (int i = 0; i < 16; i++) mask = mask.WithElement(i, (bits >> i & 1) != 0 ? (byte)0xFF : (byte)0);
        return mask;
    }

    private static Vector128<byte> ExpandWords(uint bits)
    {
        Vector128<ushort> mask = default;
        for (int i = 0; i < 8; i++) mask = mask.WithElement(i, (bits >> i & 1) != 0 ? (ushort)0xFFFF : (ushort)0);
        return mask.AsByte();
    }

    private static void BuildCrc<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Dst = b.Register(0);
        if (b.IsMemory(1))
        {
            b.Emit(&CrcMemory<T>);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(&CrcRegister<T>);
    }

    // CRC32 (SDM vol. 2): CRC-32C without inversions, in the low half of the destination; the upper half is cleared.

    [MethodImpl(Jit.Inline)]
    private static uint Crc<T>(uint crc, ulong data) where T : unmanaged => sizeof(T) switch
    {
        1 => BitOperations.Crc32C(crc, (byte)data),
        2 => BitOperations.Crc32C(crc, (ushort)data),
        4 => BitOperations.Crc32C(crc, (uint)data),
        _ => BitOperations.Crc32C(crc, data),
    };

    [MethodImpl(Jit.Handler)]
    private static void CrcRegister<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<uint>(cpu, op->Dst, Crc<T>((uint)Int.Reg<uint>(cpu, op->Dst), Int.Reg<T>(cpu, op->Src)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void CrcMemory<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T source)) return;
        Int.SetReg<uint>(cpu, op->Dst, Crc<T>((uint)Int.Reg<uint>(cpu, op->Dst), Int.From(source)));
        Chain.Next(cpu, op);
    }
}
