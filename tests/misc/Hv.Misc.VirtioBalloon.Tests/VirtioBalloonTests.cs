using System.Buffers.Binary;
using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.Management;
using Hv.Sdk.TestKit;
using Hv.Sdk.Virtio;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Misc.VirtioBalloon.Tests;

public sealed class VirtioBalloonTests
{
    private const int Page = 4096;
    private const int Inflate = 0, Deflate = 1, Statistics = 2, Reporting = 3;
    private const ulong StatsFeature = 1ul << 1, PoisonFeature = 1ul << 4, ReportingFeature = 1ul << 5;

    private static DeviceBench Create(params (string Name, string Value)[] options) =>
        DeviceBench.Create(new VirtioBalloonPlugin(), new BenchSetup
    {
        MemoryBytes = 4 * 1024 * 1024,
        Placement = new Placement { Pci = new PciAddress(0, 7, 0) },
        Options = options.ToDictionary(o => o.Name, o => o.Value),
    });

    private static byte[] Pages(params IEnumerable<uint> numbers)
    {
        byte[] bytes = new byte[4 * numbers.Count()];
        int at = 0;
        foreach (uint n in numbers)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), n);
            at += 4;
        }
        return bytes;
    }

    [Fact]
    public void Target_SetByTheHost_IsToldToTheDriver()
    {
        using DeviceBench bench = Create(("inflate", "1M"));
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);
        Assert.Equal(256ul, guest.Registers.ReadConfig(0, 4));
        IMemoryBalloon balloon = bench.Service<IMemoryBalloon>();
        bench.Run(() => balloon.TargetBytes = 2 * 1024 * 1024 + 100);
        Assert.Equal(2, guest.Registers.TakeInterrupts());
        Assert.Equal(512ul, guest.Registers.ReadConfig(0, 4));
        guest.Registers.WriteConfig(4, 4, 77);
        Assert.Equal(77ul * Page, balloon.ActualBytes);
        bench.Reset(ResetKind.Warm);
        Assert.Equal((2ul * 1024 * 1024, 0ul), (balloon.TargetBytes, balloon.ActualBytes));
    }

    [Theory]
    [InlineData(new uint[] { 200, 201, 202, 203 })]
    [InlineData(new uint[] { 203, 202, 201, 200 })]
    [InlineData(new uint[] { 200, 300, 201, 400 })]
    public void Inflate_GivesThePagesBack(uint[] pages)
    {
        using DeviceBench bench = Create();
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);
        bench.Memory.Bytes.AsSpan(150 * Page, 400 * Page).Fill(0xab);
        _ = guest.Exchange(Inflate, Pages(pages), 0, out _);
        Assert.Equal(4 * Page, bench.Memory.DiscardedBytes);
        for (int page = 150; page < 550; page++)
            Assert.Equal(pages.Contains((uint)page) ? 0 : 0xab, bench.Memory.Bytes[page * Page]);
        _ = guest.Exchange(Deflate, Pages(pages), 0, out _);
        Assert.Equal(4 * Page, bench.Memory.DiscardedBytes);
    }

    [Fact]
    public void Inflate_PagesThatAreNoRam_IsHarmless()
    {
        using DeviceBench bench = Create();
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);
        _ = guest.Exchange(Inflate, Pages(uint.MaxValue, 0, uint.MaxValue - 1, 5000, 900), 0, out _);
        Assert.Equal(2 * Page, bench.Memory.DiscardedBytes);
        Assert.Equal(VirtioStatus.None, guest.Registers.Status & VirtioStatus.NeedsReset);
    }

    [Fact] // more calls into the host than one callback makes: others on the strand go in between
    public void Inflate_OfManyScatteredPages_IsDoneInTurns()
    {
        using DeviceBench bench = Create();
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);
        byte[] scattered = Pages(Enumerable.Range(0, 5000).Select(i => 600u + 2 * (uint)(i % 200)));
        _ = guest.Exchange(Inflate, scattered, 0, out _);
        Assert.Equal(5000L * Page, bench.Memory.DiscardedBytes);
    }

    [Fact] // virtio 1.2, 5.5.2; this guest turns every queue on
    public void Reporting_NumberedAsSpecified_GivesThePagesBack()
    {
        using DeviceBench bench = Create();
        VirtioGuest guest = VirtioGuest.Start(bench, StatsFeature | ReportingFeature, 16);
        Assert.Equal(2, Report(guest, queue: 4));
        Assert.Equal(0, Report(guest, queue: Reporting));
    }

    [Theory]
    [InlineData(StatsFeature | ReportingFeature, 3)]
    [InlineData(ReportingFeature, 2)]
    public void Reporting_NumberedAsLinuxDoes_GivesThePagesBack(ulong features, int queue)
    {
        using DeviceBench bench = Create();
        VirtioGuest guest = Linux(bench, features, queue + 1);
        Assert.Equal(2, Report(guest, queue));
    }

    /// <summary>A driver that sets up the first queues only.</summary>
    private static VirtioGuest Linux(DeviceBench bench, ulong features, int queues)
    {
        VirtioGuest guest = VirtioGuest.Negotiated(bench, features)!;
        guest.SetUpQueues(16, queues);
        guest.Registers.Status |= VirtioStatus.DriverOk;
        return guest;
    }

    private static int Report(VirtioGuest guest, int queue)
    {
        long before = guest.Bench.Memory.DiscardedBytes;
        guest.Queues[queue].TryAdd(
            [new GuestSegment(800 * Page, Page, true), new GuestSegment(810 * Page, Page, true)], null);
        guest.Queues[queue].Kick();
        return (int)(guest.Bench.Memory.DiscardedBytes - before) / Page;
    }

    [Fact] // 5.5.6.7.2: a page that the guest expects to hold its poison must not turn to zeroes
    public void Reporting_OfPoisonedPages_KeepsThem()
    {
        using DeviceBench bench = Create();
        VirtioGuest guest = VirtioGuest.Start(bench, StatsFeature | ReportingFeature | PoisonFeature, 16);
        guest.Registers.WriteConfig(12, 4, 0xaaaa_aaaa);
        Assert.Equal(0, Report(guest, queue: 4));
        guest.Registers.WriteConfig(12, 4, 0);
        Assert.Equal(2, Report(guest, queue: 4));
    }

    private sealed class Fields : IInspector
    {
        public Dictionary<string, ulong> Values { get; } = [];
        public void Field(string name, ulong value) => Values[name] = value;
        public void Field(string name, string value) { }
        public void Child(string name, IInspectable child) { }
    }

    private static ulong Statistic(DeviceBench bench, string name)
    {
        Fields fields = new();
        ((IInspectable)bench.Device).Inspect(fields);
        return fields.Values[name];
    }

    [Fact]
    public void Statistics_ArePolled()
    {
        using DeviceBench bench = Create(("stats-interval", "10ms"));
        VirtioGuest guest = VirtioGuest.Start(bench, StatsFeature, 16);
        ulong at = guest.Allocate(30);
        void Send(ulong free)
        {
            Span<byte> m = guest.Memory(at, 30);
            BinaryPrimitives.WriteUInt16LittleEndian(m, 4);
            BinaryPrimitives.WriteUInt64LittleEndian(m[2..], free);
            BinaryPrimitives.WriteUInt16LittleEndian(m[10..], 5);
            BinaryPrimitives.WriteUInt64LittleEndian(m[12..], 999);
            BinaryPrimitives.WriteUInt16LittleEndian(m[20..], 4000);
            guest.Queues[Statistics].TryAdd([new GuestSegment(at, 30, false)], null);
            guest.Queues[Statistics].Kick();
        }
        Send(123);
        Assert.Equal((123ul, 999ul), (Statistic(bench, "memory-free"), Statistic(bench, "memory-total")));
        Assert.Null(guest.Queues[Statistics].TryTake());
        bench.Advance(9_000_000);
        Assert.Null(guest.Queues[Statistics].TryTake());
        using DeviceBench twin = DeviceBench.Restore(bench.Save());
        guest.Bench = twin;
        twin.Advance(2_000_000);
        Assert.NotNull(guest.Queues[Statistics].TryTake());
        Send(456);
        Assert.Equal(456ul, Statistic(twin, "memory-free"));
    }

    [Fact]
    public void Options_TurnedOff_AreNotOffered()
    {
        using DeviceBench bench = Create(("reporting", "off"), ("deflate-on-oom", "off"));
        Assert.Equal(0ul, GuestRegisters.Of(bench).DeviceFeatures & (ReportingFeature | PoisonFeature | 1 << 2));
    }
}

public abstract class VirtioBalloonConformance : VirtioConformance<VirtioBalloonPlugin>
{
    protected override int QueueCount => 5;
    protected override IReadOnlyDictionary<string, string> Options { get; } =
        new Dictionary<string, string> { ["packed"] = "on", ["stats-interval"] = "1us", ["inflate"] = "1M" };

    protected override BenchStep Next(Random random, DeviceBench bench)
    {
        if (!IsPacked && random.Next(4) == 0)
        {
            byte[] content = new byte[random.Next(100)];
            random.NextBytes(content);
            for (int i = 0; i + 3 < content.Length && random.Next(4) != 0; i += 4) content[i + 1] = content[i + 2] =
                content[i + 3] = 0;
            return HostileRings.Plausible(random, random.Next(5), content, random.Next(3) * 4096, 8);
        }
        return base.Next(random, bench);
    }
}

public sealed class VirtioBalloonOnPciConformance : VirtioBalloonConformance
{
    protected override Placement Placement => OnPci;
}

public sealed class VirtioBalloonOnMmioConformance : VirtioBalloonConformance
{
    protected override Placement Placement => OnMmio;
    protected override bool IsPacked => true;
}
