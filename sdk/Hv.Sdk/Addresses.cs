namespace Hv.Sdk;

/// <summary>A guest physical address, in bytes.</summary>
public readonly record struct GuestPhysicalAddress
{
    /// <summary>Wraps a raw address.</summary>
    public GuestPhysicalAddress(ulong value) => Value = value;
    /// <summary>The raw address.</summary>
    public ulong Value { get; }
    /// <summary>The address <paramref name="bytes"/> further on.</summary>
    public static GuestPhysicalAddress operator +(GuestPhysicalAddress a, ulong bytes) => new(a.Value + bytes);
    /// <summary>The distance in bytes.</summary>
    public static ulong operator -(GuestPhysicalAddress a, GuestPhysicalAddress b) => a.Value - b.Value;
    /// <inheritdoc/>
    public override string ToString() => $"0x{Value:x}";
}

/// <summary>A port of the x86 I/O space.</summary>
public readonly record struct IoPort
{
    /// <summary>Wraps a raw port number.</summary>
    public IoPort(ushort value) => Value = value;
    /// <summary>The raw port number.</summary>
    public ushort Value { get; }
    /// <inheritdoc/>
    public override string ToString() => $"0x{Value:x}";
}

/// <summary>A PCI function's place: bus, device and function.</summary>
public readonly record struct PciAddress
{
    /// <summary>Makes an address; <paramref name="device"/> is 0–31, <paramref name="function"/> 0–7.</summary>
    public PciAddress(byte bus, byte device, byte function)
    {
        Bus = bus;
        Device = (byte)(device & 31);
        Function = (byte)(function & 7);
    }
    /// <summary>Bus number.</summary>
    public byte Bus { get; }
    /// <summary>Device number, 0–31.</summary>
    public byte Device { get; }
    /// <summary>Function number, 0–7.</summary>
    public byte Function { get; }
    /// <summary>Device and function in one byte, as configuration cycles carry them.</summary>
    public byte DevFn => (byte)(Device << 3 | Function);
    /// <inheritdoc/>
    public override string ToString() => $"{Bus:x2}:{Device:x2}.{Function}";
}
