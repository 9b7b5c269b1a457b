using System.Buffers.Binary;

namespace Hv.Sdk.Acpi;

/// <summary>Encodes resource descriptors (ACPI 6.5, 6.4) for <c>_CRS</c> and <c>_PRS</c>.</summary>
public sealed class ResourceTemplate
{
    private readonly List<byte> bytes = [];

    /// <summary>I/O ports, decoded with 16 bits: <c>IO (Decode16, …)</c>.</summary>
    public ResourceTemplate Io(ushort start, byte count)
    {
        bytes.AddRange([0x47, 0x01, (byte)start, (byte)(start >> 8), (byte)start, (byte)(start >> 8), 0x01, count]);
        return this;
    }

    /// <summary>An ISA interrupt, edge-triggered, active high: <c>IRQNoFlags</c>.</summary>
    public ResourceTemplate Irq(int irq)
    {
        bytes.AddRange([0x22, (byte)(1 << irq), (byte)((1 << irq) >> 8)]);
        return this;
    }

    /// <summary>A global system interrupt: <c>Interrupt (ResourceConsumer, …)</c>.</summary>
    public ResourceTemplate Interrupt(uint gsi, bool isLevel, bool isActiveLow, bool isShared)
    {
        byte flags = (byte)(1 | (isLevel ? 0 : 2) | (isActiveLow ? 4 : 0) | (isShared ? 8 : 0));
        bytes.AddRange([0x89, 6, 0, flags, 1]);
        UInt32(gsi);
        return this;
    }

    /// <summary>A fixed 32-bit memory range: <c>Memory32Fixed</c>.</summary>
    public ResourceTemplate Memory32(uint start, uint lengthBytes, bool isWritable)
    {
        bytes.AddRange([0x86, 9, 0, (byte)(isWritable ? 1 : 0)]);
        UInt32(start);
        UInt32(lengthBytes);
        return this;
    }

    /// <summary>Bus numbers that a host bridge produces: <c>WordBusNumber</c>.</summary>
    public ResourceTemplate BusNumbers(ushort first, ushort last)
    {
        bytes.AddRange([0x88, 13, 0, 2, 0x0c, 0]);
        foreach (int value in new[] { 0, first, last, 0, last - first + 1 }) UInt16((ushort)value);
        return this;
    }

    /// <summary>Ports that a host bridge passes on: <c>WordIO (ResourceProducer, …, EntireRange)</c>.</summary>
    public ResourceTemplate IoWindow(ushort first, ushort last)
    {
        bytes.AddRange([0x88, 13, 0, 1, 0x0c, 3]);
        foreach (int value in new[] { 0, first, last, 0, last - first + 1 }) UInt16((ushort)value);
        return this;
    }

    /// <summary>32-bit memory that a host bridge passes on: <c>DWordMemory (ResourceProducer, …)</c>.</summary>
    public ResourceTemplate MemoryWindow(uint first, uint last)
    {
        bytes.AddRange([0x87, 23, 0, 0, 0x0c, 1]);
        foreach (uint value in new[] { 0u, first, last, 0u, last - first + 1 }) UInt32(value);
        return this;
    }

    /// <summary>64-bit memory that a host bridge passes on: <c>QWordMemory (ResourceProducer, …)</c>.</summary>
    public ResourceTemplate MemoryWindow64(ulong first, ulong last)
    {
        bytes.AddRange([0x8a, 43, 0, 0, 0x0c, 1]);
        foreach (ulong value in new[] { 0UL, first, last, 0UL, last - first + 1 }) UInt64(value);
        return this;
    }

    /// <summary>The template with its end tag.</summary>
    public byte[] ToArray() => [.. bytes, 0x79, 0x00];

    private void UInt16(ushort value)
    {
        Span<byte> raw = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(raw, value);
        bytes.AddRange(raw);
    }

    private void UInt32(uint value)
    {
        Span<byte> raw = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(raw, value);
        bytes.AddRange(raw);
    }

    private void UInt64(ulong value)
    {
        Span<byte> raw = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(raw, value);
        bytes.AddRange(raw);
    }
}
