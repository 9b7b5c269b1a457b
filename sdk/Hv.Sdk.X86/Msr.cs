namespace Hv.Sdk.X86;

/// <summary>Numbers of model-specific registers (SDM vol. 4, tables 2-2 and 2-3; APM vol. 2, appendix A for those above
/// C0000000h).</summary>
public static class Msr
{
    /// <summary>IA32_P5_MC_ADDR.</summary>
    public const uint P5McAddress = 0x0;
    /// <summary>IA32_P5_MC_TYPE.</summary>
    public const uint P5McType = 0x1;
    /// <summary>IA32_TIME_STAMP_COUNTER.</summary>
    public const uint Tsc = 0x10;
    /// <summary>IA32_PLATFORM_ID.</summary>
    public const uint PlatformId = 0x17;
    /// <summary>IA32_APIC_BASE.</summary>
    public const uint ApicBase = 0x1B;
    /// <summary>MSR_EBL_CR_POWERON.</summary>
    public const uint PowerOnConfiguration = 0x2A;
    /// <summary>MSR_SMI_COUNT.</summary>
    public const uint SmiCount = 0x34;
    /// <summary>IA32_FEATURE_CONTROL.</summary>
    public const uint FeatureControl = 0x3A;
    /// <summary>IA32_TSC_ADJUST.</summary>
    public const uint TscAdjust = 0x3B;
    /// <summary>IA32_SPEC_CTRL.</summary>
    public const uint SpecCtrl = 0x48;
    /// <summary>IA32_PRED_CMD.</summary>
    public const uint PredictionCommand = 0x49;
    /// <summary>IA32_BIOS_UPDT_TRIG.</summary>
    public const uint MicrocodeUpdate = 0x79;
    /// <summary>IA32_BIOS_SIGN_ID: the microcode's revision in bits 63–32.</summary>
    public const uint MicrocodeRevision = 0x8B;
    /// <summary>IA32_SMBASE: read-only, in SMM.</summary>
    public const uint SmBase = 0x9E;
    /// <summary>IA32_PMC0, the first general performance counter.</summary>
    public const uint PerformanceCounter0 = 0xC1;
    /// <summary>MSR_FSB_FREQ.</summary>
    public const uint BusFrequency = 0xCD;
    /// <summary>MSR_PLATFORM_INFO.</summary>
    public const uint PlatformInfo = 0xCE;
    /// <summary>IA32_MPERF.</summary>
    public const uint Mperf = 0xE7;
    /// <summary>IA32_APERF.</summary>
    public const uint Aperf = 0xE8;
    /// <summary>IA32_MTRRCAP.</summary>
    public const uint MtrrCapabilities = 0xFE;
    /// <summary>IA32_ARCH_CAPABILITIES.</summary>
    public const uint ArchCapabilities = 0x10A;
    /// <summary>BBL_CR_CTL3.</summary>
    public const uint L2Control3 = 0x11E;
    /// <summary>IA32_SYSENTER_CS.</summary>
    public const uint SysenterCs = 0x174;
    /// <summary>IA32_SYSENTER_ESP.</summary>
    public const uint SysenterEsp = 0x175;
    /// <summary>IA32_SYSENTER_EIP.</summary>
    public const uint SysenterEip = 0x176;
    /// <summary>IA32_MCG_CAP.</summary>
    public const uint McgCapabilities = 0x179;
    /// <summary>IA32_MCG_STATUS.</summary>
    public const uint McgStatus = 0x17A;
    /// <summary>IA32_MCG_CTL.</summary>
    public const uint McgControl = 0x17B;
    /// <summary>IA32_PERFEVTSEL0.</summary>
    public const uint PerformanceEventSelect0 = 0x186;
    /// <summary>IA32_PERF_STATUS.</summary>
    public const uint PerfStatus = 0x198;
    /// <summary>IA32_PERF_CTL.</summary>
    public const uint PerfControl = 0x199;
    /// <summary>IA32_CLOCK_MODULATION.</summary>
    public const uint ClockModulation = 0x19A;
    /// <summary>IA32_THERM_INTERRUPT.</summary>
    public const uint ThermalInterrupt = 0x19B;
    /// <summary>IA32_THERM_STATUS.</summary>
    public const uint ThermalStatus = 0x19C;
    /// <summary>IA32_MISC_ENABLE.</summary>
    public const uint MiscEnable = 0x1A0;
    /// <summary>IA32_ENERGY_PERF_BIAS.</summary>
    public const uint EnergyPerformanceBias = 0x1B0;
    /// <summary>IA32_DEBUGCTL.</summary>
    public const uint DebugControl = 0x1D9;
    /// <summary>MSR_LASTBRANCHFROMIP.</summary>
    public const uint LastBranchFrom = 0x1DB;
    /// <summary>MSR_LASTINTTOIP.</summary>
    public const uint LastInterruptTo = 0x1DE;
    /// <summary>IA32_MTRR_PHYSBASE0; bases and masks alternate up to 20Fh.</summary>
    public const uint MtrrVariable0 = 0x200;
    /// <summary>IA32_MTRR_FIX64K_00000.</summary>
    public const uint MtrrFix64K = 0x250;
    /// <summary>IA32_MTRR_FIX16K_80000.</summary>
    public const uint MtrrFix16K0 = 0x258;
    /// <summary>IA32_MTRR_FIX16K_A0000.</summary>
    public const uint MtrrFix16K1 = 0x259;
    /// <summary>IA32_MTRR_FIX4K_C0000, the first of eight.</summary>
    public const uint MtrrFix4K0 = 0x268;
    /// <summary>IA32_PAT.</summary>
    public const uint Pat = 0x277;
    /// <summary>IA32_MTRR_DEF_TYPE.</summary>
    public const uint MtrrDefaultType = 0x2FF;
    /// <summary>IA32_MC0_CTL, the first of four registers of bank 0.</summary>
    public const uint Mc0Control = 0x400;
    /// <summary>MSR_RAPL_POWER_UNIT.</summary>
    public const uint RaplPowerUnit = 0x606;
    /// <summary>IA32_TSC_DEADLINE.</summary>
    public const uint TscDeadline = 0x6E0;
    /// <summary>The first MSR of the x2APIC range.</summary>
    public const uint X2ApicFirst = 0x800;
    /// <summary>The last MSR of the x2APIC range.</summary>
    public const uint X2ApicLast = 0x8FF;
    /// <summary>IA32_XSS.</summary>
    public const uint Xss = 0xDA0;
    /// <summary>IA32_EFER.</summary>
    public const uint Efer = 0xC0000080;
    /// <summary>IA32_STAR.</summary>
    public const uint Star = 0xC0000081;
    /// <summary>IA32_LSTAR.</summary>
    public const uint Lstar = 0xC0000082;
    /// <summary>IA32_CSTAR.</summary>
    public const uint Cstar = 0xC0000083;
    /// <summary>IA32_FMASK.</summary>
    public const uint Fmask = 0xC0000084;
    /// <summary>IA32_FS_BASE.</summary>
    public const uint FsBase = 0xC0000100;
    /// <summary>IA32_GS_BASE.</summary>
    public const uint GsBase = 0xC0000101;
    /// <summary>IA32_KERNEL_GS_BASE.</summary>
    public const uint KernelGsBase = 0xC0000102;
    /// <summary>IA32_TSC_AUX.</summary>
    public const uint TscAux = 0xC0000103;
}
