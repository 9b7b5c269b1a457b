using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>System-management mode with the AMD64 save-state map (APM vol. 2, 10.2.3, table 10-1), revision 2_0064h:
/// SMBASE can be moved, I/O instructions are not restarted. The map lies at SMBASE + FE00h.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest
// memory is reached only through SystemMemory and Memory.
internal static unsafe class SystemManagement
{
    private const uint Revision = 0x0002_0064;
    private const ulong MapBase = 0xFE00;
    private const ulong HandlerOffset = 0x8000;

    // Offsets from MapBase.
    private const uint SegmentsAt = 0x00, GdtrAt = 0x60, LdtrAt = 0x70, IdtrAt = 0x80, TrAt = 0x90;
    private const uint AutoHaltAt = 0xC9, EferAt = 0xD0, RevisionAt = 0xFC, SmBaseAt = 0x100;
    private const uint Cr4At = 0x148, Cr3At = 0x150, Cr0At = 0x158, Dr7At = 0x160, Dr6At = 0x168, RflagsAt = 0x170, RipAt = 0x178;
    private const uint R15At = 0x180;

    /// <summary>Takes an SMI: saves the state, enters SMM (SDM vol. 3, 31.3 and 31.5). Physical memory that is not
    /// there drops the writes.</summary>
    public static void Enter(Cpu* cpu)
    {
        // The map lies in SMRAM, which is seen from now on.
        cpu->InSmm = 1;
        _ = Vcpu.Of(cpu).UpdateAddressMask();
        ulong map = cpu->SmBase + MapBase;
        bool wasHalted = cpu->Activity == VcpuActivity.Halted;
        for (int i = 0; i < SegmentRegister.Count; i++)
            SaveSegment(cpu, map + SegmentsAt + (uint)i * 16, *Cpu.Segment(cpu, i));
        SaveSegment(cpu, map + LdtrAt, cpu->Ldtr);
        SaveSegment(cpu, map + TrAt, cpu->Tr);
        SaveTable(cpu, map + GdtrAt, cpu->Gdtr);
        SaveTable(cpu, map + IdtrAt, cpu->Idtr);
        Put(cpu, map + AutoHaltAt, 1, wasHalted ? 1u : 0);
        Put(cpu, map + EferAt, 8, cpu->Efer);
        Put(cpu, map + RevisionAt, 4, Revision);
        Put(cpu, map + SmBaseAt, 4, cpu->SmBase);
        Put(cpu, map + Cr4At, 8, cpu->Cr4);
        Put(cpu, map + Cr3At, 8, cpu->Cr3);
        Put(cpu, map + Cr0At, 8, cpu->Cr0);
        Put(cpu, map + Dr7At, 8, cpu->Dr[7]);
        Put(cpu, map + Dr6At, 8, cpu->Dr[6]);
        Put(cpu, map + RflagsAt, 8, Flags.Read(cpu));
        Put(cpu, map + RipAt, 8, cpu->Rip);
        for (int i = 0; i < 16; i++)
            Put(cpu, map + R15At + (uint)(15 - i) * 8, 8, cpu->Gpr[i]);

        cpu->NmiBlocked |= NmiBlock.Smm;
        cpu->Activity = VcpuActivity.Running;
        cpu->Shadow = 0;
        cpu->PendingDebug = 0;
        Flags.Write(cpu, Rflags.One);
        cpu->Rip = HandlerOffset;
        cpu->Cr0 &= ~(Cr0.Pe | Cr0.Em | Cr0.Ts | Cr0.Pg);
        cpu->Cr4 = 0;
        cpu->Efer = 0;
        cpu->Dr[7] = Dr7.Fixed;
        cpu->Cpl = 0;
        SegmentState flat = new() { Limit = uint.MaxValue, Attributes = SegmentAttributes.RealModeData | SegmentAttributes.Granular };
        for (int i = 0; i < SegmentRegister.Count; i++)
            *Cpu.Segment(cpu, i) = flat;
        cpu->Cs.Selector = (ushort)(cpu->SmBase >> 4);
        cpu->Cs.Base = cpu->SmBase;
        Switched(cpu);
    }

    /// <summary>RSM: goes back to what was interrupted. False: #UD outside SMM; a state that cannot be is shutdown
    /// (<see cref="Stop.Shutdown"/>), which the manual asks for (SDM vol. 3, 31.5).</summary>
    public static bool Resume(Cpu* cpu)
    {
        if (cpu->InSmm == 0)
            return SystemFault.InvalidOpcode(cpu);
        ulong map = cpu->SmBase + MapBase;
        ulong cr0 = Get(cpu, map + Cr0At, 8), cr4 = Get(cpu, map + Cr4At, 8), efer = Get(cpu, map + EferAt, 8);
        if (!IsPossible(cpu, cr0, cr4, efer))
        {
            cpu->Stop = Stop.Shutdown;
            return false;
        }
        for (int i = 0; i < SegmentRegister.Count; i++)
            *Cpu.Segment(cpu, i) = LoadSegment(cpu, map + SegmentsAt + (uint)i * 16);
        cpu->Ldtr = LoadSegment(cpu, map + LdtrAt);
        cpu->Tr = LoadSegment(cpu, map + TrAt);
        cpu->Gdtr = LoadTable(cpu, map + GdtrAt);
        cpu->Idtr = LoadTable(cpu, map + IdtrAt);
        cpu->Efer = efer;
        cpu->Cr4 = cr4;
        cpu->Cr3 = Get(cpu, map + Cr3At, 8);
        cpu->Cr0 = (cr0 & Cr0.Defined) | Cr0.Et;
        cpu->Dr[7] = (Get(cpu, map + Dr7At, 8) & Dr7.Writable) | Dr7.Fixed;
        cpu->Dr[6] = (Get(cpu, map + Dr6At, 8) & Dr6.Writable) | Dr6.Fixed;
        Flags.Write(cpu, (Get(cpu, map + RflagsAt, 8) & Rflags.Defined) | Rflags.One);
        cpu->Rip = Get(cpu, map + RipAt, 8);
        for (int i = 0; i < 16; i++)
            cpu->Gpr[i] = Get(cpu, map + R15At + (uint)(15 - i) * 8, 8);
        bool isHalted = (Get(cpu, map + AutoHaltAt, 1) & 1) != 0;
        cpu->SmBase = (uint)Get(cpu, map + SmBaseAt, 4);
        cpu->Cpl = StateTransfer.PrivilegeLevel(cpu);
        cpu->InSmm = 0;
        cpu->NmiBlocked &= unchecked((byte)~NmiBlock.Smm);
        Switched(cpu);
        // The map does not hold the PDPTEs: they come from memory, as it is seen outside SMM.
        if (PageDirectoryPointers.AreInUse(cpu->Cr0, cpu->Cr4, cpu->Efer)
            && !PageDirectoryPointers.TryLoad(cpu, cpu->Cr3))
        {
            cpu->Stop = Stop.Shutdown;
            return false;
        }
        if (isHalted)
            cpu->Stop = Stop.Halt;
        return true;
    }

    private static bool IsPossible(Cpu* cpu, ulong cr0, ulong cr4, ulong efer)
    {
        CpuidModel model = Vcpu.Of(cpu).Model;
        bool isCr0Possible = !((cr0 & Cr0.Pg) != 0 && (cr0 & Cr0.Pe) == 0) && !((cr0 & Cr0.Nw) != 0 && (cr0 & Cr0.Cd) == 0);
        bool isLongPossible = (efer & Efer.Lma) == 0 || ((cr0 & Cr0.Pg) != 0 && (cr4 & Cr4.Pae) != 0);
        return isCr0Possible && isLongPossible && (cr4 & ~model.Cr4Allowed) == 0 && (efer & ~model.EferAllowed) == 0;
    }

    /// <summary>The view of physical memory is another one, and so is all of paging.</summary>
    private static void Switched(Cpu* cpu)
    {
        _ = Vcpu.Of(cpu).UpdateAddressMask();
        NumericErrorPin.Update(cpu, null);
        CpuMode.Refresh(cpu);
        Tlb.FlushAll(cpu);
    }

    private static void SaveSegment(Cpu* cpu, ulong at, in SegmentState segment)
    {
        Put(cpu, at, 2, segment.Selector);
        Put(cpu, at + 2, 2, PackAttributes(segment.Attributes));
        Put(cpu, at + 4, 4, segment.Limit);
        Put(cpu, at + 8, 8, segment.Base);
    }

    private static SegmentState LoadSegment(Cpu* cpu, ulong at) => new()
    {
        Selector = (ushort)Get(cpu, at, 2),
        Attributes = UnpackAttributes((ushort)Get(cpu, at + 2, 2)),
        Limit = (uint)Get(cpu, at + 4, 4),
        Base = Get(cpu, at + 8, 8),
    };

    /// <summary>AMD keeps the descriptor's twelve attribute bits next to each other; a segment that cannot be used is
    /// not present.</summary>
    private static ushort PackAttributes(ushort attributes) =>
        (attributes & SegmentAttributes.Unusable) != 0
            ? (ushort)(attributes & SegmentAttributes.Dpl)
            : (ushort)((attributes & 0xFF) | (attributes >> 4 & 0xF00));

    private static ushort UnpackAttributes(ushort packed) =>
        (packed & SegmentAttributes.Present) == 0
            ? (ushort)(SegmentAttributes.Unusable | (packed & SegmentAttributes.Dpl))
            : (ushort)((packed & 0xFF) | (packed << 4 & 0xF000));

    private static void SaveTable(Cpu* cpu, ulong at, in TableState table)
    {
        Put(cpu, at + 4, 4, table.Limit);
        Put(cpu, at + 8, 8, table.Base);
    }

    private static TableState LoadTable(Cpu* cpu, ulong at) =>
        new() { Limit = (ushort)Get(cpu, at + 4, 4), Base = Get(cpu, at + 8, 8) };

    private static void Put(Cpu* cpu, ulong gpa, int size, ulong value) => Memory.WritePhysical(cpu, gpa, size, value);

    private static ulong Get(Cpu* cpu, ulong gpa, int size) => Memory.ReadPhysical(cpu, gpa, size);
}

/// <summary>Why NMIs are blocked: bits of <see cref="Cpu.NmiBlocked"/>.</summary>
internal static class NmiBlock
{
    /// <summary>An NMI is being handled: until IRET.</summary>
    public const byte Handling = 1;
    /// <summary>In SMM, until RSM or an IRET inside the handler.</summary>
    public const byte Smm = 2;
}
