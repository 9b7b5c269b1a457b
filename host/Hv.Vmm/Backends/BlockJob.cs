using Hv.Memory;
using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Memory;
using Hv.Sdk.State;

namespace Hv.Vmm.Backends;

/// <summary>Where a <see cref="BlockJob"/> is.</summary>
internal enum BlockJobPhase : byte
{
    /// <summary>In no use.</summary>
    Free,
    /// <summary>The host works on it, or will.</summary>
    Underway,
    /// <summary>The device has yet to hear of it.</summary>
    Done,
}

/// <summary>One request of a device on its way through a <see cref="BlockPort"/>. Bytes pass between guest memory and
/// an I/O thread's buffer, never between guest memory and the host's file: so a request that hangs in the host can be
/// cut off from the guest at any moment.</summary>
internal sealed class BlockJob(BlockPort port)
{
    private const int PieceLimit = 1 << 30;

    private readonly Lock memoryGate = new();
    private readonly List<Piece> pieces = [];
    private volatile bool isAbandoned;
    private int currentPiece;
    private int currentOffset;

    /// <summary>The port that it belongs to.</summary>
    public BlockPort Port => port;
    /// <summary>Where it is. Changed under the port's lock.</summary>
    public BlockJobPhase Phase { get; set; }
    /// <summary>What the device asked for.</summary>
    public BlockRequest Asked { get; set; }
    /// <summary>What became of it.</summary>
    public BlockStatus Status { get; set; }
    /// <summary>Deterministic mode: when it is over.</summary>
    public long DueNs { get; set; }
    /// <summary>The guest's memory, as the device named it.</summary>
    public List<DmaSegment> Segments { get; } = [];
    /// <summary>Cut off from the guest: nobody hears of it any more.</summary>
    public bool IsAbandoned => isAbandoned;
    /// <summary>The medium is another one when it is done.</summary>
    public bool ChangesMedium => Asked.Operation is not (BlockOperation.Read or BlockOperation.Flush);

    /// <summary>Finds the guest's memory; false when a part of it is not there or it is not as long as the
    /// request.</summary>
    public bool TryResolve(MemoryMap map, int segmentLimit)
    {
        pieces.Clear();
        currentPiece = currentOffset = 0;
        if (Asked.Operation is not (BlockOperation.Read or BlockOperation.Write)) return true;
        if (Segments.Count > segmentLimit) return false;
        bool write = Asked.Operation == BlockOperation.Read;
        long total = 0;
        foreach (DmaSegment segment in Segments)
        {
            ulong address = segment.Address.Value;
            ulong left = segment.LengthBytes;
            total += segment.LengthBytes;
            while (left > 0)
            {
                ulong run = Math.Min(Math.Min(left, map.RunLength(address, write)), PieceLimit);
                if (run == 0 || !map.TryResolve(address, run, write, out ulong offset)) return false;
                pieces.Add(new Piece(address, offset, (int)run));
                address += run;
                left -= run;
            }
        }
        return total == Asked.LengthBytes;
    }

    /// <summary>Copies the next bytes to or from guest memory; false, and nothing is touched, when the request was
    /// abandoned. Hot path.</summary>
    public bool TryCopy(GuestMemory memory, Span<byte> buffer, bool toGuest)
    {
        lock (memoryGate)
        {
            if (isAbandoned) return false;
            while (buffer.Length > 0)
            {
                Piece piece = pieces[currentPiece];
                int length = Math.Min(buffer.Length, piece.LengthBytes - currentOffset);
                ulong address = piece.Address + (ulong)currentOffset;
                ulong offset = piece.FileOffset + (ulong)currentOffset;
                Span<byte> guest = memory.Span(offset, length);
                if (toGuest)
                {
                    memory.Touch(address, offset, (ulong)length);
                    buffer[..length].CopyTo(guest);
                    memory.Touch(address, offset, (ulong)length);
                }
                else
                {
                    guest.CopyTo(buffer);
                }
                buffer = buffer[length..];
                currentOffset += length;
                if (currentOffset < piece.LengthBytes) continue;
                currentPiece++;
                currentOffset = 0;
            }
            return true;
        }
    }

    /// <summary>Cuts it off from the guest. Waits for a copy that runs, which is one buffer at most, never for the
    /// host.</summary>
    public void Abandon()
    {
        lock (memoryGate) isAbandoned = true;
    }

    public void Save(StateWriter writer)
    {
        writer.UInt(1, (ulong)Asked.Operation);
        writer.Int(2, Asked.OffsetBytes);
        writer.Int(3, Asked.LengthBytes);
        writer.UInt(4, Asked.Tag);
        writer.Int(5, DueNs);
        foreach (DmaSegment segment in Segments)
        {
            writer.Group(6, w =>
            {
                w.UInt(1, segment.Address.Value);
                w.UInt(2, segment.LengthBytes);
            });
        }
    }

    public void Load(StateReader reader, int segmentLimit)
    {
        Asked = new BlockRequest
        {
            Operation = (BlockOperation)reader.UInt(1, 0, byte.MaxValue),
            OffsetBytes = reader.Int(2, 0),
            LengthBytes = reader.Int(3, 0),
            Tag = reader.UInt(4, 0, ulong.MaxValue),
        };
        DueNs = reader.Int(5, 0);
        Segments.Clear();
        foreach (StateReader group in reader.Groups(6, segmentLimit))
        {
            Segments.Add(new DmaSegment
            {
                Address = new GuestPhysicalAddress(group.UInt(1, 0, ulong.MaxValue)),
                LengthBytes = (uint)group.UInt(2, 0, uint.MaxValue),
            });
        }
    }

    private readonly record struct Piece(ulong Address, ulong FileOffset, int LengthBytes);
}
