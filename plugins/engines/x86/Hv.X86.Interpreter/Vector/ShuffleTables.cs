namespace Hv.X86.Interpreter;

/// <summary>Byte indices for PSHUFB-like shuffles and masks for blends, so that an instruction whose immediate chooses
/// elements is one shuffle or one select by a vector that its builder picked. Pinned, never freed, the same for all
/// machines.</summary>
internal static unsafe class ShuffleTables
{
    private const int Lane = 16;
    private const byte Nothing = 0x80;

    private static readonly byte[] s_dwords = Make(Lane, (imm, i) => (byte)(4 * (imm >> (2 * (i / 4)) & 3) + i % 4));
    private static readonly byte[] s_lowWords = Make(Lane, (imm, i) =>
        i >= 8 ? (byte)i : (byte)(2 * (imm >> (2 * (i / 2)) & 3) + i % 2));
    private static readonly byte[] s_highWords = Make(Lane, (imm, i) =>
        i < 8 ? (byte)i : (byte)(8 + 2 * (imm >> (2 * (i / 2 - 4)) & 3) + i % 2));
    private static readonly byte[] s_wordMasks = Make(2 * Lane, (imm, i) => (imm >> (i % Lane / 2) & 1) != 0
        ? (byte)0xFF : (byte)0);
    private static readonly byte[] s_dwordMasks = Make(2 * Lane, (imm, i) =>
        (imm >> (i / 4) & 1) != 0 ? (byte)0xFF : (byte)0);
    private static readonly byte[] s_quadwords = Make(2 * Lane, (imm, i) => (byte)(8 * (imm >> (i / 8) & 1) + i % 8));
    private static readonly byte[] s_window = MakeWindow();

    /// <summary>PSHUFD.</summary>
    public static byte* Dwords(int imm) => At(s_dwords, imm * Lane);
    /// <summary>PSHUFLW.</summary>
    public static byte* LowWords(int imm) => At(s_lowWords, imm * Lane);
    /// <summary>PSHUFHW.</summary>
    public static byte* HighWords(int imm) => At(s_highWords, imm * Lane);
    /// <summary>PBLENDW: 32 bytes, the second lane as the first.</summary>
    public static byte* WordMask(int imm) => At(s_wordMasks, imm * 2 * Lane);
    /// <summary>VPBLENDD: 32 bytes.</summary>
    public static byte* DwordMask(int imm) => At(s_dwordMasks, imm * 2 * Lane);

    /// <summary>SHUFPD and VPERMILPD: 32 bytes, a bit of the immediate for each quadword.</summary>
    public static byte* Quadwords(int imm) => At(s_quadwords, imm * 2 * Lane);

    /// <summary>Index i takes byte i + <paramref name="distance"/>, and zero where there is none: byte shifts and
    /// PALIGNR. −16 to 32 count.</summary>
    public static byte* Window(int distance) => At(s_window, Lane + Math.Clamp(distance, -Lane, 2 * Lane));

    // SAFETY: the arrays are pinned and rooted by the static fields; offsets stay below their lengths for 8-bit
    // immediates.
    private static byte* At(byte[] table, int offset) =>
        (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref table[offset]);

    private static byte[] Make(int bytes, Func<int, int, byte> value)
    {
        byte[] table = GC.AllocateUninitializedArray<byte>(256 * bytes, pinned: true);
        for (int imm = 0; imm < 256; imm++)
        {
            for (int i = 0; i < bytes; i++) table[imm * bytes + i] = value(imm, i);
        }
        return table;
    }

    private static byte[] MakeWindow()
    {
        byte[] table = GC.AllocateUninitializedArray<byte>(5 * Lane, pinned: true);
        Array.Fill(table, Nothing);
        for (int i = 0; i < Lane; i++) table[Lane + i] = (byte)i;
        return table;
    }
}
