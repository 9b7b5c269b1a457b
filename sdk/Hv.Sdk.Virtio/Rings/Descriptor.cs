using System.Buffers.Binary;
using Hv.Sdk.Memory;

namespace Hv.Sdk.Virtio.Rings;

/// <summary>A descriptor of either layout, read from the guest once. The last two words differ: flags and next in a
/// split queue (virtio 1.2, 2.7.5), buffer ID and flags in a packed one (2.8.13).</summary>
internal readonly ref struct Descriptor
{
    public const int Bytes = 16;

    public ulong Address { get; private init; }
    public uint LengthBytes { get; private init; }
    public ushort Flags { get; private init; }
    /// <summary>Split: next. Packed: buffer ID.</summary>
    public ushort Link { get; private init; }

    public bool HasNext => (Flags & DescriptorFlags.Next) != 0;
    public bool IsWritable => (Flags & DescriptorFlags.Write) != 0;
    public bool IsIndirect => (Flags & DescriptorFlags.Indirect) != 0;

    public static bool TryRead(IDmaSpace dma, ulong table, uint index, bool isPacked, out Descriptor descriptor)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        descriptor = default;
        if (!dma.TryRead(new GuestPhysicalAddress(table + index * (ulong)Bytes), bytes)) return false;
        ushort third = BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]);
        ushort fourth = BinaryPrimitives.ReadUInt16LittleEndian(bytes[14..]);
        descriptor = new Descriptor
        {
            Address = BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            LengthBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
            Flags = isPacked ? fourth : third,
            Link = isPacked ? third : fourth,
        };
        return true;
    }
}
