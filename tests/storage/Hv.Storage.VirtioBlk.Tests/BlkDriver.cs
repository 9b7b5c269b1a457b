using System.Buffers.Binary;
using Hv.Sdk;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Virtio;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Storage.VirtioBlk.Tests;

/// <summary>A bench with the device, a disk of 64 KiB and a driver.</summary>
internal sealed class BlkDriver : IDisposable
{
    public const int DiskBytes = 64 * 1024;

    public BlkDriver(ulong features = ~VirtioFeature.PackedRing, int queues = 1, bool isReadOnly = false,
        bool onPci = true, int sectorBytes = 512)
    {
        Bench = DeviceBench.Create(new VirtioBlkPlugin(), new BenchSetup
        {
            MemoryBytes = 512 * 1024,
            Placement = onPci ? new Placement { Pci = new PciAddress(0, 4, 0) }
                : new Placement { MmioBase = 0xd000_0000, Gsi = 10 },
            Options = new Dictionary<string, string> { ["queues"] =
                queues.ToString(System.Globalization.CultureInfo.InvariantCulture), ["packed"] = "on" },
            Configure = b => b.AddBackend(
                "drive", new BenchDisk(b, DiskBytes) { IsReadOnly = isReadOnly, SectorBytes = sectorBytes }),
        });
        Guest = VirtioGuest.Start(Bench, features, 32);
    }

    public DeviceBench Bench { get; private set; }
    public VirtioGuest Guest { get; private set; }
    public BenchDisk Disk => Bench.Backend<BenchDisk>("drive");

    public void Dispose() => Bench.Dispose();

    public void Replace(DeviceBench twin)
    {
        Bench.Dispose();
        Guest.Bench = Bench = twin;
    }

    public void Restart(ulong features) => Guest = VirtioGuest.Start(Bench, features, 32);

    public static byte[] Header(uint type, ulong sector)
    {
        byte[] header = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), sector);
        return header;
    }

    public static byte[] Range(ulong sector, uint count, uint flags)
    {
        byte[] range = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(range, sector);
        BinaryPrimitives.WriteUInt32LittleEndian(range.AsSpan(8), count);
        BinaryPrimitives.WriteUInt32LittleEndian(range.AsSpan(12), flags);
        return range;
    }

    /// <summary>Sends a request; where its data and status are.</summary>
    public (int Id, ulong Data, ulong Status) Send(
        int queue, uint type, ulong sector, ReadOnlySpan<byte> from, int readBytes, Random? random = null)
    {
        ulong header = Guest.Place(Header(type, sector));
        ulong data = from.IsEmpty ? Guest.Allocate(Math.Max(1, readBytes)) : Guest.Place(from);
        ulong status = Guest.Place([0xee]);
        bool isWritable = from.IsEmpty;
        int length = isWritable ? readBytes : from.Length;
        GuestSegment[] pieces = random is null
            ? length == 0 ? [] : [new GuestSegment(data, length, isWritable)]
            : [.. VirtioGuest.Cut(random, data, length, isWritable, random.Next(1, 5))];
        GuestSegment[] segments = [new GuestSegment(header, 16, false), .. pieces, new GuestSegment(status, 1, true)];
        ulong? table = random is not null && random.Next(2) == 0 ? Guest.Allocate(16 * segments.Length) : null;
        int id = Guest.Queues[queue].TryAdd(segments, table) ?? throw new ContractException("the queue is full");
        return (id, data, status);
    }

    /// <summary>Sends a request and waits; status and data read.</summary>
    public (byte Status, byte[] Data, uint Written) Do(
        uint type, ulong sector, ReadOnlySpan<byte> from, int readBytes, int queue = 0)
    {
        (int id, ulong data, ulong status) = Send(queue, type, sector, from, readBytes);
        Guest.Queues[queue].Kick();
        UsedBuffer used = Guest.Queues[queue].TryTake() ?? throw new ContractException("no answer");
        if (used.Id != id) throw new ContractException("another request was answered");
        return (Guest.Memory(status, 1)[0], Guest.Memory(data, readBytes).ToArray(), used.Written);
    }
}
