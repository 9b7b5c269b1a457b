using System.Runtime.InteropServices;

namespace Hv.X86.FloatingPoint.Tests;

/// <summary>One execution of an SSE instruction: xmm0 = A, xmm1 = B, xmm2 = C, rax = A; the result is xmm0 or rax.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct SseCase
{
    [FieldOffset(0)] public uint ControlBefore;
    [FieldOffset(4)] public uint ControlAfter;
    [FieldOffset(8)] public uint Saved;
    [FieldOffset(16)] public ulong A;
    [FieldOffset(32)] public ulong B;
    [FieldOffset(48)] public ulong C;
    [FieldOffset(64)] public ulong Result;
    [FieldOffset(80)] public ulong Rax;
    [FieldOffset(88)] public ulong Flags;

    /// <summary>The loop around <paramref name="instruction"/> (hexadecimal).</summary>
    public static HostCode Compile(string instruction)
    {
        string body = "0fae5f08"      // stmxcsr [rdi+8]
            + "488b4710"              // mov rax,[rdi+16]
            + "0f104710" + "0f104f20" + "0f105730" // movups xmm0,[rdi+16]; xmm1,[rdi+32]; xmm2,[rdi+48]
            + "0fae17"                // ldmxcsr [rdi]
            + instruction.Replace(" ", "", StringComparison.Ordinal)
            + "9c8f4758"              // pushfq; pop [rdi+88]
            + "0fae5f04"              // stmxcsr [rdi+4]
            + "0fae5708"              // ldmxcsr [rdi+8]
            + "0f114740"              // movups [rdi+64],xmm0
            + "48894750"              // mov [rdi+80],rax
            + "4883ef80"              // sub rdi,-128
            + "48ffce";               // dec rsi
        byte[] code = Convert.FromHexString(body);
        byte[] loop = [.. code, 0x0F, 0x85, .. BitConverter.GetBytes(-(code.Length + 6)), 0xC3];
        return new HostCode(loop);
    }
}
