using System.Buffers.Binary;
using Hv.Sdk;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Virtio;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Network.VirtioNet.Tests;

/// <summary>A bench with the card, a network and a driver.</summary>
internal sealed class NetDriver : IDisposable
{
    public const int HeaderBytes = 12;
    public static readonly byte[] Mac = [2, 0, 0, 0x12, 0x34, 0x56];
    private readonly Dictionary<(int Queue, int Id), (ulong At, int Length)> offered = [];

    public NetDriver(ulong features = ~VirtioFeature.PackedRing, int pairs = 1, bool onPci = true, int queueSize = 16,
        bool keepsFrames = true)
    {
        Bench = DeviceBench.Create(new VirtioNetPlugin(), new BenchSetup
        {
            MemoryBytes = 1024 * 1024,
            Placement = onPci ? new Placement { Pci = new PciAddress(0, 6, 0) }
                : new Placement { MmioBase = 0xd000_0000, Gsi = 10 },
            Options = new Dictionary<string, string>
            {
                ["mac"] = "02:00:00:12:34:56", ["mtu"] = "9000", ["packed"] = "on",
                ["queues"] = pairs.ToString(System.Globalization.CultureInfo.InvariantCulture),
            },
            Configure = b => b.AddBackend("netdev", new BenchNet { KeepsFrames = keepsFrames }),
        });
        Guest = VirtioGuest.Start(Bench, features, queueSize);
    }

    public DeviceBench Bench { get; private set; }
    public VirtioGuest Guest { get; }
    public BenchNet Net => Bench.Backend<BenchNet>("netdev");
    public int ControlQueue => (Guest.Features & 1 << 22) != 0 ? Guest.Queues.Count - 1 : 2;

    public void Dispose() => Bench.Dispose();

    public void Replace(DeviceBench twin)
    {
        Bench.Dispose();
        Guest.Bench = Bench = twin;
    }

    public static byte[] Frame(int length, int seed, byte[]? to = null)
    {
        byte[] frame = new byte[length];
        new Random(seed).NextBytes(frame);
        (to ?? Mac).CopyTo(frame, 0);
        if (length >= 14) (frame[12], frame[13]) = (0x88, 0xb5); // IEEE 802 local experimental
        return frame;
    }

    /// <summary>Sends a frame; the device must have taken it unless it is full.</summary>
    public int Send(int pair, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> header = default)
    {
        int id = Add(pair, frame, header);
        Guest.Queues[2 * pair + 1].Kick();
        return id;
    }

    /// <summary>As <see cref="Send"/>, without telling the device.</summary>
    public int Add(int pair, ReadOnlySpan<byte> frame, ReadOnlySpan<byte> header = default)
    {
        ulong head = Guest.Place(header.IsEmpty ? new byte[HeaderBytes] : header);
        ulong data = Guest.Place(frame);
        return Guest.Queues[2 * pair + 1].TryAdd(
            [new GuestSegment(head, HeaderBytes, false), new GuestSegment(data, frame.Length, false)], null)
            ?? throw new ContractException("the transmit queue is full");
    }

    public int TakeSent(int pair)
    {
        int count = 0;
        while (Guest.Queues[2 * pair + 1].TryTake() is not null) count++;
        Guest.Queues[2 * pair + 1].WantInterrupt();
        return count;
    }

    public void Offer(int pair, int length, int count = 1)
    {
        GuestQueue queue = Guest.Queues[2 * pair];
        for (int i = 0; i < count; i++)
        {
            ulong at = Guest.Allocate(length);
            offered[(2 * pair, queue.TryAdd([new GuestSegment(at, length, true)], null)!.Value)] = (at, length);
        }
        queue.Kick();
    }

    /// <summary>The next received frame with its header; null when there is none.</summary>
    public (byte[] Header, byte[] Frame)? Take(int pair)
    {
        GuestQueue queue = Guest.Queues[2 * pair];
        List<byte> bytes = [];
        for (int left = 1; left > 0; left--)
        {
            if (queue.TryTake() is not { } used)
            {
                return bytes.Count == 0 ? null : throw new ContractException("a frame's buffers did not come together");
            }
            offered.Remove((queue.Index, used.Id), out (ulong At, int Length) buffer);
            bytes.AddRange(Guest.Memory(buffer.At, (int)used.Written));
            if (bytes.Count == (int)used.Written && bytes.Count >= HeaderBytes)
                left = BinaryPrimitives.ReadUInt16LittleEndian(
                    System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes)[10..]);
            if (bytes.Count == 0) return null;
        }
        queue.WantInterrupt();
        return ([.. bytes[..HeaderBytes]], [.. bytes[HeaderBytes..]]);
    }

    /// <summary>A control command; its answer.</summary>
    public byte Control(byte group, byte command, params ReadOnlySpan<byte> data) =>
        Guest.Exchange(ControlQueue, [group, command, .. data], 1, out _)[0];
}
