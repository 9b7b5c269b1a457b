namespace Hv.X86.Oracle;

/// <summary>Where everything lies in the oracle's address space. What code addresses directly is below 2 GiB, so that
/// absolute 32-bit displacements and 32-bit code reach it, and away from round numbers, so that edge values in
/// registers do not point there.</summary>
public static class OracleLayout
{
    /// <summary>The emitted program itself.</summary>
    public const ulong Text = 0x0B5C_0000;

    /// <summary>Two pages of code under test, filled with INT3; unmapped pages on both sides.</summary>
    public const ulong Code = 0x1D37_0000;
    /// <summary>Bytes of code.</summary>
    public const int CodeBytes = 0x2000;

    /// <summary>Two writable pages, then one read-only page; unmapped pages on both sides.</summary>
    public const ulong Data = 0x2A6B_4000;
    /// <summary>Bytes of writable data.</summary>
    public const int DataBytes = 0x2000;
    /// <summary>The read-only page.</summary>
    public const ulong ReadOnlyData = Data + DataBytes;
    /// <summary>Bytes of read-only data.</summary>
    public const int ReadOnlyBytes = 0x1000;
    /// <summary>What fills the read-only page.</summary>
    public const byte ReadOnlyFill = 0xA5;

    /// <summary>Base of FS in every case.</summary>
    public const ulong FsBase = Data + 0x340;
    /// <summary>Base of GS in every case.</summary>
    public const ulong GsBase = Data + 0x11C0;

    /// <summary>Variables, the stack and the signal stack of the program.</summary>
    public const ulong Scratch = 0x346E_0000;
    /// <summary>Bytes of scratch.</summary>
    public const int ScratchBytes = 0x4_0000;

    /// <summary>The cases, shared with the parent: above 4 GiB, where addresses that are cut to 32 bits do not
    /// lead.</summary>
    public const ulong Shared = 0x5A3C_19E4_0000;

    /// <summary>True for the oracle's own memory below 4 GiB, which exists on the host only.</summary>
    public static bool IsOwn(ulong address) => address - Text < 0x1000 || address - Scratch < ScratchBytes;

    /// <summary>Linux's selectors for user code: 64-bit, 32-bit, and flat data.</summary>
    public const ushort Cs64 = 0x33, Cs32 = 0x23, FlatData = 0x2B;
}
