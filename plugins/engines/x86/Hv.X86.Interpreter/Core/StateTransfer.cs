using Hv.Sdk.Engines;

namespace Hv.X86.Interpreter;

/// <summary>Copies between <see cref="Cpu"/> and the SDK's <see cref="VcpuState"/>.</summary>
// SAFETY: both structures are complete and blittable; XSAVE offsets are constants inside XsaveArea (XsaveLayout).
internal static unsafe class StateTransfer
{
    private const int LegacyMxcsr = 24, LegacySt = 32, LegacyXmm = 160;
    private const ulong XcompNone = 0;

    /// <summary>Copies out. Inside a callback Rip and Retired are those of the instruction that is executing.</summary>
    public static void Read(Cpu* cpu, ref VcpuState state)
    {
        state = default;
        state.Version = VcpuState.CurrentVersion;
        state.SizeBytes = (uint)sizeof(VcpuState);
        for (int i = 0; i < 16; i++) state.Gpr[i] = cpu->Gpr[i];
        Op* calling = cpu->Calling;
        state.Rip = calling == null ? cpu->Rip : Fault.Truncate(cpu, cpu->Rip + calling->RipOffset);
        state.Retired = calling == null ? cpu->Retired : cpu->Retired + calling->Number;
        state.Rflags = Flags.Read(cpu);
        for (int i = 0; i < 6; i++) state.Segments[i] = *Cpu.Segment(cpu, i);
        state.Ldtr = cpu->Ldtr;
        state.Tr = cpu->Tr;
        state.Gdtr = cpu->Gdtr;
        state.Idtr = cpu->Idtr;
        state.Cr0 = cpu->Cr0;
        state.Cr2 = cpu->Cr2;
        state.Cr3 = cpu->Cr3;
        state.Cr4 = cpu->Cr4;
        state.Xcr0 = cpu->Xcr0;
        for (int i = 0; i < 8; i++) state.Dr[i] = cpu->Dr[i];
        state.Efer = cpu->Efer;
        state.Star = cpu->Star;
        state.Lstar = cpu->Lstar;
        state.Cstar = cpu->Cstar;
        state.Fmask = cpu->Fmask;
        state.KernelGsBase = cpu->KernelGsBase;
        state.SysenterCs = cpu->SysenterCs;
        state.SysenterEsp = cpu->SysenterEsp;
        state.SysenterEip = cpu->SysenterEip;
        state.Pat = cpu->Pat;
        state.TscAux = cpu->TscAux;
        state.TscOffset = cpu->TscOffset;
        state.TscAdjust = cpu->TscAdjust;
        state.MiscEnable = cpu->MiscEnable;
        state.SpecCtrl = cpu->SpecCtrl;
        state.Xss = cpu->Xss;
        state.MtrrDefType = cpu->MtrrDefType;
        for (int i = 0; i < 11; i++) state.MtrrFixed[i] = cpu->MtrrFixed[i];
        for (int i = 0; i < 16; i++) state.MtrrVariable[i] = cpu->MtrrVariable[i];
        state.SmBase = cpu->SmBase;
        state.Activity = cpu->Activity;
        state.InSmm = cpu->InSmm;
        state.NmiBlocked = cpu->NmiBlocked;
        state.InterruptShadow = cpu->Shadow;
        // INT n and its kin are executed anew: their length, and so the return address, is not part of the state.
        bool isInstruction = cpu->EventType is Fault.SoftwareInterrupt or Fault.SoftwareException or Fault.PrivilegedSoftware;
        state.EventPending = isInstruction ? (byte)0 : cpu->EventPending;
        state.EventVector = cpu->EventVector;
        state.EventType = cpu->EventType;
        state.EventHasError = cpu->EventHasError;
        state.EventError = cpu->EventError;
        state.PendingDebug = cpu->PendingDebug;
        fixed (XsaveArea* area = &state.Xsave) ReadXsave(cpu, (byte*)area);
        bool hasPdptes = cpu->ArePdptesLoaded != 0 && PageDirectoryPointers.AreInUse(cpu->Cr0, cpu->Cr4, cpu->Efer);
        state.ArePdptesValid = hasPdptes ? 1ul : 0;
        for (int i = 0; hasPdptes && i < PageDirectoryPointers.Count; i++) state.Pdptes[i] = cpu->Pdpte[i];
        state.McgStatus = cpu->McgStatus;
        state.McgControl = cpu->McgControl;
        for (int i = 0; i < MachineCheck.Banks; i++) state.MciControl[i] = cpu->MciControl[i];
    }

    /// <summary>Copies in. The caller refreshes what is derived.</summary>
    public static void Write(Cpu* cpu, in VcpuState state)
    {
        for (int i = 0; i < 16; i++) cpu->Gpr[i] = state.Gpr[i];
        cpu->Rip = state.Rip;
        cpu->Retired = state.Retired;
        Flags.Write(cpu, state.Rflags);
        for (int i = 0; i < 6; i++) *Cpu.Segment(cpu, i) = state.Segments[i];
        cpu->Ldtr = state.Ldtr;
        cpu->Tr = state.Tr;
        cpu->Gdtr = state.Gdtr;
        cpu->Idtr = state.Idtr;
        cpu->Cr0 = state.Cr0;
        cpu->Cr2 = state.Cr2;
        cpu->Cr3 = state.Cr3;
        cpu->Cr4 = state.Cr4;
        cpu->Xcr0 = state.Xcr0;
        for (int i = 0; i < 8; i++) cpu->Dr[i] = state.Dr[i];
        cpu->Efer = state.Efer;
        cpu->Star = state.Star;
        cpu->Lstar = state.Lstar;
        cpu->Cstar = state.Cstar;
        cpu->Fmask = state.Fmask;
        cpu->KernelGsBase = state.KernelGsBase;
        cpu->SysenterCs = state.SysenterCs;
        cpu->SysenterEsp = state.SysenterEsp;
        cpu->SysenterEip = state.SysenterEip;
        cpu->Pat = state.Pat;
        cpu->TscAux = state.TscAux;
        cpu->TscOffset = state.TscOffset;
        cpu->TscAdjust = state.TscAdjust;
        cpu->MiscEnable = state.MiscEnable;
        cpu->SpecCtrl = state.SpecCtrl;
        cpu->Xss = state.Xss;
        cpu->MtrrDefType = state.MtrrDefType;
        for (int i = 0; i < 11; i++) cpu->MtrrFixed[i] = state.MtrrFixed[i];
        for (int i = 0; i < 16; i++) cpu->MtrrVariable[i] = state.MtrrVariable[i];
        cpu->SmBase = state.SmBase;
        cpu->Activity = state.Activity;
        cpu->InSmm = state.InSmm;
        cpu->NmiBlocked = state.NmiBlocked;
        cpu->Shadow = state.InterruptShadow;
        cpu->EventPending = state.EventPending;
        cpu->EventVector = state.EventVector;
        cpu->EventType = state.EventType;
        cpu->EventHasError = state.EventHasError;
        cpu->EventError = state.EventError;
        cpu->PendingDebug = state.PendingDebug;
        cpu->Cpl = PrivilegeLevel(cpu);
        cpu->ArePdptesLoaded = state.ArePdptesValid != 0 ? (byte)1 : (byte)0;
        for (int i = 0; i < PageDirectoryPointers.Count; i++) cpu->Pdpte[i] = state.Pdptes[i];
        cpu->McgStatus = state.McgStatus;
        cpu->McgControl = state.McgControl;
        for (int i = 0; i < MachineCheck.Banks; i++) cpu->MciControl[i] = state.MciControl[i];
        fixed (XsaveArea* area = &state.Xsave) WriteXsave(cpu, (byte*)area);
    }

    /// <summary>CPL: the DPL of SS, 0 in real mode, 3 in virtual-8086 mode.</summary>
    public static byte PrivilegeLevel(Cpu* cpu)
    {
        if ((cpu->Cr0 & CpuMode.Cr0Pe) == 0) return 0;
        if ((cpu->Rflags & Flags.Vm) != 0) return 3;
        return (byte)(cpu->Ss.Attributes >> 5 & 3);
    }

    private static void ReadXsave(Cpu* cpu, byte* area)
    {
        *(ushort*)area = cpu->Fcw;
        *(ushort*)(area + 2) = cpu->Fsw;
        area[4] = cpu->Ftw;
        *(ushort*)(area + 6) = cpu->Fop;
        *(ulong*)(area + 8) = cpu->Fip;
        *(ulong*)(area + 16) = cpu->Fdp;
        *(uint*)(area + LegacyMxcsr) = cpu->Mxcsr;
        *(uint*)(area + LegacyMxcsr + 4) = 0xFFFF;
        byte* x87 = (byte*)&cpu->X87;
        byte* ymm = (byte*)&cpu->Ymm;
        int top = cpu->Fsw >> 11 & 7;
        for (int i = 0; i < 8; i++) Copy16(area + LegacySt + i * 16, x87 + ((top + i) & 7) * 16);
        for (int i = 0; i < 16; i++)
        {
            Copy16(area + LegacyXmm + i * 16, ymm + i * 32);
            Copy16(area + XsaveLayout.YmmHigh + i * 16, ymm + i * 32 + 16);
        }
        *(ulong*)(area + XsaveLayout.Header) = 0x207;
        *(ulong*)(area + XsaveLayout.Header + 8) = XcompNone;
        *(uint*)(area + XsaveLayout.Pkru) = cpu->Pkru;
    }

    private static void WriteXsave(Cpu* cpu, byte* area)
    {
        cpu->Fcw = *(ushort*)area;
        cpu->Fsw = *(ushort*)(area + 2);
        cpu->Ftw = area[4];
        cpu->Fop = *(ushort*)(area + 6);
        cpu->Fip = *(ulong*)(area + 8);
        cpu->Fdp = *(ulong*)(area + 16);
        cpu->Mxcsr = *(uint*)(area + LegacyMxcsr) & 0xFFFF;
        byte* x87 = (byte*)&cpu->X87;
        byte* ymm = (byte*)&cpu->Ymm;
        int top = cpu->Fsw >> 11 & 7;
        for (int i = 0; i < 8; i++) Copy16(x87 + ((top + i) & 7) * 16, area + LegacySt + i * 16);
        for (int i = 0; i < 16; i++)
        {
            Copy16(ymm + i * 32, area + LegacyXmm + i * 16);
            Copy16(ymm + i * 32 + 16, area + XsaveLayout.YmmHigh + i * 16);
        }
        cpu->Pkru = *(uint*)(area + XsaveLayout.Pkru);
    }

    private static void Copy16(byte* to, byte* from)
    {
        *(ulong*)to = *(ulong*)from;
        *(ulong*)(to + 8) = *(ulong*)(from + 8);
    }
}
