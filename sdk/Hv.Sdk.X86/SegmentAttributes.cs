using Hv.Sdk.Engines;

namespace Hv.Sdk.X86;

/// <summary>Bits of <see cref="SegmentState.Attributes"/>, laid out as VMX access rights (SDM vol. 3,
/// 25.4.1).</summary>
public static class SegmentAttributes
{
    /// <summary>Accessed; only with <see cref="CodeOrData"/>.</summary>
    public const ushort Accessed = 1 << 0;
    /// <summary>Readable code, or writable data.</summary>
    public const ushort ReadWrite = 1 << 1;
    /// <summary>Conforming code, or expand-down data.</summary>
    public const ushort ConformingOrDown = 1 << 2;
    /// <summary>Code rather than data.</summary>
    public const ushort Code = 1 << 3;
    /// <summary>The type's four bits.</summary>
    public const ushort TypeMask = 0xF;
    /// <summary>S: a code or data segment rather than a system segment.</summary>
    public const ushort CodeOrData = 1 << 4;
    /// <summary>Descriptor privilege level, two bits.</summary>
    public const ushort Dpl = 3 << DplShift;
    /// <summary>Place of the privilege level.</summary>
    public const int DplShift = 5;
    /// <summary>Present.</summary>
    public const ushort Present = 1 << 7;
    /// <summary>A null selector was loaded: the segment cannot be used outside 64-bit mode.</summary>
    public const ushort Unusable = 1 << 8;
    /// <summary>Available to software.</summary>
    public const ushort Available = 1 << 12;
    /// <summary>L: 64-bit code.</summary>
    public const ushort Long = 1 << 13;
    /// <summary>D/B: 32-bit default size.</summary>
    public const ushort Default32 = 1 << 14;
    /// <summary>G: the limit counts 4 KiB pages.</summary>
    public const ushort Granular = 1 << 15;

    /// <summary>Attributes of a data or stack segment in real mode: present, writable, accessed, DPL 0.</summary>
    public const ushort RealModeData = Present | CodeOrData | ReadWrite | Accessed;
    /// <summary>Attributes of a segment in virtual-8086 mode: as in real mode with DPL 3 (SDM vol. 3,
    /// 26.3.1.2).</summary>
    public const ushort Virtual8086 = RealModeData | Dpl;
    /// <summary>Attributes of CS after reset: present, readable, accessed code (SDM vol. 3, table 9-1).</summary>
    public const ushort RealModeCode = RealModeData | Code;
}

/// <summary>Types of system segments and gates: S = 0 (SDM vol. 3, table 3-2). Bit 3 set is the 32- or 64-bit
/// form.</summary>
public static class SystemDescriptorType
{
    /// <summary>16-bit TSS, available.</summary>
    public const int Tss16Available = 1;
    /// <summary>LDT.</summary>
    public const int Ldt = 2;
    /// <summary>16-bit TSS, busy.</summary>
    public const int Tss16Busy = 3;
    /// <summary>16-bit call gate.</summary>
    public const int CallGate16 = 4;
    /// <summary>Task gate.</summary>
    public const int TaskGate = 5;
    /// <summary>16-bit interrupt gate.</summary>
    public const int InterruptGate16 = 6;
    /// <summary>16-bit trap gate.</summary>
    public const int TrapGate16 = 7;
    /// <summary>32-bit TSS (64-bit in long mode), available.</summary>
    public const int TssAvailable = 9;
    /// <summary>32-bit TSS (64-bit in long mode), busy.</summary>
    public const int TssBusy = 11;
    /// <summary>32-bit call gate (64-bit in long mode).</summary>
    public const int CallGate = 12;
    /// <summary>32-bit interrupt gate (64-bit in long mode).</summary>
    public const int InterruptGate = 14;
    /// <summary>32-bit trap gate (64-bit in long mode).</summary>
    public const int TrapGate = 15;
    /// <summary>Set in the type of a busy TSS.</summary>
    public const int BusyBit = 2;
}
