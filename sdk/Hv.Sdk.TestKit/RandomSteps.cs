using Hv.Sdk.TestKit.Fakes;

namespace Hv.Sdk.TestKit;

/// <summary>Makes steps that a hostile guest and a busy machine could make, from a seed.</summary>
public static class RandomSteps
{
    private static readonly ulong[] Interesting =
        [0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff,
        0x8000_0000, 0xffff_ffff, 0x1_0000_0000, long.MaxValue, 1ul << 63, ulong.MaxValue];

    /// <summary>Any step that makes sense for what the device has claimed.</summary>
    public static BenchStep Next(Random random, DeviceBench bench)
    {
        int dice = random.Next(100);
        if (dice < 12) return Advance(random);
        if (dice < 20 && Pin(random, bench) is { } drive) return drive;
        if (dice < 24 && bench.Setup.HasCharPort) return Line(random);
        if (dice < 40 && bench.Pci?.Function is not null) return Config(random);
        return Access(random, bench) ?? Advance(random);
    }

    /// <summary>An access to a mapped region; null when nothing is mapped.</summary>
    public static BenchStep? Access(Random random, DeviceBench bench)
    {
        BenchRegion[] mapped = [.. bench.Regions.Where(r => r.IsMapped)];
        if (mapped.Length == 0) return null;
        BenchRegion region = mapped[random.Next(mapped.Length)];
        int sizes = region.Space == AddressSpace.Ports ? 3 : 4;
        int size = 1 << random.Next(sizes);
        while ((ulong)size > region.Length) size >>= 1;
        ulong offset = (ulong)random.NextInt64((long)region.Length - size + 1);
        if (random.Next(4) != 0) offset -= offset % (ulong)size;
        return new BenchStep
        {
            Kind = random.Next(5) < 2 ? StepKind.Read : StepKind.Write,
            Space = region.Space,
            Address = region.Start + offset,
            Size = size,
            Value = Value(random),
            Vcpu = random.Next(bench.Setup.VcpuCount),
        };
    }

    /// <summary>A value as drivers and fuzzers write them: edges, single bits, small numbers, noise.</summary>
    public static ulong Value(Random random) => random.Next(4) switch
    {
        0 => Interesting[random.Next(Interesting.Length)],
        1 => 1ul << random.Next(64),
        2 => (ulong)random.Next(256),
        _ => (ulong)random.NextInt64(),
    };

    /// <summary>Time passes: nanoseconds to milliseconds, rarely up to a second.</summary>
    public static BenchStep Advance(Random random) =>
        new() { Kind = StepKind.Advance,
            Value = (ulong)random.NextInt64((long)Math.Pow(10, random.Next(1, 8)) * (random.Next(30) == 0 ? 50 : 1)) };

    private static BenchStep? Pin(Random random, DeviceBench bench)
    {
        (string Name, int Count)[] groups = [.. bench.Inputs];
        if (groups.Length == 0) return null;
        (string name, int count) = groups[random.Next(groups.Length)];
        return new BenchStep { Kind = StepKind.Drive, Name = name, Pin = random.Next(count),
            Value = (ulong)random.Next(2) };
    }

    private static BenchStep Line(Random random) => random.Next(4) == 0
        ? new BenchStep { Kind = StepKind.Room, Value = random.Next(2) == 0 ? 0 : (ulong)random.Next(1, 40) }
        : new BenchStep { Kind = StepKind.Type, Value = (ulong)random.Next(256) };

    private static BenchStep Config(Random random)
    {
        int size = 1 << random.Next(3);
        return new BenchStep
        {
            Kind = random.Next(2) == 0 ? StepKind.ReadConfig : StepKind.WriteConfig,
            Address = (ulong)(random.Next(random.Next(4) == 0 ? 4096 : 256) & -size),
            Size = size,
            Value = Value(random) & 0xffff_ffff,
        };
    }
}
