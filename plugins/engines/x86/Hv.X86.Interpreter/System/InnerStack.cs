using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>The stack that the TSS names for a more privileged level (SDM vol. 3, 5.8.5, 7.2.1 and 7.7).</summary>
// SAFETY (whole struct): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal unsafe ref struct InnerStack
{
    public SegmentState Segment;
    public ulong Pointer;

    /// <summary>Reads and checks the stack for privilege <paramref name="cpl"/>; #TS on any fault of its selector.</summary>
    public static bool TryRead(Cpu* cpu, int cpl, out InnerStack stack)
    {
        stack = default;
        if (DescriptorTables.IsLongMode(cpu))
        {
            if (!ReadPointer64(cpu, 4 + (uint)cpl * 8, out stack.Pointer))
                return false;
            stack.Segment = SegmentLoader.Null((ushort)cpl, cpl);
            return true;
        }
        bool is32 = (cpu->Tr.Attributes & 8) != 0;
        uint offset = is32 ? 4 + (uint)cpl * 8 : 2 + (uint)cpl * 4;
        int size = is32 ? 4 : 2;
        if (offset + (uint)size + 1 > cpu->Tr.Limit)
            return SystemFault.WithSelector(cpu, Fault.Ts, cpu->Tr.Selector);
        if (!SystemMemory.Read(cpu, (uint)(cpu->Tr.Base + offset), size, out stack.Pointer)
            || !SystemMemory.Read(cpu, (uint)(cpu->Tr.Base + offset + (uint)size), 2, out ulong selector))
            return false;
        if (!SegmentLoader.CheckStack(cpu, (ushort)selector, cpl, out SegmentDescriptor descriptor, out ulong linear, Fault.Ts)
            || !DescriptorTables.MarkAccessed(cpu, linear, ref descriptor))
            return false;
        stack.Segment = descriptor.ToSegment((ushort)selector);
        return true;
    }

    /// <summary>Reads a stack of the interrupt stack table, 1 to 7 (SDM vol. 3, 6.14.5).</summary>
    public static bool TryReadInterruptStack(Cpu* cpu, int index, out ulong pointer) =>
        ReadPointer64(cpu, 0x24 + (uint)(index - 1) * 8, out pointer);

    private static bool ReadPointer64(Cpu* cpu, uint offset, out ulong pointer)
    {
        pointer = 0;
        if (offset + 7 > cpu->Tr.Limit)
            return SystemFault.WithSelector(cpu, Fault.Ts, cpu->Tr.Selector);
        if (!SystemMemory.Read(cpu, cpu->Tr.Base + offset, sizeof(ulong), out pointer))
            return false;
        return CpuMode.IsCanonical(cpu, pointer) || SystemFault.WithSelector(cpu, Fault.Ss, 0);
    }
}
