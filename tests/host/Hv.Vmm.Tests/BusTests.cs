using Hv.Sdk;
using Hv.Sdk.Io;
using Hv.Sdk.Management;

namespace Hv.Vmm.Tests;

public sealed class BusTests
{
    private static readonly Step End = new Step.Out(0x600, 1, 0);

    private static void PowerOff(LambdaDevice d, IDeviceContext c)
    {
        c.MapPorts("off", 0x600, 1, d, 0);
        d.OnWrite = (in IoAccess _, ulong _) =>
        {
            c.Machine.RequestPowerOff("done");
            return IoStatus.Ok;
        };
    }

    private static TestMachine Script(params Step[] steps) =>
        new TestMachine([.. steps, End, new Step.Halt()]).Add("off", PowerOff);

    private static void Constant(LambdaDevice d, byte value)
    {
        d.OnRead = (in IoAccess access, out ulong result) =>
        {
            result = 0;
            for (int i = 0; i < access.Size; i++) result |= (ulong)(byte)(value + access.Offset + (ulong)i) << (8 * i);
            return IoStatus.Ok;
        };
    }

    [Fact]
    public void Read_NothingAnswers_GivesOnesOfTheSize()
    {
        TestMachine m = Script(new Step.In(0x1234, 1, 0), new Step.In(0x1234, 4, 1),
            new Step.ReadMemory(0xfedc_0000, 2, 2), new Step.ReadMemory(ulong.MaxValue - 7, 8, 3));
        Assert.Equal(EndReason.PowerOff, m.Run().Reason);
        Assert.Equal([0xff, 0xffff_ffff, 0xffff, ulong.MaxValue],
            new[] { m.Vcpu(0).Register(0), m.Vcpu(0).Register(1), m.Vcpu(0).Register(2), m.Vcpu(0).Register(3) });
    }

    [Fact]
    public void Read_DeviceGivesMoreBitsThanAsked_IsMasked()
    {
        TestMachine m = Script(new Step.In(0x40, 1, 0)).Add("wide", (d, c) =>
        {
            c.MapPorts("io", 0x40, 1, d, 0);
            d.OnRead = (in IoAccess _, out ulong value) =>
            {
                value = 0x1234_5678;
                return IoStatus.Ok;
            };
        });
        m.Run();
        Assert.Equal(0x78u, m.Vcpu(0).Register(0));
    }

    [Fact]
    public void Access_StraddlesTwoDevicesAndAHole_IsSplitIntoBytes()
    {
        TestMachine m = Script(new Step.In(0x10, 4, 0), new Step.Out(0x10, 4, 0x44332211))
            .Add("low", (d, c) =>
            {
                c.MapPorts("io", 0x10, 2, d, 0);
                Constant(d, 0xa0);
                d.OnWrite = (in IoAccess a, ulong v) =>
                {
                    d.Registers[a.Offset] = v << 8 | a.Size;
                    return IoStatus.Ok;
                };
            })
            .Add("high", (d, c) =>
            {
                c.MapPorts("io", 0x13, 1, d, 0);
                Constant(d, 0xb0);
                d.OnWrite = (in IoAccess a, ulong v) =>
                {
                    d.Registers[0] = v;
                    return IoStatus.Ok;
                };
            });
        m.Run();
        Assert.Equal(0xb0ff_a1a0u, m.Vcpu(0).Register(0));
    }

    [Fact]
    public void Access_AtTheTopOfPortSpace_Wraps()
    {
        TestMachine m = Script(new Step.In(0xffff, 2, 0)).Add("zero", (d, c) =>
        {
            c.MapPorts("io", 0, 1, d, 0);
            Constant(d, 0x55);
        });
        m.Run();
        Assert.Equal(0x55ffu, m.Vcpu(0).Register(0));
    }

    [Fact]
    public void Map_RegionsOverlap_TheLastMappedWinsUntilItIsUnmapped()
    {
        IRegion? front = null;
        TestMachine m = Script(new Step.ReadMemory(0xe000_0004, 1, 0), new Step.Out(0x20, 1, 0),
                new Step.ReadMemory(0xe000_0004, 1, 1), new Step.Out(0x20, 1, 1),
                new Step.ReadMemory(0xe000_0004, 1, 2), new Step.ReadMemory(0xe100_0000, 1, 3))
            .Add("back", (d, c) =>
            {
                c.MapMemory("io", 0xe000_0000, 0x1000, d, 0);
                Constant(d, 0x10);
            })
            .Add("front", (d, c) =>
            {
                front = c.MapMemory("io", 0xe000_0004, 1, d, 0);
                Constant(d, 0x80);
            })
            .Add("switch", (d, c) =>
            {
                c.MapPorts("io", 0x20, 1, d, 0);
                d.OnWrite = (in IoAccess _, ulong value) =>
                {
                    if (value == 0) front!.Unmap();
                    else front!.Map(0xe100_0000);
                    return IoStatus.Ok;
                };
            });
        m.Run();
        Assert.Equal([0x80, 0x14, 0x14, 0x80],
            new[] { m.Vcpu(0).Register(0), m.Vcpu(0).Register(1), m.Vcpu(0).Register(2), m.Vcpu(0).Register(3) });
    }

    [Theory]
    [InlineData(Hv.Vmm.Description.TimeMode.Real)]
    [InlineData(Hv.Vmm.Description.TimeMode.Deterministic)]
    public void Read_DeviceDefers_InstructionWaitsAndConsumesTheValueOnce(Hv.Vmm.Description.TimeMode mode)
    {
        int reads = 0;
        TestMachine m = Script(new Step.In(0x30, 4, 0), new Step.In(0x30, 4, 1)).Add("slow", (d, c) =>
        {
            c.MapPorts("io", 0x30, 4, d, 0);
            ulong ticket = 0;
            var timer = c.CreateTimer("answer", _ => c.CompleteDeferred(ticket, 0xcafe0000u + (uint)reads));
            d.OnRead = (in IoAccess access, out ulong value) =>
            {
                value = 0;
                reads++;
                ticket = c.Defer(access);
                timer.Arm(c.Clock.Now.AddNs(50_000));
                return IoStatus.Deferred;
            };
        });
        m.Description = m.Description with { Time = mode };
        Assert.Equal(EndReason.PowerOff, m.Run().Reason);
        Assert.Equal((2, 0xcafe0001UL, 0xcafe0002UL), (reads, m.Vcpu(0).Register(0), m.Vcpu(0).Register(1)));
    }

    /// <summary>Counts its reads and gives the number, at once on even offsets, later on odd ones.</summary>
    private static Action<LambdaDevice, IDeviceContext> Counter(List<ulong> reads) => (d, c) =>
    {
        c.MapPorts("io", 0x30, 8, d, 0);
        ulong ticket = 0;
        var timer = c.CreateTimer("answer", _ => c.CompleteDeferred(ticket, (ulong)reads.Count));
        d.OnRead = (in IoAccess access, out ulong value) =>
        {
            reads.Add(access.Offset);
            value = (ulong)reads.Count;
            if ((access.Offset & 1) == 0) return IoStatus.Ok;
            ticket = c.Defer(access);
            timer.Arm(c.Clock.Now.AddNs(20_000));
            return IoStatus.Deferred;
        };
    };

    public static TheoryData<Hv.Vmm.Description.TimeMode> Modes =>
        [Hv.Vmm.Description.TimeMode.Real, Hv.Vmm.Description.TimeMode.Deterministic];

    [Theory, MemberData(nameof(Modes))]
    public void Read_OneOfSeveralIsDeferred_DevicesSeeEachReadOnce(Hv.Vmm.Description.TimeMode mode)
    {
        List<ulong> reads = [];
        TestMachine m = Script(
            new Step.InAll(0, 0x30, 0x31, 0x32, 0x33, 0x33, 0x30), new Step.In(0x30, 1, 1), new Step.In(0x31, 1, 2))
            .Add("counter", Counter(reads));
        m.Description = m.Description with { Time = mode };
        m.Run();
        Assert.Equal([0, 1, 2, 3, 3, 0, 0, 1], reads);
        Assert.Equal((0x0102_0304_0506ul, 7ul, 8ul),
            (m.Vcpu(0).Register(0), m.Vcpu(0).Register(1), m.Vcpu(0).Register(2)));
    }

    [Fact]
    public void Read_DeferredInTheMiddleOfARepetition_GoesOnThere()
    {
        List<ulong> reads = [];
        TestMachine m = Script(new Step.InRepeated(0x31, 5, 0)).Add("counter", Counter(reads));
        m.Run();
        Assert.Equal([1, 1, 1, 1, 1], reads);
        Assert.Equal(0x01_0203_0405ul, m.Vcpu(0).Register(0));
    }

    [Fact]
    public void Read_StraddlingPiecesAreDeferred_EachIsAskedOnce()
    {
        List<ulong> reads = [];
        TestMachine m = Script(new Step.In(0x36, 4, 0)).Add("counter", Counter(reads));
        m.Run();
        Assert.Equal([6, 7], reads);
        Assert.Equal(0xffff_0201ul, m.Vcpu(0).Register(0));
    }

    [Fact]
    public void Access_ManyTimes_AllocatesNothing()
    {
        long before = 0;
        long after = 0;
        Step[] body =
        [
            .. Enumerable.Repeat<Step>(new Step.In(0x40, 1, 0), 500),
            .. Enumerable.Repeat<Step>(new Step.Out(0x40, 1, 1), 500),
            .. Enumerable.Repeat<Step>(new Step.ReadMemory(0xe000_0000, 8, 0), 500),
            .. Enumerable.Repeat<Step>(new Step.ReadMemory(0xdead_0000, 8, 0), 500),
        ];
        Step mark = new Step.Out(0x41, 1, 0);
        TestMachine m = Script([.. body, mark, .. body, mark]).Add("io", (d, c) =>
        {
            c.MapPorts("io", 0x40, 1, d, 0);
            c.MapMemory("mem", 0xe000_0000, 8, d, 1);
        }).Add("mark", (d, c) =>
        {
            c.MapPorts("io", 0x41, 1, d, 0);
            d.OnWrite = (in IoAccess _, ulong _) =>
            {
                before = after;
                after = GC.GetAllocatedBytesForCurrentThread();
                return IoStatus.Ok;
            };
        });
        m.Run();
        Assert.Equal(0, after - before);
    }
}
