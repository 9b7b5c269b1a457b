using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Memory;
using Hv.Sdk.Net;
using Hv.Sdk.State;
using Hv.Sdk.Virtio;

namespace Hv.Network.VirtioNet;

/// <summary>The virtio network card (virtio 1.2, 5.1) on the network in slot <c>netdev</c>. Without a network its link
/// is down.</summary>
// Deviation: a frame that the other side left to be segmented is dropped when the driver takes no such frames; backends
// of Hv segment only for cards that asked for it. Deviation: VIRTIO_NET_F_GUEST_ANNOUNCE is not offered: after a
// restore the guest's neighbours learn the address from its next frame.
public sealed class VirtioNet(VirtioNetOptions options)
    : IDevice, IVirtioDevice, INetListener, IStateful, IAcpiContributor, IInspectable
{
    private const ushort DeviceId = 1;
    private const uint EthernetClass = 0x02_0000;
    private const ushort ControlQueueSize = 64;
    private const int MostAutomaticPairs = 8;
    private const int SmallestMtu = 68;
    private const int EthernetHeaderBytes = 14;
    // 64 KiB of IP, an Ethernet header and two VLAN tags.
    private const int LongestFrame = 65535 + EthernetHeaderBytes + 8;

    private readonly VirtioChain chain = new();
    private readonly byte[] frame = new byte[LongestFrame];
    private VirtioNetState state = new();
    private VirtioEndpoint endpoint = null!;
    private ControlQueue control = null!;
    private INetPort? port;
    private IDmaSpace dma = null!;

    /// <inheritdoc/>
    public string StateId => VirtioNetState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => VirtioNetState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => VirtioNetState.OldestStateVersion;

    private int PairCount => (endpoint.Queues.Count - 1) / 2;

    // 5.1.2: after the last pair that the driver may use; without MQ that is the first.
    private int ControlIndex => endpoint.Has(NetFeature.MultiQueue) ? 2 * PairCount : 2;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        if (options.Mtu is > 0 and < SmallestMtu)
            throw new ConfigurationException($"'{context.Path}': an MTU of {options.Mtu} is below {SmallestMtu}, the least that IP works with") { Option = "mtu" };
        if (!BitOperations.IsPow2(options.QueueSize))
            throw new ConfigurationException(
                $"'{context.Path}': a queue of {options.QueueSize} entries: the size must be a power of two") { Option =
                    "queue-size" };
        dma = context.Dma;
        port = context.Backend<INetPort>("netdev");
        port?.Listen(this);
        int pairs = options.Queues != 0 ? options.Queues : Math.Min(context.VcpuCount, MostAutomaticPairs);
        endpoint = new VirtioEndpoint(context, this, new VirtioModel
        {
            DeviceId = DeviceId,
            PciClass = EthernetClass,
            Features = Features(pairs),
            QueueSizes = [.. Enumerable.Repeat(options.QueueSize, 2 * pairs), ControlQueueSize],
            ConfigBytes = NetConfig.Bytes,
        });
        control = new ControlQueue(endpoint, chain);
        if (options.Mac is { } mac) ParseMac(context.Path, mac, state.PermanentMac);
        else ChooseMac(context.Entropy, state.PermanentMac);
    }

    private ulong Features(int pairs) =>
        NetFeature.Mac | NetFeature.MergeableBuffers | NetFeature.Status | NetFeature.ControlQueue
        | NetFeature.ControlReceive | NetFeature.ControlReceiveExtra | NetFeature.ControlVlan
            | NetFeature.ControlMacAddress
        | (options.Offload ? NetFeature.Checksum | NetFeature.HostTso4 | NetFeature.HostTso6 | NetFeature.HostEcn
            | NetFeature.GuestOffloads | NetFeature.ControlGuestOffloads : 0)
        | (options.Mtu != 0 ? NetFeature.Mtu : 0)
        | (pairs > 1 ? NetFeature.MultiQueue : 0)
        | (options.Packed ? VirtioFeature.PackedRing : 0);

    private static void ParseMac(string path, string text, Span<byte> mac)
    {
        string[] parts = text.Split(':', '-');
        bool isMac = parts.Length == ReceiveFilter.MacBytes;
        for (int i = 0; isMac && i < parts.Length; i++)
            isMac = parts[i].Length == 2
                && byte.TryParse(parts[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out mac[i]);
        if (!isMac || (mac[0] & 1) != 0)
            throw new ConfigurationException(
                $"'{path}': '{text}' is not the address of one card, such as 02:00:00:12:34:56") { Option = "mac" };
    }

    // IEEE 802: bit 1 of the first byte marks an address that no vendor gave, bit 0 a group.
    private static void ChooseMac(IEntropy entropy, Span<byte> mac)
    {
        entropy.Fill(mac);
        mac[0] = (byte)(mac[0] & ~3 | 2);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        state = new VirtioNetState { PermanentMac = state.PermanentMac, Mac = [.. state.PermanentMac] };
        endpoint.Reset(state.Virtio);
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        VirtioNetState loaded = VirtioNetState.Load(reader);
        if (loaded.Pairs == 0 || loaded.Pairs > PairCount) throw new StateException(
            $"the state uses {loaded.Pairs} pairs of queues; there are {PairCount}");
        state = loaded;
        endpoint.Load(state.Virtio);
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder) => endpoint.Contribute(builder);

    /// <inheritdoc/>
    public void Inspect(IInspector to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Field("mac", Convert.ToHexString(state.Mac));
        to.Field("dropped", state.Dropped);
        to.Child("virtio", endpoint);
    }

    /// <inheritdoc/>
    public void Dispose() { }

    // --- the driver's side ---

    /// <inheritdoc/>
    public void FillConfig(Span<byte> config)
    {
        state.Mac.CopyTo(config);
        BinaryPrimitives.WriteUInt16LittleEndian(
            config[NetConfig.Status..], port is { IsLinkUp: true } ? NetConfig.LinkUp : (ushort)0);
        BinaryPrimitives.WriteUInt16LittleEndian(config[NetConfig.MaximumPairs..], (ushort)PairCount);
        BinaryPrimitives.WriteUInt16LittleEndian(config[NetConfig.Mtu..], options.Mtu);
    }

    /// <summary>The address is set through the control queue (5.1.4).</summary>
    public void WriteConfig(int offset, ReadOnlySpan<byte> value) { }

    /// <summary>5.1.3.1: what needs what.</summary>
    public bool AcceptsFeatures(ulong features)
    {
        bool Needs(ulong those, ulong one) => (features & those) == 0 || (features & one) != 0;
        return Needs(NetFeature.GuestTso4 | NetFeature.GuestTso6, NetFeature.GuestChecksum)
            && Needs(NetFeature.GuestEcn, NetFeature.GuestTso4 | NetFeature.GuestTso6)
            && Needs(NetFeature.HostTso4 | NetFeature.HostTso6, NetFeature.Checksum)
            && Needs(NetFeature.HostEcn, NetFeature.HostTso4 | NetFeature.HostTso6)
            && Needs(NetFeature.ControlReceive | NetFeature.ControlVlan | NetFeature.ControlReceiveExtra
                | NetFeature.MultiQueue
                | NetFeature.ControlMacAddress | NetFeature.ControlGuestOffloads, NetFeature.ControlQueue);
    }

    /// <inheritdoc/>
    public void DriverReady() => state.GuestOffloads = state.Virtio.DriverFeatures & NetFeature.GuestOffloads;

    /// <inheritdoc/>
    public void QueueNotified(VirtQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        if (queue.Index == ControlIndex) control.Process(queue, state);
        else if (queue.Index > ControlIndex) return;
        else if ((queue.Index & 1) != 0) Transmit(queue);
        else port?.ReadyToReceive();
    }

    /// <inheritdoc/>
    public void QueueReset(VirtQueue queue) { }

    /// <inheritdoc/>
    public void DriverReset()
    {
        state.Pairs = 1;
        state.GuestOffloads = 0;
        state.Filter.Clear();
        state.PermanentMac.CopyTo(state.Mac, 0);
    }

    /// <summary>Hot path: allocates nothing. A frame that the network has no room for goes back into the
    /// queue.</summary>
    private void Transmit(VirtQueue queue)
    {
        while (true)
        {
            QueueMark mark = queue.Mark();
            if (!queue.TryPop(chain)) break;
            if (!TryReadFrame(out ReadOnlySpan<byte> bytes, out FrameInfo info))
            {
                if (!queue.IsLive) return;
                state.Dropped++;
            }
            else if (port is { IsLinkUp: true } && !port.TrySend(bytes, info))
            {
                queue.Rewind(mark);
                break;
            }
            queue.Complete(chain.Token, 0);
        }
        port?.Flush();
        queue.Flush();
    }

    /// <summary>Copies a frame out of the guest, which then cannot change it any more; false when it is none.</summary>
    private bool TryReadFrame(out ReadOnlySpan<byte> bytes, out FrameInfo info)
    {
        Span<byte> header = stackalloc byte[NetHeader.Bytes];
        bytes = default;
        info = default;
        if (chain.ReadableBytes is < NetHeader.Bytes + EthernetHeaderBytes or > NetHeader.Bytes
            + LongestFrame) return false;
        Span<byte> copy = frame.AsSpan(0, (int)chain.ReadableBytes - NetHeader.Bytes);
        if (!chain.TryTake(dma, header) || !chain.TryTake(dma, copy))
        {
            endpoint.Fail("a buffer is not in RAM");
            return false;
        }
        bytes = copy;
        return Offload.TryParse(header, copy.Length, endpoint, out info);
    }

    // --- the network's side ---

    /// <summary>Hot path: allocates nothing.</summary>
    public bool Receive(ReadOnlySpan<byte> bytes, in FrameInfo info)
    {
        if (!endpoint.IsLive) return true; // as a card that is off: the frame is gone
        if (!state.Filter.Accepts(bytes, state.Mac, endpoint.Has(NetFeature.ControlVlan))) return true;
        if (bytes.Length > LongestFrame || !Offload.CanTake(info, state.GuestOffloads)) return Drop();
        FrameInfo told = info;
        if (info.NeedsChecksum && (state.GuestOffloads & NetFeature.GuestChecksum) == 0)
        {
            Span<byte> copy = frame.AsSpan(0, bytes.Length);
            bytes.CopyTo(copy);
            if (!Offload.TryFillChecksum(copy, info)) return Drop();
            bytes = copy;
            told = default;
        }
        VirtQueue queue = endpoint.Queues[2 * (int)(FlowHash.Of(bytes) % state.Pairs)];
        return Put(queue, bytes, told);
    }

    /// <inheritdoc/>
    public void ReceiveFlush()
    {
        for (int pair = 0; pair < state.Pairs; pair++) endpoint.Queues[2 * pair].Flush();
    }

    /// <inheritdoc/>
    public void ReadyToSend()
    {
        for (int pair = 0; pair < state.Pairs; pair++)
        {
            if (endpoint.Queues[2 * pair + 1].IsLive) Transmit(endpoint.Queues[2 * pair + 1]);
        }
    }

    /// <inheritdoc/>
    public void LinkChanged(bool up) => endpoint.ConfigChanged();

    private bool Drop()
    {
        state.Dropped++;
        return true;
    }

    /// <summary>Puts a frame into one buffer, or with VIRTIO_NET_F_MRG_RXBUF into as many as it takes (5.1.6.4); false
    /// when there are too few yet. The first look only counts, since the header in the first buffer says how many there
    /// are.</summary>
    private bool Put(VirtQueue queue, ReadOnlySpan<byte> bytes, in FrameInfo info)
    {
        long needed = NetHeader.Bytes + bytes.Length;
        QueueMark mark = queue.Mark();
        if (!queue.TryPop(chain)) return !queue.IsLive;
        int buffers = 1;
        if (chain.WritableBytes < needed)
        {
            if (!endpoint.Has(NetFeature.MergeableBuffers)) return GiveBack(queue);
            long room = chain.WritableBytes;
            for (; room < needed; buffers++)
            {
                if (buffers == queue.Size) return GiveBackAll(queue, mark);
                if (!queue.TryPop(chain))
                {
                    queue.Rewind(mark);
                    return !queue.IsLive;
                }
                room += chain.WritableBytes;
            }
            queue.Rewind(mark);
            if (!queue.TryPop(chain)) return true;
        }
        Span<byte> header = stackalloc byte[NetHeader.Bytes];
        Offload.Write(header, info, buffers);
        return Fill(queue, header, bytes, buffers);
    }

    private bool Fill(VirtQueue queue, ReadOnlySpan<byte> header, ReadOnlySpan<byte> bytes, int buffers)
    {
        for (int i = 0; i < buffers; i++)
        {
            if (i > 0 && !queue.TryPop(chain)) return true; // the driver took buffers back, and has been told off
            uint before = chain.WritableBytes;
            ReadOnlySpan<byte> part = bytes[..(int)Math.Min((uint)bytes.Length, before - (uint)header.Length)];
            if (before < header.Length || !chain.TryPut(dma, header) || !chain.TryPut(dma, part))
            {
                endpoint.Fail("a receive buffer is too small or not in RAM");
                return true;
            }
            queue.Complete(chain.Token, (uint)(header.Length + part.Length));
            header = default;
            bytes = bytes[part.Length..];
        }
        return true;
    }

    /// <summary>A buffer that is too small for the frame (5.1.6.3.1 asks for 1526 bytes at least): the frame is
    /// dropped, the buffer comes back empty.</summary>
    private bool GiveBack(VirtQueue queue)
    {
        queue.Complete(chain.Token, 0);
        return Drop();
    }

    /// <summary>A frame that is longer than all buffers that the queue can hold.</summary>
    private bool GiveBackAll(VirtQueue queue, in QueueMark mark)
    {
        queue.Rewind(mark);
        return Drop();
    }
}
