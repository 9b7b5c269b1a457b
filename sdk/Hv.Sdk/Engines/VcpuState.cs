using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hv.Sdk.Engines;

/// <summary>What a vCPU is doing.</summary>
public enum VcpuActivity : byte
{
    /// <summary>Executing.</summary>
    Running = 0,
    /// <summary>In HLT.</summary>
    Halted = 1,
    /// <summary>After INIT, waiting for a start-up IPI.</summary>
    WaitForSipi = 2,
    /// <summary>After a triple fault.</summary>
    Shutdown = 3,
}

/// <summary>A segment register with its hidden part.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SegmentState
{
    /// <summary>Linear base address.</summary>
    public ulong Base;
    /// <summary>Limit in bytes, granularity already applied: the last valid offset.</summary>
    public uint Limit;
    /// <summary>The visible selector.</summary>
    public ushort Selector;
    /// <summary>Bits 40–47 and 52–55 of the descriptor in bits 0–7 and 12–15 (type, S, DPL, P; AVL, L, D/B, G), as VMX
    /// lays access rights out (SDM vol. 3, 25.4.1); bit 8 is "unusable" (a null selector was loaded).</summary>
    public ushort Attributes;
}

/// <summary>GDTR or IDTR.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TableState
{
    /// <summary>Linear base address.</summary>
    public ulong Base;
    /// <summary>Limit in bytes.</summary>
    public uint Limit;
    /// <summary>Unused, zero.</summary>
    public uint Reserved;
}

/// <summary>Sixteen 64-bit values.</summary>
[InlineArray(16)]
public struct SixteenQwords { private ulong e0; }

/// <summary>Four 64-bit values.</summary>
[InlineArray(4)]
public struct FourQwords { private ulong e0; }

/// <summary>Eight 64-bit values.</summary>
[InlineArray(8)]
public struct EightQwords { private ulong e0; }

/// <summary>Eleven 64-bit values.</summary>
[InlineArray(11)]
public struct ElevenQwords { private ulong e0; }

/// <summary>Six segment registers.</summary>
[InlineArray(6)]
public struct SixSegments { private SegmentState e0; }

/// <summary>The XSAVE area in standard form with fixed offsets: legacy x87/SSE 0, header 512, YMM high halves 576,
/// opmasks 1088, ZMM high halves 1152, ZMM16–31 1664, PKRU 2688.</summary>
[InlineArray(XsaveLayout.Bytes)]
public struct XsaveArea { private byte e0; }

/// <summary>Offsets in <see cref="XsaveArea"/>, in bytes. The guest's CPUID 0Dh tells the same.</summary>
public static class XsaveLayout
{
    /// <summary>Whole length.</summary>
    public const int Bytes = 2816;
    /// <summary>The header (XSTATE_BV at +0, XCOMP_BV at +8).</summary>
    public const int Header = 512;
    /// <summary>High halves of YMM0–15, 16 bytes each.</summary>
    public const int YmmHigh = 576;
    /// <summary>Opmask registers, 8 bytes each.</summary>
    public const int Opmask = 1088;
    /// <summary>High halves of ZMM0–15, 32 bytes each.</summary>
    public const int ZmmHigh = 1152;
    /// <summary>ZMM16–31, 64 bytes each.</summary>
    public const int HighZmm = 1664;
    /// <summary>PKRU, 4 bytes.</summary>
    public const int Pkru = 2688;
}

/// <summary>The whole architectural state of one vCPU: blittable, shared by all engines, so that an engine can be
/// swapped on a running VM. The local APIC's state is the APIC plugin's. Fields are appended only, and
/// <see cref="CurrentVersion"/> rises.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuState
{
    /// <summary>The layout that this SDK writes.</summary>
    /// <remarks>2 appends the PDPTE registers, 3 those of the machine-check architecture. What an older layout lacks is
    /// zero.</remarks>
    public const uint CurrentVersion = 3;

    /// <summary>Layout version; <see cref="CurrentVersion"/> when written.</summary>
    public uint Version;
    /// <summary>Bytes of the structure that are meaningful.</summary>
    public uint SizeBytes;

    /// <summary>RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8–R15.</summary>
    public SixteenQwords Gpr;
    /// <summary>Instruction pointer: the next instruction.</summary>
    public ulong Rip;
    /// <summary>Flags; bit 1 set.</summary>
    public ulong Rflags;

    /// <summary>ES, CS, SS, DS, FS, GS.</summary>
    public SixSegments Segments;
    /// <summary>Local descriptor table register.</summary>
    public SegmentState Ldtr;
    /// <summary>Task register.</summary>
    public SegmentState Tr;
    /// <summary>Global descriptor table register.</summary>
    public TableState Gdtr;
    /// <summary>Interrupt descriptor table register.</summary>
    public TableState Idtr;

    /// <summary>CR0.</summary>
    public ulong Cr0;
    /// <summary>CR2.</summary>
    public ulong Cr2;
    /// <summary>CR3.</summary>
    public ulong Cr3;
    /// <summary>CR4.</summary>
    public ulong Cr4;
    /// <summary>XCR0.</summary>
    public ulong Xcr0;
    /// <summary>DR0–DR7; 4 and 5 unused.</summary>
    public EightQwords Dr;

    /// <summary>IA32_EFER.</summary>
    public ulong Efer;
    /// <summary>IA32_STAR.</summary>
    public ulong Star;
    /// <summary>IA32_LSTAR.</summary>
    public ulong Lstar;
    /// <summary>IA32_CSTAR.</summary>
    public ulong Cstar;
    /// <summary>IA32_FMASK.</summary>
    public ulong Fmask;
    /// <summary>IA32_KERNEL_GS_BASE.</summary>
    public ulong KernelGsBase;
    /// <summary>IA32_SYSENTER_CS.</summary>
    public ulong SysenterCs;
    /// <summary>IA32_SYSENTER_ESP.</summary>
    public ulong SysenterEsp;
    /// <summary>IA32_SYSENTER_EIP.</summary>
    public ulong SysenterEip;
    /// <summary>IA32_PAT.</summary>
    public ulong Pat;
    /// <summary>IA32_TSC_AUX.</summary>
    public ulong TscAux;
    /// <summary>Added to the TSC computed from virtual time (WRMSR of 10h and IA32_TSC_ADJUST change it).</summary>
    public ulong TscOffset;
    /// <summary>IA32_TSC_ADJUST.</summary>
    public ulong TscAdjust;
    /// <summary>IA32_MISC_ENABLE.</summary>
    public ulong MiscEnable;
    /// <summary>IA32_SPEC_CTRL.</summary>
    public ulong SpecCtrl;
    /// <summary>IA32_XSS.</summary>
    public ulong Xss;
    /// <summary>IA32_MTRR_DEF_TYPE.</summary>
    public ulong MtrrDefType;
    /// <summary>Fixed-range MTRRs in the order of their MSR numbers (250h, 258h, 259h, 268h–26Fh).</summary>
    public ElevenQwords MtrrFixed;
    /// <summary>Variable-range MTRRs 0–7: base, mask, base, mask… (200h–20Fh).</summary>
    public SixteenQwords MtrrVariable;

    /// <summary>SMBASE.</summary>
    public uint SmBase;
    /// <summary>What the vCPU is doing.</summary>
    public VcpuActivity Activity;
    /// <summary>1 in system-management mode.</summary>
    public byte InSmm;
    /// <summary>1 while NMIs are blocked (after an NMI until IRET).</summary>
    public byte NmiBlocked;
    /// <summary>Bit 0: blocked by STI, bit 1: blocked by MOV SS or POP SS, for the next instruction.</summary>
    public byte InterruptShadow;

    /// <summary>1 when an event has begun and must be delivered before the next instruction.</summary>
    public byte EventPending;
    /// <summary>The event's vector.</summary>
    public byte EventVector;
    /// <summary>0 external interrupt, 2 NMI, 3 hardware exception, 4 software interrupt, 5 privileged software
    /// exception, 6 software exception (the VMX numbering).</summary>
    public byte EventType;
    /// <summary>1 when the event has an error code.</summary>
    public byte EventHasError;
    /// <summary>The error code.</summary>
    public uint EventError;

    /// <summary>Instructions retired since power-on.</summary>
    public ulong Retired;
    /// <summary>Debug-exception bits (for DR6) that wait for the next instruction boundary.</summary>
    public ulong PendingDebug;
    /// <summary>SMM revision and I/O-restart state, reserved; zero.</summary>
    public ulong SmmReserved;

    /// <summary>x87, SSE, AVX and PKRU state.</summary>
    public XsaveArea Xsave;

    /// <summary>The PDPTE registers of PAE paging, as MOV to CR3, CR0 or CR4 loaded them (SDM vol. 3, 4.4.1); what lies
    /// in memory may have changed since. Meaningful with <see cref="ArePdptesValid"/>. Since version 2.</summary>
    public FourQwords Pdptes;
    /// <summary>1 when <see cref="Pdptes"/> holds them. 0 when the mode has none, or when whoever made the state does
    /// not know them: the engine then loads them from CR3 when it needs them. Since version 2.</summary>
    public ulong ArePdptesValid;

    /// <summary>IA32_MCG_STATUS. Since version 3.</summary>
    public ulong McgStatus;
    /// <summary>IA32_MCG_CTL. Since version 3.</summary>
    public ulong McgControl;
    /// <summary>IA32_MC0_CTL to IA32_MC3_CTL. Since version 3.</summary>
    public FourQwords MciControl;
}
