using System.Buffers.Binary;
using Hv.Sdk.Memory;

namespace Hv.Sdk.TestKit.Fakes;

/// <summary>Guest RAM from address 0; everything above it is not RAM.</summary>
public sealed class BenchMemory(int lengthBytes) : IDmaSpace
{
    /// <summary>The bytes.</summary>
    public byte[] Bytes { get; private set; } = new byte[lengthBytes];

    internal void Adopt(BenchMemory other) => Bytes = (byte[])other.Bytes.Clone();

    private bool Contains(GuestPhysicalAddress address, int length) =>
        length >= 0 && address.Value <= (ulong)Bytes.Length && (ulong)length <= (ulong)Bytes.Length - address.Value;

    /// <inheritdoc/>
    public bool TryRead(GuestPhysicalAddress address, Span<byte> to)
    {
        if (!Contains(address, to.Length)) return false;
        Bytes.AsSpan((int)address.Value, to.Length).CopyTo(to);
        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(GuestPhysicalAddress address, ReadOnlySpan<byte> from)
    {
        if (!Contains(address, from.Length)) return false;
        from.CopyTo(Bytes.AsSpan((int)address.Value));
        return true;
    }

    /// <inheritdoc/>
    public bool TryWindow(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out DmaWindow window)
    {
        window = default;
        if (!Contains(address, lengthBytes)) return false;
        window = new DmaWindow(Bytes.AsSpan((int)address.Value, lengthBytes), null, address);
        return true;
    }

    /// <inheritdoc/>
    public bool TryLease(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out IDmaLease lease)
    {
        lease = null!;
        if (!Contains(address, lengthBytes)) return false;
        lease = new Lease(Bytes.AsMemory((int)address.Value, lengthBytes));
        return true;
    }

    /// <inheritdoc/>
    public bool TryReadUInt16(GuestPhysicalAddress address, out ushort value)
    {
        value = 0;
        if (!Contains(address, 2) || (address.Value & 1) != 0) return false;
        value = BinaryPrimitives.ReadUInt16LittleEndian(Bytes.AsSpan((int)address.Value));
        return true;
    }

    /// <inheritdoc/>
    public bool TryWriteUInt16(GuestPhysicalAddress address, ushort value)
    {
        if (!Contains(address, 2) || (address.Value & 1) != 0) return false;
        BinaryPrimitives.WriteUInt16LittleEndian(Bytes.AsSpan((int)address.Value), value);
        return true;
    }

    /// <summary>Bytes that were given back to the host.</summary>
    public long DiscardedBytes { get; private set; }

    /// <inheritdoc/>
    public bool TryDiscard(GuestPhysicalAddress address, ulong lengthBytes)
    {
        const ulong page = 4096;
        if (lengthBytes > int.MaxValue || !Contains(address, (int)lengthBytes)) return false;
        ulong first = (address.Value + page - 1) & ~(page - 1), end = (address.Value + lengthBytes) & ~(page - 1);
        if (end <= first) return false;
        Bytes.AsSpan((int)first, (int)(end - first)).Clear();
        DiscardedBytes += (long)(end - first);
        return true;
    }

    /// <inheritdoc/>
    public void Fence() => Interlocked.MemoryBarrier();

    private sealed class Lease(Memory<byte> bytes) : IDmaLease
    {
        private bool isDisposed;
        public Memory<byte> Bytes => isDisposed ? throw new ObjectDisposedException(nameof(IDmaLease)) : bytes;
        public void Dispose() => isDisposed = true;
    }
}
