using System.Buffers;
using Hv.Sdk;
using Hv.Sdk.Memory;

namespace Hv.Memory;

/// <summary>Leases on guest bytes: taken from a pool, so that taking one allocates nothing once the pool has
/// grown.</summary>
internal sealed class LeasePool(GuestMemory memory)
{
    private readonly Lock gate = new();
    private readonly Stack<Lease> free = [];
    private readonly List<Lease> active = [];

    public Lease Take(ulong address, ulong fileOffset, int lengthBytes, DmaAccess access)
    {
        lock (gate)
        {
            Lease lease = free.Count > 0 ? free.Pop() : new Lease(this, memory);
            active.Add(lease);
            lease.Begin(address, fileOffset, lengthBytes, access);
            return lease;
        }
    }

    public void Return(Lease lease)
    {
        lock (gate)
        {
            if (!active.Remove(lease)) return; // revoked, or disposed twice
            lease.End();
            free.Push(lease);
        }
    }

    public bool Holds(ulong fileOffset, ulong lengthBytes)
    {
        lock (gate)
        {
            foreach (Lease lease in active)
            {
                ulong leaseEnd = lease.FileOffset + (ulong)lease.LengthBytes;
                if (lease.FileOffset < fileOffset + lengthBytes && fileOffset < leaseEnd) return true;
            }
            return false;
        }
    }

    // Revoked leases are not used again: their holders may still have the object.
    public void RevokeAll()
    {
        lock (gate)
        {
            foreach (Lease lease in active) lease.End();
            active.Clear();
        }
    }

    internal sealed class Lease(LeasePool pool, GuestMemory memory) : MemoryManager<byte>, IDmaLease
    {
        private ulong address;
        private DmaAccess access;
        private volatile bool isHeld;

        public ulong FileOffset { get; private set; }
        public int LengthBytes { get; private set; }

        public Memory<byte> Bytes
        {
            get
            {
                ObjectDisposedException.ThrowIf(!isHeld, this);
                return CreateMemory(LengthBytes);
            }
        }

        public void Begin(ulong guestAddress, ulong fileOffset, int lengthBytes, DmaAccess how)
        {
            address = guestAddress;
            FileOffset = fileOffset;
            LengthBytes = lengthBytes;
            access = how;
            isHeld = true;
            Touch();
        }

        public void End()
        {
            if (!isHeld) return;
            isHeld = false;
            Touch();
        }

        private void Touch()
        {
            if ((access & DmaAccess.Write) != 0) memory.Touch(address, FileOffset, (ulong)LengthBytes);
        }

        public override Span<byte> GetSpan()
        {
            ObjectDisposedException.ThrowIf(!isHeld, this);
            return memory.Span(FileOffset, LengthBytes);
        }

        public override unsafe MemoryHandle Pin(int elementIndex = 0)
        {
            // SAFETY: the bytes lie outside the garbage-collected heap and do not move.
            fixed (byte* p = GetSpan()[elementIndex..]) return new MemoryHandle(p);
        }

        public override void Unpin()
        {
        }

        public void Dispose() => pool.Return(this);

        protected override void Dispose(bool disposing) => pool.Return(this);
    }
}
