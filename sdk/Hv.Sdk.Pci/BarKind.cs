namespace Hv.Sdk.Pci;

/// <summary>The kinds of base address register (PCI 3.0, 6.2.5.1).</summary>
public enum BarKind : byte
{
    /// <summary>Ports; 4 to 256 bytes.</summary>
    Io,
    /// <summary>Memory below 4 GiB; 16 bytes or more.</summary>
    Memory32,
    /// <summary>Memory anywhere; takes two registers.</summary>
    Memory64,
    /// <summary>Memory anywhere, without side effects on reads; takes two registers.</summary>
    Prefetchable64,
}
