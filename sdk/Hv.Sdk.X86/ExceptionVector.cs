namespace Hv.Sdk.X86;

/// <summary>Vectors of the processor's own exceptions (SDM vol. 3, 6.3.1, table 6-1).</summary>
public static class ExceptionVector
{
    /// <summary>#DE, divide error.</summary>
    public const byte DivideError = 0;
    /// <summary>#DB, debug.</summary>
    public const byte Debug = 1;
    /// <summary>Non-maskable interrupt.</summary>
    public const byte Nmi = 2;
    /// <summary>#BP, INT3.</summary>
    public const byte Breakpoint = 3;
    /// <summary>#OF, INTO.</summary>
    public const byte Overflow = 4;
    /// <summary>#BR, BOUND.</summary>
    public const byte BoundRange = 5;
    /// <summary>#UD, invalid opcode.</summary>
    public const byte InvalidOpcode = 6;
    /// <summary>#NM, device not available.</summary>
    public const byte DeviceNotAvailable = 7;
    /// <summary>#DF, double fault.</summary>
    public const byte DoubleFault = 8;
    /// <summary>#TS, invalid TSS.</summary>
    public const byte InvalidTss = 10;
    /// <summary>#NP, segment not present.</summary>
    public const byte SegmentNotPresent = 11;
    /// <summary>#SS, stack fault.</summary>
    public const byte StackFault = 12;
    /// <summary>#GP, general protection.</summary>
    public const byte GeneralProtection = 13;
    /// <summary>#PF, page fault.</summary>
    public const byte PageFault = 14;
    /// <summary>#MF, x87 floating-point error.</summary>
    public const byte X87Error = 16;
    /// <summary>#AC, alignment check.</summary>
    public const byte AlignmentCheck = 17;
    /// <summary>#MC, machine check.</summary>
    public const byte MachineCheck = 18;
    /// <summary>#XM, SIMD floating-point.</summary>
    public const byte SimdError = 19;

    /// <summary>Vectors 8, 10–14, 17: those that push an error code.</summary>
    public static bool HasErrorCode(byte vector) => vector < 32 && (0x0002_7D00u >> vector & 1) != 0;
}

/// <summary>Bits of a page fault's error code (SDM vol. 3, 4.7).</summary>
public static class PageFaultError
{
    /// <summary>The page was present: a protection violation.</summary>
    public const uint Present = 1;
    /// <summary>A write.</summary>
    public const uint Write = 2;
    /// <summary>A user-mode access.</summary>
    public const uint User = 4;
    /// <summary>A reserved bit was set in a paging structure.</summary>
    public const uint Reserved = 8;
    /// <summary>An instruction fetch, reported with NX or SMEP enabled.</summary>
    public const uint Fetch = 16;
    /// <summary>A protection key forbade it.</summary>
    public const uint ProtectionKey = 32;
}

/// <summary>Bits of an entry in a paging structure (SDM vol. 3, 4.3 to 4.5).</summary>
public static class PageEntry
{
    /// <summary>Present.</summary>
    public const ulong Present = 1 << 0;
    /// <summary>Writable.</summary>
    public const ulong Writable = 1 << 1;
    /// <summary>Reachable from user mode.</summary>
    public const ulong User = 1 << 2;
    /// <summary>Page-level write-through.</summary>
    public const ulong WriteThrough = 1 << 3;
    /// <summary>Page-level cache disable.</summary>
    public const ulong CacheDisable = 1 << 4;
    /// <summary>Accessed.</summary>
    public const ulong Accessed = 1 << 5;
    /// <summary>Dirty; only in entries that map a page.</summary>
    public const ulong Dirty = 1 << 6;
    /// <summary>In an entry above the last level: maps a large page.</summary>
    public const ulong Large = 1 << 7;
    /// <summary>Global.</summary>
    public const ulong Global = 1 << 8;
    /// <summary>Place of the protection key, four bits.</summary>
    public const int KeyShift = 59;
    /// <summary>No execute.</summary>
    public const ulong NoExecute = 1UL << 63;
}
