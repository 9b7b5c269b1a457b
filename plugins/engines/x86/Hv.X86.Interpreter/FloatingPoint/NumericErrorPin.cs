namespace Hv.X86.Interpreter;

/// <summary>x87 exceptions in the way of MS-DOS, with CR0.NE clear: instead of #MF there is the pin FERR#, which boards
/// lead to IRQ 13, and the next waiting instruction stands still until an interrupt is taken, or goes on regardless
/// while IGNNE# is asserted (SDM vol. 1, 8.7.2 and appendix D.2). FERR# follows from the status word and CR0; nothing
/// of it is saved.</summary>
// Deviation: FERR# rises with the exception for every instruction; processors defer it for some to the next waiting one
// (D.2.1.2).
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, op a record of a block in its
// arena.
internal static unsafe class NumericErrorPin
{
    /// <summary>To be called after any change of FSW.ES or CR0.NE. <paramref name="op"/>: the instruction that made it,
    /// null when Rip and Retired are right already.</summary>
    public static void Update(Cpu* cpu, Op* op)
    {
        bool isAsserted = (cpu->Fsw & X87Stack.ErrorSummary) != 0 && (cpu->Cr0 & CpuMode.Cr0Ne) == 0;
        if (isAsserted != (cpu->Ferr != 0)) Drive(cpu, op, isAsserted);
    }

    private static void Drive(Cpu* cpu, Op* op, bool isAsserted)
    {
        cpu->Ferr = isAsserted ? (byte)1 : (byte)0;
        Vcpu vcpu = Vcpu.Of(cpu);
        cpu->Calling = op;
        vcpu.Partition.Context.SetNumericError(vcpu.Index, isAsserted);
        cpu->Calling = null;
    }

    /// <summary>A waiting instruction finds an exception pending. False: it must not be executed now.</summary>
    public static bool MayProceed(Cpu* cpu, Op* op)
    {
        if ((cpu->Cr0 & CpuMode.Cr0Ne) != 0)
        {
            Fault.Raise(cpu, op, Fault.Mf);
            return false;
        }
        if ((Vcpu.Of(cpu).Partition.Pins & Hv.Sdk.Engines.ProcessorPins.IgnoreNumericError) != 0) return true;
        cpu->Stop = Stop.NumericError;
        Fault.Synchronise(cpu, op);
        return false;
    }
}
