using Hv.X86.Oracle;
using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>Where processors that may be the host depart from the manual, and Hv does not follow them. Each row was
/// seen.</summary>
internal static class HostQuirks
{
    private const uint InvalidOpcode = 6, StackFault = 12, GeneralProtection = 13, PageFault = 14, AlignmentCheck = 17;

    /// <summary>True when the difference is one of these.</summary>
    public static bool Explain(in CpuCase expected, in CpuCase actual, in Instruction instruction) =>
        TakesMisalignedSha(expected, actual, instruction)
        || RefusesWideElementMoves(expected, instruction)
        || WrapsAtFourGigabytes(expected, actual)
        || OrdersImageAccesses(expected, actual, instruction)
        || OrdersFaultsOfCalls(expected, actual, instruction)
        || ObeysPrefixOfBranch(instruction)
        || ChangesStateBeforeFault(expected, actual, instruction)
        || ReportsPrecisionBesideUnderflow(expected, actual)
        || HasMisalignedMode(expected, actual)
        || (actual.Vector == PageFault
            && OracleLayout.IsOwn(actual.FaultAddress)) // a wild address met the oracle itself
        || OrdersAlignmentAndSegment(expected, actual, instruction)
        || FetchesLessOfUndefined(expected, instruction)
        || instruction.Mnemonic == Mnemonic.Pause; // with REX.B it is XCHG, which Iced's decoder does not tell

    // Zen 5 takes misaligned operands of the SHA instructions, which are #GP(0) (SDM vol. 2, table 2-18, exception type
    // 4).
    private static bool TakesMisalignedSha(in CpuCase expected, in CpuCase actual, in Instruction instruction) =>
        instruction.CpuidFeatures.AsSpan().Contains(CpuidFeature.SHA)
        && actual.Vector == GeneralProtection && expected.Vector != GeneralProtection;

    // VEX.W is ignored outside 64-bit mode (SDM vol. 2, PEXTRD and PINSRD, note 1); Zen raises #UD.
    private static bool RefusesWideElementMoves(in CpuCase expected, in Instruction instruction) =>
        expected.Bitness == 32 && expected.Vector == InvalidOpcode && instruction.Mnemonic is Mnemonic.Vpextrd
        or Mnemonic.Vpinsrd;

    // An operand across the end of a 4 GiB segment "may or may not" fault (SDM vol. 3, 6.3).
    private static bool WrapsAtFourGigabytes(in CpuCase expected, in CpuCase actual) =>
        expected.Bitness == 32 && expected.Vector == GeneralProtection && actual.Vector == PageFault
        && actual.FaultAddress > uint.MaxValue - 512;

    // The order in which the pieces of a saved image are touched, and so the one that faults, is the processor's own;
    // so is whether a misaligned FXSAVE area is #AC or #GP (SDM vol. 2, FXSAVE).
    private static bool OrdersImageAccesses(in CpuCase expected, in CpuCase actual, in Instruction instruction) =>
        instruction.Mnemonic is Mnemonic.Fnstenv or Mnemonic.Fldenv or Mnemonic.Fnsave or Mnemonic.Frstor
            or Mnemonic.Fxsave or Mnemonic.Fxsave64 or Mnemonic.Fxrstor or Mnemonic.Fxrstor64
        && expected.Vector != CpuCase.NoFault && actual.Vector != CpuCase.NoFault;

    // With underflow unmasked and a result far below the range, Zen reports UE without PE.
    private static bool ReportsPrecisionBesideUnderflow(in CpuCase expected, in CpuCase actual)
    {
        const uint Underflow = 0x10, Precision = 0x20, UnderflowMask = 0x800, SimdFault = 19;
        return expected.Vector == SimdFault && actual.Vector == SimdFault
            && (expected.Mxcsr & (Underflow | UnderflowMask)) == Underflow
            && (expected.Mxcsr ^ actual.Mxcsr) == Precision;
    }

    // Which of the faults of one instruction is reported is not architectural: Zen pushes before it looks at the
    // target.
    private static bool OrdersFaultsOfCalls(in CpuCase expected, in CpuCase actual, in Instruction instruction) =>
        instruction.FlowControl == FlowControl.IndirectCall && expected.Vector != CpuCase.NoFault
        && actual.Vector == GeneralProtection;

    // An address that is both misaligned and not canonical.
    private static bool OrdersAlignmentAndSegment(in CpuCase expected, in CpuCase actual, in Instruction instruction) =>
        instruction.Mnemonic == Mnemonic.Cmpxchg16b && expected.Vector == GeneralProtection
        && actual.Vector == StackFault;

    // AMD's UD0 has no ModRM byte, so nothing is fetched for one beyond the page.
    private static bool FetchesLessOfUndefined(in CpuCase expected, in Instruction instruction) =>
        instruction.Mnemonic is Mnemonic.Ud0 or Mnemonic.Ud1 && expected.Vector == InvalidOpcode;

    // Zen takes F2 and F3 before LOOPE and LOOPNE for the condition.
    private static bool ObeysPrefixOfBranch(in Instruction instruction) =>
        instruction.Mnemonic is Mnemonic.Loope or Mnemonic.Loopne
        && (instruction.HasRepPrefix || instruction.HasRepnePrefix);

    // Zen enters MMX state before MASKMOVQ looks at memory, and its byte-masked stores look at the bytes that they
    // write only.
    private static bool ChangesStateBeforeFault(in CpuCase expected, in CpuCase actual, in Instruction instruction) =>
        instruction.Mnemonic is Mnemonic.Maskmovq or Mnemonic.Maskmovdqu or Mnemonic.Vmaskmovdqu
        && (actual.Vector == AlignmentCheck
            || (expected.Vector != CpuCase.NoFault && actual.Vector is PageFault or GeneralProtection));

    // AMD's misaligned exception mask, bit 17 of MXCSR, which Hv's models do not have.
    private static bool HasMisalignedMode(CpuCase expected, CpuCase actual) =>
        (expected.Mxcsr & 0x2_0000) != 0 && actual.Vector == GeneralProtection;
}
