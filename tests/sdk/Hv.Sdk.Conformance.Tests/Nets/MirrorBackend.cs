using Hv.Sdk.Net;

namespace Hv.Sdk.Conformance.Tests.Nets;

/// <summary>A network to put mistakes into: sends every frame back, and queues a few while the card is full.</summary>
[NetBackendAttribute("mirror", Title = "A mirror")]
public sealed class MirrorBackend(NetFlaw flaw) : INetBackend
{
    private static INetLink? lastLink;

    public OptionSchema Options => OptionSchema.Empty;

    public INetEndpoint Open(INetLink link, OptionValues options)
    {
        lastLink = link;
        return new MirrorEndpoint(link, flaw);
    }

    private sealed class MirrorEndpoint : INetEndpoint
    {
        private const int QueueFrames = 32, FrameBytes = 2048;

        private readonly INetLink link;
        private readonly NetFlaw flaw;
        private readonly List<byte[]> slots = [];
        private readonly Queue<(int Slot, int Length, FrameInfo Info)> queue = new(QueueFrames);
        private readonly byte[] last = new byte[FrameBytes];
        private int lastLength;
        private int slot;
        private int sent;
        private bool hasRefused;
        private bool isDisposed;
        private object? garbage;

        public MirrorEndpoint(INetLink link, NetFlaw flaw)
        {
            (this.link, this.flaw) = (link, flaw);
            for (int i = 0; i < QueueFrames; i++) slots.Add(new byte[FrameBytes]);
        }

        private INetLink Link => flaw == NetFlaw.HasOneLinkForAll ? lastLink! : link;

        public bool Send(ReadOnlySpan<byte> frame, in FrameInfo info)
        {
            sent++;
            if (flaw == NetFlaw.Allocates) garbage = new object();
            if (flaw == NetFlaw.DropsSome && sent % 17 == 0) return garbage is null;
            if (flaw == NetFlaw.ThrowsOnGiants && frame.Length > FrameBytes) throw new ArgumentOutOfRangeException(
                nameof(frame));
            if (flaw == NetFlaw.CutsGiants && frame.Length > FrameBytes) frame = frame[..FrameBytes];
            if (frame.Length > FrameBytes) return true;
            FrameInfo passed = flaw == NetFlaw.LosesOffloads ? default : info;
            if (flaw == NetFlaw.RepeatsWhenReady)
            {
                frame.CopyTo(last);
                lastLength = frame.Length;
            }
            bool holds = flaw == NetFlaw.SwapsNeighbours && sent % 8 == 0;
            if (queue.Count == 0 && !holds && Link.Deliver(frame, passed)) return true;
            if (flaw == NetFlaw.SwapsNeighbours && queue.Count == 1 && Link.Deliver(frame, passed)) return true;
            if (flaw == NetFlaw.DropsWhenFull) return true;
            return Enqueue(frame, passed);
        }

        private bool Enqueue(ReadOnlySpan<byte> frame, in FrameInfo info)
        {
            if (queue.Count == slots.Count && flaw == NetFlaw.HoldsEverything) slots.Add(new byte[FrameBytes]);
            if (queue.Count == slots.Count)
            {
                hasRefused = true;
                return false;
            }
            int at = flaw == NetFlaw.QueuesInOneBuffer ? 0 : flaw == NetFlaw.HoldsEverything
                ? queue.Count : slot++ % QueueFrames;
            frame.CopyTo(slots[at]);
            queue.Enqueue((at, frame.Length, info));
            if (flaw == NetFlaw.DeliversTwice) queue.Enqueue((at, frame.Length, info));
            return true;
        }

        private void Drain()
        {
            while (queue.TryPeek(out (int Slot, int Length, FrameInfo Info) f)
                && Link.Deliver(slots[f.Slot].AsSpan(0, f.Length), f.Info)) queue.Dequeue();
        }

        public void Flush()
        {
            if (flaw == NetFlaw.SwapsNeighbours) Drain();
        }

        public void ReadyToReceive()
        {
            if (flaw == NetFlaw.RepeatsWhenReady) _ = Link.Deliver(last.AsSpan(0, lastLength), default);
            Drain();
            if (!hasRefused || flaw == NetFlaw.NeverSaysReady) return;
            hasRefused = false;
            link.ReadyToSend();
        }

        public void Dispose()
        {
            if (flaw == NetFlaw.ThrowsOnSecondDispose) ObjectDisposedException.ThrowIf(isDisposed, this);
            if (flaw == NetFlaw.DeliversWhenDisposed) Drain();
            isDisposed = true;
        }
    }
}

/// <summary>Has no name.</summary>
public sealed class NamelessNet : INetBackend
{
    public OptionSchema Options => OptionSchema.Empty;
    public INetEndpoint Open(INetLink link, OptionValues options) =>
        new MirrorBackend(NetFlaw.None).Open(link, options);
}
