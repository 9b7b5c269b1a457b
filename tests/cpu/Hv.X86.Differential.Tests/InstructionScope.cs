using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>Which encodings are compared with the host, and why the others are not.</summary>
internal static class InstructionScope
{
    /// <summary>Encodings of Hv's CPU models in one mode that may run on the host.</summary>
    public static Code[] Comparable(int bitness) =>
        [.. All(bitness).Where(c => HostFeatures.OnHost(c) && WhyNotCompared(c, bitness) is null)];

    /// <summary>Encodings of Hv's CPU models in one mode that the host lacks.</summary>
    public static Code[] MissingOnHost(int bitness) => [.. All(bitness).Where(c => !HostFeatures.OnHost(c))];

    /// <summary>All encodings of Hv's CPU models in one mode.</summary>
    public static IEnumerable<Code> All(int bitness) => Enum.GetValues<Code>().Where(c => IsInScope(c, bitness));

    /// <summary>True when Hv's CPU models have this encoding in this mode.</summary>
    public static bool IsInScope(Code code, int bitness)
    {
        OpCodeInfo op = code.ToOpCode();
        bool mode = bitness switch { 64 => op.IntelDecoder64, 32 => op.IntelDecoder32, _ => op.IntelDecoder16 };
        return op.IsInstruction && mode && !op.Fwait && op.Encoding is EncodingKind.Legacy or EncodingKind.VEX
            && op.DecoderOption == DecoderOptions.None
            && HostFeatures.InScope(code);
    }

    /// <summary>The reason why this encoding is not executed on the host, or null.</summary>
    public static string? WhyNotCompared(Code code, int bitness) => code.Mnemonic() switch
    {
        Mnemonic.Syscall or Mnemonic.Sysenter or Mnemonic.Sysret or Mnemonic.Sysexit or Mnemonic.Sysretq
            or Mnemonic.Sysexitq or Mnemonic.Int
            => "enters the host's kernel",
        Mnemonic.Sgdt or Mnemonic.Sidt or Mnemonic.Sldt or Mnemonic.Smsw or Mnemonic.Str or Mnemonic.Lar
        or Mnemonic.Lsl or Mnemonic.Verr
            or Mnemonic.Verw => "shows the host's descriptor tables, or is emulated by its kernel",
        Mnemonic.Cpuid or Mnemonic.Xgetbv or Mnemonic.Rdtsc or Mnemonic.Rdtscp or Mnemonic.Rdpmc or Mnemonic.Rdpid =>
        "shows the host's identity or time",
        Mnemonic.Rdrand or Mnemonic.Rdseed => "random",
        Mnemonic.Wrfsbase or Mnemonic.Wrgsbase => "would change the oracle's own bases",
        Mnemonic.Lds or Mnemonic.Les or Mnemonic.Lfs or Mnemonic.Lgs or Mnemonic.Lss or Mnemonic.Retf or Mnemonic.Iret
        or Mnemonic.Iretd or Mnemonic.Iretq
            => "loads a segment from the host's descriptor tables",
        Mnemonic.Monitor or Mnemonic.Mwait => "disabled for user code by Hv and by Linux in different ways",
        Mnemonic.Xsave or Mnemonic.Xsave64 or Mnemonic.Xsaveopt or Mnemonic.Xsaveopt64 or Mnemonic.Xsavec
        or Mnemonic.Xsavec64 or Mnemonic.Xrstor
            or Mnemonic.Xrstor64 => "depends on what the host tracks as in use: tested by the interpreter's own tests",
        Mnemonic.Int1 => "delivered with the wrong RIP by hypervisors that intercept it",
        Mnemonic.Reservednop when code.ToString().EndsWith("0F0D", StringComparison.Ordinal) =>
        "AMD's 3DNow! prefetches, #UD with a register",
        _ when code == Code.Movsxd_r16_rm16 => "AMD reads 32 bits of memory, Intel 16",
        _ when LoadsSegment(code) => "loads a segment from the host's descriptor tables",
        _ when bitness == 64 && IsNearBranch(code) && code.ToOpCode().OperandSize == 16 =>
        "AMD truncates the target, Intel ignores the prefix",
        _ => null,
    };

    private static bool IsNearBranch(Code code) =>
        code.IsJccShortOrNear() || code.IsJmpShortOrNear() || code.IsCallNear() || code.IsJcxShort() || code.IsLoop()
        || code.IsLoopcc();

    private static bool LoadsSegment(Code code) => code switch
    {
        Code.Mov_Sreg_rm16 or Code.Mov_Sreg_r32m16 or Code.Mov_Sreg_r64m16 => true,
        Code.Popw_ES or Code.Popd_ES or Code.Popw_SS or Code.Popd_SS or Code.Popw_DS or Code.Popd_DS or Code.Popw_FS
        or Code.Popd_FS or Code.Popq_FS
            or Code.Popw_GS or Code.Popd_GS or Code.Popq_GS => true,
        Code.Call_ptr1616 or Code.Call_ptr1632 or Code.Call_m1616 or Code.Call_m1632 or Code.Call_m1664 => true,
        Code.Jmp_ptr1616 or Code.Jmp_ptr1632 or Code.Jmp_m1616 or Code.Jmp_m1632 or Code.Jmp_m1664 => true,
        _ => false,
    };
}
