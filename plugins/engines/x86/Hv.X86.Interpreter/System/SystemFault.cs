namespace Hv.X86.Interpreter;

/// <summary>Exceptions of system instructions and event delivery: recorded for the dispatcher, with Rip already at the instruction. Every
/// method returns false, so that a check reads <c>return SystemFault.…</c>.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class SystemFault
{
    /// <summary>An exception without error code.</summary>
    public static bool Raise(Cpu* cpu, byte vector)
    {
        Fault.Record(cpu, vector, Fault.Hardware, false, 0);
        return false;
    }

    /// <summary>An exception whose error code names a selector: its index and table bit, and EXT when it comes up while an event from
    /// outside the program is delivered (SDM vol. 3, 6.13).</summary>
    public static bool WithSelector(Cpu* cpu, byte vector, uint selector) => WithCode(cpu, vector, selector & 0xFFFC);

    /// <summary>An exception whose error code names an IDT entry.</summary>
    public static bool WithGate(Cpu* cpu, byte vector, byte gateVector)
    {
        const uint inIdt = 2;
        return WithCode(cpu, vector, (uint)gateVector << 3 | inIdt);
    }

    /// <summary>#GP(0), or #GP(EXT) during delivery.</summary>
    public static bool GeneralProtection(Cpu* cpu) => WithCode(cpu, Fault.Gp, 0);

    /// <summary>#UD.</summary>
    public static bool InvalidOpcode(Cpu* cpu) => Raise(cpu, Fault.Ud);

    public static bool WithCode(Cpu* cpu, byte vector, uint code)
    {
        Fault.Record(cpu, vector, Fault.Hardware, true, code | cpu->ExternalEvent);
        return false;
    }
}
