using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>Where a far transfer goes: a checked code segment and an offset in it, not loaded yet.</summary>
// SAFETY (whole struct): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal unsafe ref struct CodeTarget
{
    public SegmentDescriptor Descriptor;
    public ulong DescriptorLinear;
    public ushort Selector;
    public ulong Offset;
    public int Cpl;

    /// <summary>The code it leads to is 64-bit.</summary>
    public readonly bool Is64(Cpu* cpu) => DescriptorTables.IsLongMode(cpu) && Descriptor.IsLong;

    /// <summary>L together with D is reserved in IA-32e mode (SDM vol. 3, 5.2.1): #GP(selector).</summary>
    public readonly bool CheckSize(Cpu* cpu) =>
        !(DescriptorTables.IsLongMode(cpu) && Descriptor.IsLong && Descriptor.IsDefault32)
        || SystemFault.WithSelector(cpu, Fault.Gp, Selector);

    /// <summary>The offset lies inside the segment, or is canonical in 64-bit code: otherwise #GP(0).</summary>
    public readonly bool CheckOffset(Cpu* cpu) =>
        (Is64(cpu) ? CpuMode.IsCanonical(cpu, Offset) : Offset <= Descriptor.Limit) || SystemFault.GeneralProtection(cpu);

    /// <summary>Sets the descriptor's accessed bit: the last step that may fault.</summary>
    public bool MarkAccessed(Cpu* cpu) => DescriptorTables.MarkAccessed(cpu, DescriptorLinear, ref Descriptor);

    /// <summary>Loads CS, RIP and the CPL.</summary>
    public readonly void Enter(Cpu* cpu)
    {
        cpu->Cs = Descriptor.ToSegment((ushort)((Selector & ~3) | Cpl));
        cpu->Cpl = (byte)Cpl;
        cpu->Rip = Offset;
    }
}
