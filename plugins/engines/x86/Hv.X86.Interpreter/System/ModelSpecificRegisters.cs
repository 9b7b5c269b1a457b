using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>RDMSR and WRMSR: what Linux, the BSDs and Windows read on a processor like the models' (SDM vol. 4, table
/// 2-2). An MSR that is not here is #GP(0), as on hardware, and counted. Privilege is checked by the caller, who also
/// refreshes <see cref="CpuMode"/>.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest
// memory is reached only through SystemMemory and Memory.
internal static unsafe class ModelSpecificRegisters
{
    private const int FixedMtrrs = 11, VariableMtrrs = 16;
    /// <summary>IA32_MISC_ENABLE: fast strings (0), branch trace (11) and PEBS (12) unavailable.</summary>
    public const ulong MiscEnableReset = 1 | 1 << 11 | 1 << 12;
    /// <summary>What software may change of it: fast strings (0), thermal control (3), performance monitoring (7),
    /// SpeedStep (16), MONITOR (18), the CPUID limit (22), xTPR (23), XD disable (34).</summary>
    private const ulong MiscEnableWritable = 1 | 1 << 3 | 1 << 7 | 1 << 16 | 1 << 18 | 1 << 22 | 1 << 23 | 1UL << 34;
    /// <summary>IA32_MTRRCAP: eight variable ranges, fixed ranges, write-combining.</summary>
    private const ulong MtrrCapabilities = 8 | 1 << 8 | 1 << 10;
    /// <summary>IA32_FEATURE_CONTROL: locked, nothing enabled.</summary>
    private const ulong FeatureControlLocked = 1;
    private const ulong MicrocodeRevision = 1UL << 32;

    /// <summary>RDMSR.</summary>
    public static bool Read(Cpu* cpu, uint msr, out ulong value)
    {
        Vcpu vcpu = Vcpu.Of(cpu);
        if (IsApic(msr))
            return vcpu.Apic.ReadMsr(msr, out value) == MsrStatus.Ok || SystemFault.GeneralProtection(cpu);
        if (TryReadMtrr(cpu, msr, out value) || MachineCheck.TryRead(cpu, msr, out value))
            return true;
        bool isKnown = true;
        value = msr switch
        {
            Msr.Tsc => vcpu.ReadTsc(),
            Msr.TscAdjust => cpu->TscAdjust,
            Msr.TscAux => cpu->TscAux,
            Msr.Efer => cpu->Efer,
            Msr.Star => cpu->Star,
            Msr.Lstar => cpu->Lstar,
            Msr.Cstar => cpu->Cstar,
            Msr.Fmask => cpu->Fmask,
            Msr.FsBase => cpu->Fs.Base,
            Msr.GsBase => cpu->Gs.Base,
            Msr.KernelGsBase => cpu->KernelGsBase,
            Msr.SysenterCs => cpu->SysenterCs,
            Msr.SysenterEsp => cpu->SysenterEsp,
            Msr.SysenterEip => cpu->SysenterEip,
            Msr.Pat => cpu->Pat,
            Msr.MiscEnable => cpu->MiscEnable,
            Msr.ArchCapabilities => CpuidModel.ArchCapabilities,
            Msr.MicrocodeRevision => MicrocodeRevision,
            Msr.FeatureControl => FeatureControlLocked,
            // Ratio of the TSC to a 100 MHz bus in bits 8–15 and 40–47.
            Msr.PlatformInfo => (vcpu.Tsc.Hz / 100_000_000 & 0xFF) << 8 | (vcpu.Tsc.Hz / 100_000_000 & 0xFF) << 40,
            Msr.P5McAddress or Msr.P5McType or Msr.PlatformId or Msr.SmiCount or Msr.PowerOnConfiguration => 0,
            Msr.PerfStatus or Msr.PerfControl or Msr.ClockModulation or Msr.ThermalInterrupt or Msr.ThermalStatus => 0,
            Msr.DebugControl or (>= Msr.LastBranchFrom and <= Msr.LastInterruptTo) => 0,
            Msr.L2Control3 or Msr.BusFrequency => 0,
            // The P6 family's two counters, which never count.
            Msr.PerformanceCounter0 or Msr.PerformanceCounter0 + 1 => 0,
            Msr.PerformanceEventSelect0 or Msr.PerformanceEventSelect0 + 1 => 0,
            _ => Unknown(out isKnown),
        };
        if (isKnown)
            return true;
        vcpu.Counters.UnknownMsrs++;
        return SystemFault.GeneralProtection(cpu);
    }

    /// <summary>WRMSR.</summary>
    public static bool Write(Cpu* cpu, uint msr, ulong value)
    {
        Vcpu vcpu = Vcpu.Of(cpu);
        if (IsApic(msr))
            return vcpu.Apic.WriteMsr(msr, value) == MsrStatus.Ok || SystemFault.GeneralProtection(cpu);
        switch (msr)
        {
            case Msr.Tsc:
                // Writing the TSC moves TSC_ADJUST along (SDM vol. 3, 17.17.3).
                AddToTsc(cpu, value - vcpu.ReadTsc());
                return true;
            case Msr.TscAdjust:
                AddToTsc(cpu, value - cpu->TscAdjust);
                return true;
            case Msr.TscAux: return SetWithin(cpu, ref cpu->TscAux, value, uint.MaxValue);
            case Msr.Efer: return ControlRegisters.WriteEfer(cpu, value);
            case Msr.Star: return Set(ref cpu->Star, value);
            case Msr.Lstar: return SetAddress(cpu, ref cpu->Lstar, value);
            case Msr.Cstar: return SetAddress(cpu, ref cpu->Cstar, value);
            case Msr.Fmask: return Set(ref cpu->Fmask, (uint)value);
            case Msr.FsBase: return SetAddress(cpu, ref cpu->Fs.Base, value);
            case Msr.GsBase: return SetAddress(cpu, ref cpu->Gs.Base, value);
            case Msr.KernelGsBase: return SetAddress(cpu, ref cpu->KernelGsBase, value);
            case Msr.SysenterCs: return Set(ref cpu->SysenterCs, (uint)value);
            case Msr.SysenterEsp: return SetAddress(cpu, ref cpu->SysenterEsp, value);
            case Msr.SysenterEip: return SetAddress(cpu, ref cpu->SysenterEip, value);
            case Msr.Pat: return ArePatTypes(value) ? Set(ref cpu->Pat, value) : SystemFault.GeneralProtection(cpu);
            case Msr.MiscEnable:
                return Set(ref cpu->MiscEnable, (cpu->MiscEnable & ~MiscEnableWritable) | (value & MiscEnableWritable));
            // Accepted without effect: there is nothing behind them that a guest could tell.
            case Msr.MicrocodeRevision or Msr.MicrocodeUpdate or Msr.P5McAddress or Msr.P5McType or Msr.PowerOnConfiguration:
            case Msr.PerfControl or Msr.ClockModulation or Msr.ThermalInterrupt or Msr.ThermalStatus or Msr.L2Control3:
            case Msr.PerformanceCounter0 or Msr.PerformanceCounter0 + 1:
            case Msr.PerformanceEventSelect0 or Msr.PerformanceEventSelect0 + 1:
                return true;
            // No branch records and no branch-trap flag: only zero can be written.
            case Msr.DebugControl: return value == 0 || SystemFault.GeneralProtection(cpu);
        }
        if (TryWriteMtrr(cpu, msr, value, out bool isValid) || MachineCheck.TryWrite(cpu, msr, value, out isValid))
            return isValid || SystemFault.GeneralProtection(cpu);
        vcpu.Counters.UnknownMsrs++;
        return SystemFault.GeneralProtection(cpu);
    }

    private static ulong Unknown(out bool isKnown)
    {
        isKnown = false;
        return 0;
    }

    private static bool IsApic(uint msr) =>
        msr is Msr.ApicBase or Msr.TscDeadline or (>= Msr.X2ApicFirst and <= Msr.X2ApicLast);

    private static void AddToTsc(Cpu* cpu, ulong delta)
    {
        cpu->TscOffset += delta;
        cpu->TscAdjust += delta;
    }

    private static bool Set(ref ulong register, ulong value)
    {
        register = value;
        return true;
    }

    private static bool SetWithin(Cpu* cpu, ref ulong register, ulong value, ulong limit) =>
        value <= limit ? Set(ref register, value) : SystemFault.GeneralProtection(cpu);

    private static bool SetAddress(Cpu* cpu, ref ulong register, ulong value) =>
        CpuMode.IsCanonical(cpu, value) ? Set(ref register, value) : SystemFault.GeneralProtection(cpu);

    /// <summary>Eight memory types, each one of UC, WC, WT, WP, WB or UC− (SDM vol. 3, table 11-10).</summary>
    private static bool ArePatTypes(ulong value)
    {
        const uint valid = 1 << 0 | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7;
        return AreTypes(value, valid);
    }

    private static bool AreTypes(ulong value, uint valid)
    {
        for (int i = 0; i < 64; i += 8)
        {
            uint type = (uint)(value >> i) & 0xFF;
            if (type > 7 || (valid >> (int)type & 1) == 0)
                return false;
        }
        return true;
    }

    /// <summary>Index of a fixed-range MTRR in the order of the numbers, or −1.</summary>
    private static int FixedIndex(uint msr) => msr switch
    {
        Msr.MtrrFix64K => 0,
        Msr.MtrrFix16K0 => 1,
        Msr.MtrrFix16K1 => 2,
        >= Msr.MtrrFix4K0 and < Msr.MtrrFix4K0 + 8 => (int)(msr - Msr.MtrrFix4K0) + FixedMtrrs - 8,
        _ => -1,
    };

    private static bool TryReadMtrr(Cpu* cpu, uint msr, out ulong value)
    {
        int index = FixedIndex(msr);
        bool isVariable = msr is >= Msr.MtrrVariable0 and < Msr.MtrrVariable0 + VariableMtrrs;
        value = index >= 0 ? cpu->MtrrFixed[index]
            : isVariable ? cpu->MtrrVariable[msr - Msr.MtrrVariable0]
            : msr == Msr.MtrrDefaultType ? cpu->MtrrDefType
            : MtrrCapabilities;
        return index >= 0 || isVariable || msr is Msr.MtrrDefaultType or Msr.MtrrCapabilities;
    }

    /// <summary>Stores an MTRR; memory types have no other effect here (SDM vol. 3, 11.11.2). False: not an
    /// MTRR.</summary>
    private static bool TryWriteMtrr(Cpu* cpu, uint msr, ulong value, out bool isValid)
    {
        const uint validTypes = 1 << 0 | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6;
        isValid = false;
        int index = FixedIndex(msr);
        if (index >= 0)
        {
            isValid = AreTypes(value, validTypes);
            if (isValid)
                cpu->MtrrFixed[index] = value;
            return true;
        }
        if (msr is >= Msr.MtrrVariable0 and < Msr.MtrrVariable0 + VariableMtrrs)
        {
            bool isMask = (msr & 1) != 0;
            ulong beyond = ~((1UL << Vcpu.Of(cpu).Model.PhysicalAddressBits) - 1);
            uint type = (uint)value & 0xFF;
            ulong reserved = beyond | (isMask ? 0x7FFu : 0xF00u);
            isValid = (value & reserved) == 0 && (isMask || (type < 8 && (validTypes >> (int)type & 1) != 0));
            if (isValid)
                cpu->MtrrVariable[msr - Msr.MtrrVariable0] = value;
            return true;
        }
        if (msr == Msr.MtrrDefaultType)
        {
            const ulong enables = 3 << 10;
            uint type = (uint)value & 0xFF;
            isValid = (value & ~(enables | 0xFF)) == 0 && type < 8 && (validTypes >> (int)type & 1) != 0;
            if (isValid)
                cpu->MtrrDefType = value;
            return true;
        }
        return false;
    }
}
