using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>Loads segment registers: MOV, POP, LDS to LGS, and the data-segment part of other transfers (SDM vol. 3, 5.6 and 5.7;
/// vol. 2, MOV). The caller refreshes <see cref="CpuMode"/>.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class SegmentLoader
{
    /// <summary>Protected mode with descriptors: CR0.PE set and not virtual-8086.</summary>
    public static bool UsesDescriptors(Cpu* cpu) => (cpu->Cr0 & Cr0.Pe) != 0 && (cpu->Rflags & Rflags.Vm) == 0;

    /// <summary>Loads ES, SS, DS, FS or GS with a selector, with every check of the present mode.</summary>
    public static bool Load(Cpu* cpu, int register, ushort selector)
    {
        SegmentState* segment = Cpu.Segment(cpu, register);
        if (!UsesDescriptors(cpu))
        {
            *segment = (cpu->Rflags & Rflags.Vm) != 0 ? Virtual8086(selector) : RealMode(*segment, selector);
            return true;
        }
        if (register == SegmentRegister.Ss)
            return LoadStack(cpu, selector);
        if (DescriptorTables.IsNull(selector))
        {
            *segment = Null(selector, cpl: 0);
            return true;
        }
        if (!CheckData(cpu, selector, out SegmentDescriptor descriptor, out ulong linear, Fault.Gp))
            return false;
        if (!DescriptorTables.MarkAccessed(cpu, linear, ref descriptor))
            return false;
        *segment = descriptor.ToSegment(selector);
        return true;
    }

    /// <summary>A segment register after a load in real mode: base and selector change, the limit stays ("unreal" mode).</summary>
    public static SegmentState RealMode(SegmentState old, ushort selector) => new()
    {
        Selector = selector,
        Base = (uint)selector << 4,
        Limit = old.Limit,
        Attributes = (ushort)(SegmentAttributes.RealModeData | (old.Attributes & (SegmentAttributes.Default32 | SegmentAttributes.Granular))),
    };

    /// <summary>A segment register in virtual-8086 mode (SDM vol. 3, 20.2).</summary>
    public static SegmentState Virtual8086(ushort selector) =>
        new() { Selector = selector, Base = (uint)selector << 4, Limit = 0xFFFF, Attributes = SegmentAttributes.Virtual8086 };

    /// <summary>A segment register that holds a null selector. SS keeps the CPL in its DPL field.</summary>
    public static SegmentState Null(ushort selector, int cpl) => new()
    {
        Selector = selector,
        Attributes = (ushort)(SegmentAttributes.Unusable | cpl << SegmentAttributes.DplShift),
    };

    /// <summary>The checks for DS, ES, FS and GS. <paramref name="vector"/> is #GP, or #TS during a task switch.</summary>
    public static bool CheckData(Cpu* cpu, ushort selector, out SegmentDescriptor descriptor, out ulong linear, byte vector)
    {
        if (!DescriptorTables.Read(cpu, selector, out descriptor, out linear, vector))
            return false;
        int rpl = selector & 3;
        bool isPrivileged = !(descriptor.IsCode && descriptor.IsConforming) && (rpl > descriptor.Dpl || cpu->Cpl > descriptor.Dpl);
        if (!descriptor.IsReadable || isPrivileged)
            return SystemFault.WithSelector(cpu, vector, selector);
        return descriptor.IsPresent || SystemFault.WithSelector(cpu, Fault.Np, selector);
    }

    /// <summary>The checks for SS at privilege <paramref name="cpl"/>: RPL and DPL equal it, writable data, present (#SS).
    /// <paramref name="vector"/> is #GP, or #TS when the selector comes from a TSS.</summary>
    public static bool CheckStack(Cpu* cpu, ushort selector, int cpl, out SegmentDescriptor descriptor, out ulong linear, byte vector)
    {
        descriptor = default;
        linear = 0;
        if (DescriptorTables.IsNull(selector))
            return SystemFault.WithSelector(cpu, vector, 0);
        if (!DescriptorTables.Read(cpu, selector, out descriptor, out linear, vector))
            return false;
        if ((selector & 3) != cpl || descriptor.Dpl != cpl || !descriptor.IsWritableData)
            return SystemFault.WithSelector(cpu, vector, selector);
        return descriptor.IsPresent || SystemFault.WithSelector(cpu, Fault.Ss, selector);
    }

    private static bool LoadStack(Cpu* cpu, ushort selector)
    {
        // 64-bit mode has no use for SS: a null selector is good below CPL 3 (SDM vol. 2, MOV).
        if (DescriptorTables.IsNull(selector) && (cpu->Mode & CodeMode.Code64) != 0 && cpu->Cpl < 3 && (selector & 3) == cpu->Cpl)
        {
            cpu->Ss = Null(selector, cpu->Cpl);
            return true;
        }
        if (!CheckStack(cpu, selector, cpu->Cpl, out SegmentDescriptor descriptor, out ulong linear, Fault.Gp)
            || !DescriptorTables.MarkAccessed(cpu, linear, ref descriptor))
            return false;
        cpu->Ss = descriptor.ToSegment(selector);
        return true;
    }

    /// <summary>After a return to an outer privilege: data segments that it may not use become null (SDM vol. 2, RET).</summary>
    public static void DropInaccessible(Cpu* cpu, int cpl)
    {
        ReadOnlySpan<int> registers = [SegmentRegister.Es, SegmentRegister.Ds, SegmentRegister.Fs, SegmentRegister.Gs];
        foreach (int register in registers)
        {
            SegmentState* segment = Cpu.Segment(cpu, register);
            int attributes = segment->Attributes;
            if ((attributes & SegmentAttributes.Unusable) != 0)
                continue;
            bool isConforming = (attributes & (SegmentAttributes.Code | SegmentAttributes.ConformingOrDown))
                == (SegmentAttributes.Code | SegmentAttributes.ConformingOrDown);
            int dpl = (attributes & SegmentAttributes.Dpl) >> SegmentAttributes.DplShift;
            if (!isConforming && dpl < cpl)
                *segment = Null(0, cpl: 0);
        }
    }
}
