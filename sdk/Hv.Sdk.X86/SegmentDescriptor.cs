using Hv.Sdk.Engines;

namespace Hv.Sdk.X86;

/// <summary>An entry of a descriptor table (SDM vol. 3, 3.4.5, 5.8.3 and 6.11): eight bytes, or sixteen for system
/// descriptors in long mode. A view of the raw bits: every property is derived, nothing is checked.</summary>
public readonly struct SegmentDescriptor
{
    /// <summary>Takes an entry's bits; <paramref name="high"/> is the second half of a sixteen-byte entry, otherwise
    /// zero.</summary>
    public SegmentDescriptor(ulong low, ulong high = 0)
    {
        Low = low;
        High = high;
    }

    /// <summary>Bytes 0–7.</summary>
    public ulong Low { get; }
    /// <summary>Bytes 8–15.</summary>
    public ulong High { get; }

    /// <summary>The four type bits.</summary>
    public int Type => (int)(Low >> 40) & 0xF;
    /// <summary>S set: code or data.</summary>
    public bool IsCodeOrData => (Low >> 44 & 1) != 0;
    /// <summary>S and type bit 3 set.</summary>
    public bool IsCode => (Low >> 40 & 0x18) == 0x18;
    /// <summary>S set and type bit 3 clear.</summary>
    public bool IsData => (Low >> 40 & 0x18) == 0x10;
    /// <summary>Code that runs at its caller's privilege. Meaningful for code.</summary>
    public bool IsConforming => (Low >> 42 & 1) != 0;
    /// <summary>Data, or code with the R bit.</summary>
    public bool IsReadable => IsData || (Low >> 40 & 0x1A) == 0x1A;
    /// <summary>Data with the W bit.</summary>
    public bool IsWritableData => (Low >> 40 & 0x1A) == 0x12;
    /// <summary>Descriptor privilege level.</summary>
    public int Dpl => (int)(Low >> 45) & 3;
    /// <summary>P.</summary>
    public bool IsPresent => (Low >> 47 & 1) != 0;
    /// <summary>L: 64-bit code.</summary>
    public bool IsLong => (Low >> 53 & 1) != 0;
    /// <summary>D/B.</summary>
    public bool IsDefault32 => (Low >> 54 & 1) != 0;
    /// <summary>Segment base; 64 bits when the entry has sixteen bytes.</summary>
    public ulong Base => (Low >> 16 & 0xFFFFFF) | (Low >> 32 & 0xFF000000) | High << 32;
    /// <summary>Last valid offset, granularity applied.</summary>
    public uint Limit
    {
        get
        {
            uint raw = (uint)(Low & 0xFFFF) | ((uint)(Low >> 32) & 0xF0000);
            return (Low >> 55 & 1) != 0 ? raw << 12 | 0xFFF : raw;
        }
    }
    /// <summary>Access rights in the layout of <see cref="SegmentState.Attributes"/>.</summary>
    public ushort Attributes => (ushort)(Low >> 40 & 0xF0FF);

    /// <summary>Of a gate: the selector it leads to.</summary>
    public ushort GateSelector => (ushort)(Low >> 16);
    /// <summary>Of a gate: its offset, 16, 32 or 64 bits by its type and length.</summary>
    public ulong GateOffset => (Type & 8) == 0
        ? Low & 0xFFFF
        : (Low & 0xFFFF) | (Low >> 32 & 0xFFFF0000) | High << 32;
    /// <summary>Of a call gate: how many parameters are copied to the new stack.</summary>
    public int GateParameters => (int)(Low >> 32) & 0x1F;
    /// <summary>Of an interrupt or trap gate in long mode: the interrupt stack, 0 for none (SDM vol. 3,
    /// 6.14.5).</summary>
    public int InterruptStack => (int)(Low >> 32) & 7;

    /// <summary>The hidden part of a segment register after loading this entry.</summary>
    public SegmentState ToSegment(ushort selector) =>
        new() { Selector = selector, Base = Base, Limit = Limit, Attributes = Attributes };
}
