using System.Diagnostics;
using Hv.Sdk;
using Hv.Sdk.Io;
using Hv.Sdk.TestKit;
using Hv.Sdk.Virtio;
using Hv.Sdk.Virtio.TestKit;
using Hv.Virtio.Benchmarks;

// Nanoseconds that a device needs to take a buffer, give it back and show it to the driver, in batches of 128 a
// notification. Usage: [--seconds N]
const int Batch = 128;
double seconds = 1;
for (int i = 0; i + 1 < args.Length; i++)
    if (args[i] == "--seconds") seconds = double.Parse(args[i + 1], System.Globalization.CultureInfo.InvariantCulture);

Console.WriteLine($"{"ring",-8}{"descriptors",-20}{"ns a buffer",12}{"bytes allocated",18}");
foreach (bool isPacked in (bool[])[false, true])
{
    foreach ((string name, int pieces, bool isIndirect) in (
        (string, int, bool)[])[("1 direct", 1, false), ("2 direct", 2, false), ("3 in a table", 3, true)])
    {
        using DeviceBench bench = DeviceBench.Create(new NullPlugin(),
            new BenchSetup { MemoryBytes = 1 << 20, Placement = new Placement { Pci = new PciAddress(0, 1, 0) } });
        VirtioGuest guest = VirtioGuest.Start(bench, isPacked ? ulong.MaxValue : ~VirtioFeature.PackedRing, 256);
        Measurement m = Measure(bench, guest, pieces, isIndirect, seconds);
        Console.WriteLine($"{(isPacked ? "packed" : "split"),-8}{name,-20}{m.Nanoseconds,12:F1}{m.AllocatedBytes,18}");
    }
}

static Measurement Measure(DeviceBench bench, VirtioGuest guest, int pieces, bool isIndirect, double seconds)
{
    ulong data = guest.Allocate(4096), table = guest.Allocate(64);
    GuestSegment[] segments =
        [.. Enumerable.Range(0, pieces).Select(i => new GuestSegment(data + 512u * (uint)i, 512, i == pieces - 1))];
    long ticks = 0, buffers = 0, allocated = 0;
    double best = double.MaxValue;
    for (long until = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        Stopwatch.GetTimestamp() < until;)
    {
        for (int i = 0; i < Batch && guest.Queues[0].TryAdd(segments, isIndirect ? table : null) is not null;
            i++) buffers++;
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        _ = bench.Access(AddressSpace.Memory, PciGuestRegisters.FirstBar + 0x3000, 2, 0, IoFlags.None, true, 0, out _);
        ticks += Stopwatch.GetTimestamp() - start;
        allocated += GC.GetAllocatedBytesForCurrentThread() - bytes;
        while (guest.Queues[0].TryTake() is not null) { }
        guest.Queues[0].WantInterrupt();
        if (buffers < 100 * Batch) continue;
        best = Math.Min(best, ticks * 1e9 / Stopwatch.Frequency / buffers);
        (ticks, buffers) = (0, 0);
    }
    return new Measurement(best, allocated);
}

/// <summary>What a run showed: the best of rounds of 100 batches, and all that was allocated.</summary>
internal readonly record struct Measurement(double Nanoseconds, long AllocatedBytes);
