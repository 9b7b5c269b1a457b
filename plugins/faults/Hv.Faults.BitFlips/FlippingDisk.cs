using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Memory;
using Hv.Sdk.State;

namespace Hv.Faults.BitFlips;

/// <summary>A disk whose reads give wrong bytes and say that all is well. The medium stays right.</summary>
internal sealed class FlippingDisk(IBlockPort inner, BitFlipsOptions options, IFaultScope scope)
    : ForwardingBlockPort(inner), IFaultState
{
    private const int MaxReads = 4096;
    private const int SegmentLimit = 65536;

    private readonly Dictionary<ulong, (long Offset, DmaSegment[] Segments)> reads = [];

    public override bool TrySubmit(in BlockRequest request, ReadOnlySpan<DmaSegment> segments)
    {
        bool isMeant = request.Operation == BlockOperation.Read && options.Direction != FlipDirection.Write
            && options.Covers((ulong)request.OffsetBytes, (ulong)request.LengthBytes);
        if (!base.TrySubmit(request, segments)) return false;
        // The tag of an abandoned read may be used again.
        if (isMeant) reads[request.Tag] = (request.OffsetBytes, segments.ToArray());
        else reads.Remove(request.Tag);
        return true;
    }

    public override void Completed(ulong tag, BlockStatus status)
    {
        if (reads.Remove(tag, out (long Offset, DmaSegment[] Segments) read) && status == BlockStatus.Ok
            && scope.Strikes())
            Damage(read.Offset, read.Segments);
        base.Completed(tag, status);
    }

    private void Damage(long offset, DmaSegment[] segments)
    {
        ulong length = (ulong)segments.Sum(s => s.LengthBytes);
        for (int i = 0; i < options.Bits && length > 0; i++)
        {
            ulong at = scope.Entropy.Below(length);
            ulong within = at;
            foreach (DmaSegment segment in segments)
            {
                if (within < segment.LengthBytes)
                {
                    DamageByte(segment.Address + within, offset + (long)at);
                    break;
                }
                within -= segment.LengthBytes;
            }
        }
    }

    private void DamageByte(GuestPhysicalAddress address, long offset)
    {
        byte[] one = new byte[1];
        if (!scope.Memory.TryRead(address, one)) return;
        byte before = one[0];
        one[0] ^= (byte)(1 << (int)scope.Entropy.Below(8));
        if (!scope.Memory.TryWrite(address, one)) return;
        scope.Fired($"read of byte {offset} of the disk: 0x{before:x2} became 0x{one[0]:x2}");
    }

    public override void Abandon(ulong tag)
    {
        reads.Remove(tag);
        base.Abandon(tag);
    }

    public void Reset() => reads.Clear();

    public void Save(StateWriter writer)
    {
        foreach ((ulong tag, (long offset, DmaSegment[] segments)) in reads)
        {
            writer.Group(1, w =>
            {
                w.UInt(1, tag);
                w.Int(2, offset);
                foreach (DmaSegment segment in segments)
                {
                    w.Group(3, s =>
                    {
                        s.UInt(1, segment.Address.Value);
                        s.UInt(2, segment.LengthBytes);
                    });
                }
            });
        }
    }

    public void Load(StateReader reader)
    {
        reads.Clear();
        foreach (StateReader group in reader.Groups(1, MaxReads))
        {
            DmaSegment[] segments =
            [
                .. group.Groups(3, SegmentLimit).Select(s => new DmaSegment
                {
                    Address = new GuestPhysicalAddress(s.UInt(1, 0, ulong.MaxValue)),
                    LengthBytes = (uint)s.UInt(2, 0, uint.MaxValue),
                }),
            ];
            reads[group.UInt(1, 0, ulong.MaxValue)] = (group.Int(2, 0), segments);
        }
    }
}
