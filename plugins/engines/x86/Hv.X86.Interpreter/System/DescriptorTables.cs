using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>Entries of the GDT and LDT in guest memory (SDM vol. 3, 3.5.1).</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class DescriptorTables
{
    /// <summary>A selector with index 0 of the GDT.</summary>
    public static bool IsNull(uint selector) => (selector & 0xFFFC) == 0;

    /// <summary>Whether the processor is in IA-32e mode (EFER.LMA).</summary>
    public static bool IsLongMode(Cpu* cpu) => (cpu->Efer & Efer.Lma) != 0;

    /// <summary>Reads the eight-byte entry of a selector. Beyond the table: <paramref name="vector"/>(selector).</summary>
    public static bool Read(Cpu* cpu, ushort selector, out SegmentDescriptor descriptor, out ulong linear, byte vector = Fault.Gp)
    {
        descriptor = default;
        if (!TryFind(cpu, selector, sizeof(ulong), out linear))
            return SystemFault.WithSelector(cpu, vector, selector);
        if (!SystemMemory.Read(cpu, linear, sizeof(ulong), out ulong bits))
            return false;
        descriptor = new SegmentDescriptor(bits);
        return true;
    }

    /// <summary>As <see cref="Read"/>; in IA-32e mode a system descriptor (LDT, TSS, call gate) has sixteen bytes, whose upper type field
    /// must be zero (SDM vol. 3, 5.8.3.1).</summary>
    public static bool ReadSystem(Cpu* cpu, ushort selector, out SegmentDescriptor descriptor, out ulong linear, byte vector = Fault.Gp)
    {
        if (!Read(cpu, selector, out descriptor, out linear, vector))
            return false;
        if (!IsLongMode(cpu) || descriptor.IsCodeOrData)
            return true;
        if (!TryFind(cpu, selector, 16, out _))
            return SystemFault.WithSelector(cpu, vector, selector);
        if (!SystemMemory.Read(cpu, linear + 8, sizeof(ulong), out ulong high))
            return false;
        const ulong upperType = 0x1FUL << 8;
        if ((high >> 32 & upperType) != 0)
            return SystemFault.WithSelector(cpu, vector, selector);
        descriptor = new SegmentDescriptor(descriptor.Low, high);
        return true;
    }

    /// <summary>Where a selector's entry lies; false when its bytes are not all inside the table.</summary>
    public static bool TryFind(Cpu* cpu, ushort selector, int bytes, out ulong linear)
    {
        const int tableIndicator = 4;
        uint offset = selector & 0xFFF8u;
        ulong tableBase;
        uint limit;
        if ((selector & tableIndicator) != 0)
        {
            linear = 0;
            if ((cpu->Ldtr.Attributes & SegmentAttributes.Unusable) != 0)
                return false;
            tableBase = cpu->Ldtr.Base;
            limit = cpu->Ldtr.Limit;
        }
        else
        {
            tableBase = cpu->Gdtr.Base;
            limit = cpu->Gdtr.Limit;
        }
        linear = tableBase + offset;
        if (!IsLongMode(cpu))
            linear = (uint)linear;
        return offset + (uint)bytes - 1 <= limit;
    }

    /// <summary>Sets the accessed bit of a code or data descriptor in memory if it is clear.</summary>
    public static bool MarkAccessed(Cpu* cpu, ulong linear, ref SegmentDescriptor descriptor)
    {
        const ulong accessed = 1UL << 40;
        if ((descriptor.Low & accessed) != 0)
            return true;
        // One byte, as the processor's locked update touches no other field.
        if (!SystemMemory.Write(cpu, linear + 5, 1, descriptor.Low >> 40 & 0xFF | 1))
            return false;
        descriptor = new SegmentDescriptor(descriptor.Low | accessed, descriptor.High);
        return true;
    }

    /// <summary>Sets or clears the busy bit of a TSS descriptor in memory.</summary>
    public static bool WriteBusy(Cpu* cpu, ulong linear, in SegmentDescriptor descriptor, bool isBusy)
    {
        ulong access = descriptor.Low >> 40 & 0xFF & ~(ulong)SystemDescriptorType.BusyBit;
        return SystemMemory.Write(cpu, linear + 5, 1, access | (isBusy ? (ulong)SystemDescriptorType.BusyBit : 0));
    }
}
