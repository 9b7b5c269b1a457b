using Hv.X86.Oracle;
using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>Where processors that may be the host depart from the manual, and Hv does not follow them. Each row was seen.</summary>
internal static class HostQuirks
{
    private const uint InvalidOpcode = 6, GeneralProtection = 13, PageFault = 14;

    /// <summary>True when the difference is one of these.</summary>
    public static bool Explain(in CpuCase expected, in CpuCase actual, in Instruction instruction) =>
        TakesMisalignedSha(expected, actual, instruction)
        || RefusesWideElementMoves(expected, instruction)
        || WrapsAtFourGigabytes(expected, actual)
        || OrdersImageAccesses(expected, actual, instruction);

    // Zen 5 takes misaligned operands of the SHA instructions, which are #GP(0) (SDM vol. 2, table 2-18, exception type 4).
    private static bool TakesMisalignedSha(in CpuCase expected, in CpuCase actual, in Instruction instruction) =>
        instruction.CpuidFeatures.AsSpan().Contains(CpuidFeature.SHA)
        && actual.Vector == GeneralProtection && expected.Vector != GeneralProtection;

    // VEX.W is ignored outside 64-bit mode (SDM vol. 2, PEXTRD and PINSRD, note 1); Zen raises #UD.
    private static bool RefusesWideElementMoves(in CpuCase expected, in Instruction instruction) =>
        expected.Bitness == 32 && expected.Vector == InvalidOpcode && instruction.Mnemonic is Mnemonic.Vpextrd or Mnemonic.Vpinsrd;

    // An operand across the end of a 4 GiB segment "may or may not" fault (SDM vol. 3, 6.3).
    private static bool WrapsAtFourGigabytes(in CpuCase expected, in CpuCase actual) =>
        expected.Bitness == 32 && expected.Vector == GeneralProtection && actual.Vector == PageFault
        && actual.FaultAddress > uint.MaxValue - 512;

    // The order in which the pieces of an x87 environment are touched, and so the one that faults, is the processor's own.
    private static bool OrdersImageAccesses(in CpuCase expected, in CpuCase actual, in Instruction instruction) =>
        instruction.Mnemonic is Mnemonic.Fnstenv or Mnemonic.Fldenv or Mnemonic.Fnsave or Mnemonic.Frstor
        && expected.Vector != CpuCase.NoFault && actual.Vector != CpuCase.NoFault;
}
