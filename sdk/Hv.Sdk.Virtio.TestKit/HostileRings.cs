using System.Buffers.Binary;

namespace Hv.Sdk.Virtio.TestKit;

/// <summary>Steps of a driver that breaks the rules of the rings: loops, wild addresses, lengths and indices, in memory
/// where a
/// <see cref="VirtioGuest"/> has set its queues up. Steps depend only on their seed and the bench's memory.</summary>
public static class HostileRings
{
    private const int QueueStart = 0x1000;

    /// <summary>Scribbles over one queue and notifies the device.</summary>
    public static BenchStep Next(Random random, int queueCount, bool isPacked, int size)
    {
        ArgumentNullException.ThrowIfNull(random);
        int seed = random.Next();
        int queue = random.Next(queueCount);
        return new BenchStep
        {
            Kind = StepKind.Call,
            Name = $"hostile ring {queue} from {seed}",
            Call = bench =>
            {
                Scribble(new Random(seed), bench, queue, isPacked, size);
                Notify(bench, queue);
                return 0;
            },
        };
    }

    /// <summary>A buffer as a driver would send it into a split queue: <paramref name="readable"/> bytes, cut at
    /// random, then
    /// <paramref name="writableBytes"/> bytes for the device, and a notification.</summary>
    public static BenchStep Plausible(Random random, int queue, byte[] readable, int writableBytes, int size)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(readable);
        int cut = random.Next(readable.Length + 1), first = random.Next(size);
        int data = random.Next(0x1_8000, 0x1_c000), answer = random.Next(0x1_c000, 0x1_f000);
        return new BenchStep
        {
            Kind = StepKind.Call,
            Name = $"buffer of {readable.Length} and {writableBytes} bytes in queue {queue}",
            Call = bench =>
            {
                Span<byte> memory = bench.Memory.Bytes;
                int descriptors = QueueStart + (int)GuestQueue.AreaBytes * queue;
                readable.CopyTo(memory[data..]);
                Span<(int At, int Length, int Flags)> pieces =
                    [(data, cut, 1), (data + cut, readable.Length - cut, 1), (answer, writableBytes, 2)];
                for (int i = 0; i < 3; i++)
                {
                    Span<byte> d = memory[(descriptors + 16 * ((first + i) % size))..];
                    BinaryPrimitives.WriteUInt64LittleEndian(d, (ulong)pieces[i].At);
                    BinaryPrimitives.WriteUInt32LittleEndian(d[8..], (uint)pieces[i].Length);
                    BinaryPrimitives.WriteUInt16LittleEndian(d[12..], (ushort)pieces[i].Flags);
                    BinaryPrimitives.WriteUInt16LittleEndian(d[14..], (ushort)((first + i + 1) % size));
                }
                int driver = descriptors + 16 * size;
                ushort index = BinaryPrimitives.ReadUInt16LittleEndian(memory[(driver + 2)..]);
                BinaryPrimitives.WriteUInt16LittleEndian(memory[(driver + 4 + 2 * (index % size))..], (ushort)first);
                BinaryPrimitives.WriteUInt16LittleEndian(memory[(driver + 2)..], (ushort)(index + 1));
                Notify(bench, queue);
                return 0;
            },
        };
    }

    private static void Scribble(Random random, DeviceBench bench, int queue, bool isPacked, int size)
    {
        Span<byte> memory = bench.Memory.Bytes;
        int descriptors = QueueStart + (int)GuestQueue.AreaBytes * queue;
        int count = random.Next(1, 6);
        for (int i = 0; i < count; i++) PutDescriptor(
            random, memory, descriptors + 16 * random.Next(size), size, isPacked);
        if (isPacked) return;
        int driver = descriptors + 16 * size;
        ushort index = BinaryPrimitives.ReadUInt16LittleEndian(memory[(driver + 2)..]);
        int step = random.Next(20) == 0 ? random.Next(65536) : random.Next(1, 4);
        for (int i = 0; i < Math.Min(step, size); i++)
        {
            int head = random.Next(16) == 0 ? random.Next(65536) : random.Next(size);
            BinaryPrimitives.WriteUInt16LittleEndian(memory[(driver + 4 + 2 * ((index + i) % size))..], (ushort)head);
        }
        BinaryPrimitives.WriteUInt16LittleEndian(memory[(driver + 2)..], (ushort)(index + step));
    }

    private static void PutDescriptor(Random random, Span<byte> memory, int at, int size, bool isPacked)
    {
        ulong address = random.Next(8) switch
        {
            0 => (ulong)random.NextInt64(),
            1 => ulong.MaxValue - (ulong)random.Next(64),
            2 => (ulong)memory.Length - (ulong)random.Next(64),
            _ => (ulong)random.Next(memory.Length),
        };
        uint length = random.Next(6) switch
        {
            0 => (uint)random.NextInt64(),
            1 => 0,
            2 => 16u * (uint)random.Next(2000),
            _ => (uint)random.Next(600),
        };
        int flags = random.Next(4) | (random.Next(5) == 0 ? 4 : 0);
        if (isPacked) flags |= random.Next(4) switch { 0 => 0x80, 1 => 0x8000, 2 => 0, _ => 0x8080 };
        int link = random.Next(10) == 0 ? random.Next(65536) : random.Next(size);
        BinaryPrimitives.WriteUInt64LittleEndian(memory[at..], address);
        BinaryPrimitives.WriteUInt32LittleEndian(memory[(at + 8)..], length);
        BinaryPrimitives.WriteUInt16LittleEndian(memory[(at + 12)..], (ushort)(isPacked ? link : flags));
        BinaryPrimitives.WriteUInt16LittleEndian(memory[(at + 14)..], (ushort)(isPacked ? flags : link));
    }

    private static void Notify(DeviceBench bench, int queue)
    {
        if (bench.Setup.Placement.MmioBase is ulong mmio) bench.WriteMmio(mmio + 0x50, (uint)queue);
        else bench.WriteMmio(PciGuestRegisters.FirstBar + 0x3000 + 4u * (uint)queue, (uint)queue, 2);
    }
}
