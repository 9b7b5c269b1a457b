using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using V = System.Runtime.Intrinsics.Vector128<byte>;

namespace Hv.X86.Interpreter;

// AES rounds (FIPS 197; SDM vol. 2, AESENC and following). a is the state, b the round key.

internal readonly struct Aesenc : IVectorOp
{
    public static V Apply(V a, V b) =>
        Aes.IsSupported ? Aes.Encrypt(a, b) : AesSoftware.MixColumns(AesSoftware.SubstituteShifted(a)) ^ b;
}

internal readonly struct Aesenclast : IVectorOp
{
    public static V Apply(V a, V b) => Aes.IsSupported ? Aes.EncryptLast(a, b) : AesSoftware.SubstituteShifted(a) ^ b;
}

internal readonly struct Aesdec : IVectorOp
{
    public static V Apply(V a, V b) =>
        Aes.IsSupported ? Aes.Decrypt(a, b)
        : AesSoftware.InverseMixColumns(AesSoftware.InverseSubstituteShifted(a)) ^ b;
}

internal readonly struct Aesdeclast : IVectorOp
{
    public static V Apply(V a, V b) =>
        Aes.IsSupported ? Aes.DecryptLast(a, b) : AesSoftware.InverseSubstituteShifted(a) ^ b;
}

internal readonly struct Aesimc : IVectorOp
{
    public static V Apply(V a, V b) => Aes.IsSupported ? Aes.InverseMixColumns(b) : AesSoftware.InverseMixColumns(b);
}

/// <summary>SubWord of dwords 1 and 3, plain and rotated with the round constant. The host's instruction wants a
/// constant at compile time, and key schedules are rare, so this is software everywhere.</summary>
internal readonly struct Aeskeygenassist : IVectorImmOp
{
    public static V Apply(V a, V b, int imm)
    {
        uint first = AesSoftware.SubstituteWord(b.AsUInt32().GetElement(1));
        uint third = AesSoftware.SubstituteWord(b.AsUInt32().GetElement(3));
        return Vector128.Create(first, uint.RotateRight(first, 8) ^ (uint)imm, third,
            uint.RotateRight(third, 8) ^ (uint)imm).AsByte();
    }
}

/// <summary>AES in portable code, for hosts without the instructions.</summary>
internal static class AesSoftware
{
    private static readonly byte[] s_box = MakeBox();
    private static readonly byte[] s_inverse = Invert(s_box);
    // ShiftRows and its inverse as index vectors: the state is stored by columns.
    private static readonly V s_shift = Vector128.Create((byte)0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11);
    private static readonly V s_inverseShift = Vector128.Create((byte)0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9,
        6, 3);

    /// <summary>SubBytes of four bytes.</summary>
    public static uint SubstituteWord(uint word) =>
        (uint)(s_box[(byte)word] | s_box[(byte)(word >> 8)] << 8 | s_box[(byte)(word >> 16)] << 16
        | s_box[word >> 24] << 24);

    /// <summary>ShiftRows, then SubBytes.</summary>
    public static V SubstituteShifted(V state) => Substitute(Vector128.Shuffle(state, s_shift), s_box);

    /// <summary>The inverses of both.</summary>
    public static V InverseSubstituteShifted(V state) =>
        Substitute(Vector128.Shuffle(state, s_inverseShift), s_inverse);

    /// <summary>MixColumns: each byte is 2·a0 + 3·a1 + a2 + a3 of its column.</summary>
    public static V MixColumns(V s)
    {
        V one = Rotate(s, 1), doubled = Double(s ^ one);
        return doubled ^ one ^ Rotate(s, 2) ^ Rotate(s, 3);
    }

    /// <summary>InvMixColumns: MixColumns of the state plus 4·(a0 + a2) in each byte and its neighbour's.</summary>
    public static V InverseMixColumns(V s)
    {
        V quadrupled = Double(Double(s ^ Rotate(s, 2)));
        return MixColumns(s ^ quadrupled);
    }

    /// <summary>Each byte becomes the one that follows it in its column by <paramref name="by"/>.</summary>
    private static V Rotate(V s, int by) =>
        (Vector128.ShiftRightLogical(s.AsUInt32(), 8 * by) | Vector128.ShiftLeft(s.AsUInt32(), 32 - 8 * by)).AsByte();

    /// <summary>Multiplication by x in GF(2⁸) modulo x⁸ + x⁴ + x³ + x + 1.</summary>
    private static V Double(V s) =>
        (s + s) ^ (Vector128.ShiftRightArithmetic(s.AsSByte(), 7).AsByte() & Vector128.Create((byte)0x1B));

    private static V Substitute(V state, byte[] box)
    {
        V result = default;
        for (int i = 0; i < 16; i++) result = result.WithElement(i, box[state.GetElement(i)]);
        return result;
    }

    /// <summary>The S-box: inverses, found by walking the powers of the generator 3 and of its inverse, under the
    /// affine map.</summary>
    private static byte[] MakeBox()
    {
        byte[] box = new byte[256];
        byte p = 1, q = 1;
        do
        {
            p = (byte)(p ^ p << 1 ^ ((p & 0x80) != 0 ? 0x1B : 0));
            q ^= (byte)(q << 1);
            q ^= (byte)(q << 2);
            q ^= (byte)(q << 4);
            if ((q & 0x80) != 0) q ^= 9;
            int rotations = byte.RotateLeft(q, 1) ^ byte.RotateLeft(q, 2) ^ byte.RotateLeft(q, 3) ^ byte.RotateLeft(q, 4);
            box[p] = (byte)(q ^ rotations ^ 0x63);
        }
        while (p != 1);
        box[0] = 0x63;
        return box;
    }

    private static byte[] Invert(byte[] box)
    {
        byte[] inverse = new byte[256];
        for (int i = 0; i < 256; i++) inverse[box[i]] = (byte)i;
        return inverse;
    }
}

/// <summary>PCLMULQDQ: the product of two quadwords as polynomials over GF(2); the immediate's bits 0 and 4 choose
/// them.</summary>
internal readonly struct Pclmulqdq : IVectorImmOp
{
    public static V Apply(V a, V b, int imm)
    {
        ulong x = a.AsUInt64().GetElement(imm & 1), y = b.AsUInt64().GetElement(imm >> 4 & 1);
        if (System.Runtime.Intrinsics.X86.Pclmulqdq.IsSupported)
        {
            return System.Runtime.Intrinsics.X86.Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(x),
                Vector128.CreateScalar(y), 0).AsByte();
        }
        ulong low = 0, high = 0;
        for (int i = 0; i < 64; i++)
        {
            if ((y >> i & 1) == 0) continue;
            low ^= x << i;
            if (i != 0) high ^= x >> (64 - i);
        }
        return Vector128.Create(low, high).AsByte();
    }
}
