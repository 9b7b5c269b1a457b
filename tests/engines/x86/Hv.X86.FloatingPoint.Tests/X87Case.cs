using System.Runtime.InteropServices;

namespace Hv.X86.FloatingPoint.Tests;

/// <summary>A register image in memory, as FLD and FSTP tbyte have it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct TenBytes
{
    [FieldOffset(0)] public ulong Significand;
    [FieldOffset(8)] public ushort SignExponent;

    public static implicit operator TenBytes(Float80 value)
        => new() { Significand = value.Significand, SignExponent = value.SignExponent };

    public readonly Float80 Value => new(Significand, SignExponent);

    public override readonly string ToString() => $"{SignExponent:x4}:{Significand:x16}";
}

/// <summary>One execution of an x87 instruction: ST(0) = A, ST(1) = B; then ST(0) and ST(1) are stored. Unmasked exceptions may
/// be raised: only non-waiting instructions follow until they are cleared.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct X87Case
{
    [FieldOffset(0)] public ushort Control;
    [FieldOffset(2)] public ushort Status;
    [FieldOffset(4)] public ushort Saved;
    [FieldOffset(6)] public ushort Quiet;
    [FieldOffset(16)] public TenBytes A;
    [FieldOffset(32)] public TenBytes B;
    [FieldOffset(48)] public TenBytes Result;
    [FieldOffset(64)] public TenBytes Second;
    [FieldOffset(80)] public TenBytes Memory;

    /// <summary>The loop around <paramref name="instruction"/> (hexadecimal; [rdi+80] is the memory operand).</summary>
    public static HostCode Compile(string instruction)
    {
        string body = "d97f04"  // fnstcw [rdi+4]
            + "dbe3"            // fninit
            + "db6f20db6f10"    // fld tbyte [rdi+32]; fld tbyte [rdi+16]
            + "d92f"            // fldcw [rdi]
            + instruction
            + "dd7f02"          // fnstsw [rdi+2]
            + "dbe2"            // fnclex
            + "d96f06"          // fldcw [rdi+6]
            + "db7f30db7f40"    // fstp tbyte [rdi+48]; fstp tbyte [rdi+64]
            + "dbe3d96f04"      // fninit; fldcw [rdi+4]
            + "4883ef80"        // sub rdi,-128
            + "48ffce";         // dec rsi
        byte[] code = Convert.FromHexString(body);
        byte[] loop = [.. code, 0x0F, 0x85, .. BitConverter.GetBytes(-(code.Length + 6)), 0xC3];
        return new HostCode(loop);
    }
}
