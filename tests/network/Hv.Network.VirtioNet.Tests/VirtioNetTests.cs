using System.Buffers.Binary;
using Hv.Sdk;
using Hv.Sdk.Net;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Virtio;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Network.VirtioNet.Tests;

public sealed class VirtioNetTests
{
    private const ulong Split = ~VirtioFeature.PackedRing;
    private const ulong Mergeable = 1ul << 15, GuestChecksum = 1ul << 1, GuestTso4 = 1ul << 7, Checksum = 1,
        HostTso4 = 1ul << 11;
    private const byte Ok = 0, Error = 1;

    [Fact]
    public void Config_DescribesTheCard()
    {
        using NetDriver driver = new(pairs: 3);
        GuestRegisters r = driver.Guest.Registers;
        Assert.Equal(NetDriver.Mac, Enumerable.Range(0, 6).Select(i => (byte)r.ReadConfig(i, 1)));
        Assert.Equal(1ul, r.ReadConfig(6, 2));
        Assert.Equal(3ul, r.ReadConfig(8, 2));
        Assert.Equal(9000ul, r.ReadConfig(10, 2));
        Assert.Equal(7, driver.Guest.Queues.Count);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Send_ReachesTheNetworkInOrder(bool onPci, bool isPacked)
    {
        using NetDriver driver = new(isPacked ? ulong.MaxValue : Split, onPci: onPci);
        for (int i = 0; i < 50; i++)
        {
            driver.Send(0, NetDriver.Frame(60 + 29 * i, i));
            Assert.Equal(1, driver.TakeSent(0));
        }
        Assert.Equal(50, driver.Net.Sent.Count);
        for (int i = 0; i < 50; i++) Assert.Equal(NetDriver.Frame(60 + 29 * i, i), driver.Net.Sent[i].Bytes);
        Assert.True(driver.Net.Flushes >= 1);
    }

    [Fact]
    public void Send_WhileTheNetworkIsFull_WaitsInTheQueue()
    {
        using NetDriver driver = new();
        driver.Net.SetRoom(2);
        for (int i = 0; i < 5; i++) driver.Send(0, NetDriver.Frame(100, i));
        Assert.Equal(2, driver.TakeSent(0));
        using DeviceBench twin = DeviceBench.Restore(driver.Bench.Save());
        driver.Guest.Bench = twin;
        BenchNet net = twin.Backend<BenchNet>("netdev");
        twin.Run(() => net.SetRoom(10));
        Assert.Equal(5, net.Sent.Count);
        Assert.Equal(NetDriver.Frame(100, 4), net.Sent[4].Bytes);
    }

    [Fact]
    public void Send_WithOffloads_CarriesThem()
    {
        using NetDriver driver = new();
        byte[] header = [1, 1, 54, 0, 0xa8, 5, 34, 0, 16, 0, 0, 0];
        driver.Send(0, NetDriver.Frame(4000, 1), header);
        FrameInfo info = Assert.Single(driver.Net.Sent).Info;
        Assert.Equal((true, 1, 1448, 54, 34, 16),
            (info.NeedsChecksum, info.SegmentationType, info.SegmentBytes, info.HeaderBytes, info.ChecksumStart,
                info.ChecksumOffset));
    }

    public static TheoryData<string, byte[], int> BadHeaders { get; } = new()
    {
        { "checksum beyond the frame", [1, 0, 0, 0, 0, 0, 90, 0, 9, 0, 0, 0], 100 },
        { "segmentation of no known kind", [1, 9, 0, 0, 100, 0, 34, 0, 16, 0, 0, 0], 100 },
        { "segments of no bytes", [1, 1, 0, 0, 0, 0, 34, 0, 16, 0, 0, 0], 100 },
        { "segmentation without checksum", [0, 1, 0, 0, 100, 0, 34, 0, 16, 0, 0, 0], 100 },
        { "frame too short", new byte[12], 13 },
    };

    [Theory, MemberData(nameof(BadHeaders))]
    public void Send_NonsensicalRequest_IsDroppedAndGivenBack(string what, byte[] header, int length)
    {
        using NetDriver driver = new();
        driver.Send(0, NetDriver.Frame(length, 1), header);
        Assert.True(driver.Net.Sent.Count == 0, what);
        Assert.Equal(1, driver.TakeSent(0));
    }

    [Fact]
    public void Send_OffloadThatWasNotAgreedOn_IsDropped()
    {
        using NetDriver driver = new(features: 0);
        driver.Send(0, NetDriver.Frame(100, 1), [1, 0, 0, 0, 0, 0, 34, 0, 16, 0, 0, 0]);
        Assert.Empty(driver.Net.Sent);
    }

    [Fact]
    public void Receive_FillsABuffer()
    {
        using NetDriver driver = new();
        driver.Offer(0, 2000);
        Assert.True(driver.Net.Deliver(NetDriver.Frame(1000, 7)));
        (byte[] header, byte[] frame) = driver.Take(0)!.Value;
        Assert.Equal(NetDriver.Frame(1000, 7), frame);
        Assert.Equal([.. new byte[10], 1, 0], header);
        Assert.NotEqual(0, driver.Guest.Registers.TakeInterrupts() & 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Receive_LongFrame_SpreadsOverMergeableBuffers(bool isPacked)
    {
        using NetDriver driver = new(isPacked ? ulong.MaxValue : Split);
        for (int round = 0; round < 20; round++)
        {
            driver.Offer(0, 600, 5);
            byte[] sent = NetDriver.Frame(2700 + round, round);
            Assert.True(driver.Net.Deliver(sent));
            (byte[] header, byte[] frame) = driver.Take(0)!.Value;
            Assert.Equal(5, header[10]);
            Assert.Equal(sent, frame);
        }
    }

    [Fact]
    public void Receive_WithTooFewBuffers_IsRefusedUntilThereAreMore()
    {
        using NetDriver driver = new();
        driver.Offer(0, 600, 2);
        byte[] sent = NetDriver.Frame(1500, 1);
        Assert.False(driver.Net.Deliver(sent));
        Assert.Null(driver.Take(0));
        int before = driver.Net.ReadyCount;
        driver.Offer(0, 600);
        Assert.True(driver.Net.ReadyCount > before);
        Assert.True(driver.Net.Deliver(sent));
        Assert.Equal(sent, driver.Take(0)!.Value.Frame);
    }

    [Fact]
    public void Receive_FrameLongerThanAllBuffers_IsDropped()
    {
        using NetDriver driver = new();
        driver.Offer(0, 64, 16);
        Assert.True(driver.Net.Deliver(NetDriver.Frame(2000, 1)));
        Assert.Null(driver.Take(0));
        Assert.True(driver.Net.Deliver(NetDriver.Frame(700, 2)));
        Assert.Equal(NetDriver.Frame(700, 2), driver.Take(0)!.Value.Frame);
    }

    [Fact]
    public void Receive_WithoutMergeableBuffers_DropsWhatDoesNotFit()
    {
        using NetDriver driver = new(Split & ~Mergeable);
        driver.Offer(0, 600, 2);
        Assert.True(driver.Net.Deliver(NetDriver.Frame(1500, 1)));
        Assert.Null(driver.Take(0));
        Assert.True(driver.Net.Deliver(NetDriver.Frame(500, 2)));
        Assert.Equal(NetDriver.Frame(500, 2), driver.Take(0)!.Value.Frame);
    }

    [Fact] // RFC 1071; a driver without GUEST_CSUM gets whole checksums
    public void Receive_UnfinishedChecksum_IsFinishedForADriverThatTakesNone()
    {
        foreach (ulong features in (ulong[])[Split, Split & ~(GuestChecksum | GuestTso4 | 1ul << 8 | 1ul << 9)])
        {
            using NetDriver driver = new(features);
            driver.Offer(0, 2000);
            byte[] sent = NetDriver.Frame(61, 3);
            sent[40] = sent[41] = 0;
            Assert.True(driver.Net.Deliver(
                sent, new FrameInfo { NeedsChecksum = true, ChecksumStart = 34, ChecksumOffset = 6 }));
            (byte[] header, byte[] frame) = driver.Take(0)!.Value;
            if (features == Split)
            {
                Assert.Equal(1, header[0]);
                Assert.Equal(sent, frame);
                continue;
            }
            Assert.Equal(0, header[0]);
            uint sum = 0;
            for (int i = 34; i < 61; i++) sum += (uint)frame[i] << ((i & 1) == 0 ? 8 : 0);
            while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
            Assert.Equal(0xffffu, sum);
        }
    }

    [Fact]
    public void Receive_Unsegmented_GoesOnlyToADriverThatTakesIt()
    {
        FrameInfo tso = new() { NeedsChecksum = true, ChecksumStart = 34, ChecksumOffset = 16, SegmentationType = 1,
            SegmentBytes = 1448, HeaderBytes = 54 };
        using NetDriver driver = new();
        driver.Offer(0, 10_000, 2);
        Assert.True(driver.Net.Deliver(NetDriver.Frame(5000, 1), tso));
        (byte[] header, byte[] frame) = driver.Take(0)!.Value;
        Assert.Equal([1, 1, 54, 0, 0xa8, 5, 34, 0, 16, 0, 1, 0], header);
        Assert.Equal(5000, frame.Length);
        Assert.Equal(Ok, driver.Control(5, 0, 2, 0, 0, 0, 0, 0, 0, 0)); // checksums only
        Assert.True(driver.Net.Deliver(NetDriver.Frame(5000, 1), tso));
        Assert.Null(driver.Take(0));
        Assert.Equal(Error, driver.Control(5, 0, 0, 4, 0, 0, 0, 0, 0, 0)); // UFO was not agreed on
    }

    [Fact] // 5.1.6.5.1 and 5.1.6.5.2
    public void Filter_LetsInWhatTheDriverAskedFor()
    {
        using NetDriver driver = new();
        driver.Offer(0, 600, 12);
        byte[] other = [2, 9, 9, 9, 9, 9], group = [1, 0, 0x5e, 0, 0, 1], all = [255, 255, 255, 255, 255, 255];
        bool Arrives(byte[] to)
        {
            Assert.True(driver.Net.Deliver(NetDriver.Frame(60, 1, to)));
            return driver.Take(0) is not null;
        }
        Assert.True(Arrives(other));
        Assert.Equal(Ok, driver.Control(0, 0, 0));
        Assert.Equal((false, true, false, true),
            (Arrives(other), Arrives(NetDriver.Mac), Arrives(group), Arrives(all)));
        Assert.Equal(Ok, driver.Control(1, 0, [1, 0, 0, 0, .. other, 1, 0, 0, 0, .. group]));
        Assert.Equal((true, true), (Arrives(other), Arrives(group)));
        Assert.Equal(Ok, driver.Control(1, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        Assert.Equal(Ok, driver.Control(0, 1, 1));
        Assert.Equal((false, true), (Arrives(other), Arrives(group)));
        Assert.Equal(Ok, driver.Control(0, 5, 1));
        Assert.False(Arrives(all));
        Assert.Equal(Ok, driver.Control(1, 1, other));
        Assert.Equal((true, false), (Arrives(other), Arrives(NetDriver.Mac)));
        Assert.Equal(9ul, driver.Guest.Registers.ReadConfig(1, 1));
    }

    [Fact]
    public void Filter_OfMoreAddressesThanThereIsRoomFor_LetsAllIn()
    {
        using NetDriver driver = new();
        driver.Offer(0, 600, 2);
        Assert.Equal(Ok, driver.Control(0, 0, 0));
        Assert.Equal(Ok, driver.Control(1, 0, [33, 0, 0, 0, .. new byte[33 * 6], 0, 0, 0, 0]));
        Assert.True(driver.Net.Deliver(NetDriver.Frame(60, 1, [2, 7, 7, 7, 7, 7])));
        Assert.NotNull(driver.Take(0));
        Assert.Equal(Error, driver.Control(1, 0, 0xff, 0xff, 0xff, 0xff));
    }

    [Fact] // 5.1.6.5.3
    public void Vlan_IsLetInWhenAdded()
    {
        using NetDriver driver = new();
        driver.Offer(0, 600, 4);
        byte[] tagged = NetDriver.Frame(64, 1);
        (tagged[12], tagged[13], tagged[14], tagged[15]) = (0x81, 0, 0x20, 5);
        Assert.True(driver.Net.Deliver(tagged));
        Assert.Null(driver.Take(0));
        Assert.Equal(Ok, driver.Control(2, 0, 5, 0));
        Assert.True(driver.Net.Deliver(tagged));
        Assert.NotNull(driver.Take(0));
        Assert.Equal(Ok, driver.Control(2, 1, 5, 0));
        Assert.True(driver.Net.Deliver(tagged));
        Assert.Null(driver.Take(0));
        Assert.Equal(Error, driver.Control(2, 0, 0, 0x10));
    }

    [Fact] // 5.1.6.5.5
    public void Pairs_AreUsedAsSetAndFlowsStayTogether()
    {
        using NetDriver driver = new(pairs: 4);
        Assert.Equal(Error, driver.Control(4, 0, 0, 0));
        Assert.Equal(Error, driver.Control(4, 0, 5, 0));
        Assert.Equal(Ok, driver.Control(4, 0, 4, 0));
        for (int pair = 0; pair < 4; pair++) driver.Offer(pair, 600, 16);
        HashSet<int> used = [];
        for (int flow = 0; flow < 12; flow++)
        {
            byte[] frame = NetDriver.Frame(80, 1);
            (frame[12], frame[13], frame[14], frame[23]) = (8, 0, 0x45, 17);
            frame[35] = (byte)(flow * 7);
            Assert.True(driver.Net.Deliver(frame));
            int[] got = [.. Enumerable.Range(0, 4).Where(p => driver.Take(p) is not null)];
            used.Add(Assert.Single(got));
            Assert.True(driver.Net.Deliver(frame));
            Assert.NotNull(driver.Take(got[0]));
        }
        Assert.True(used.Count > 1);
        driver.Send(3, NetDriver.Frame(60, 1));
        Assert.Single(driver.Net.Sent);
    }

    [Fact]
    public void Control_WithoutMultiQueue_IsTheThirdQueue()
    {
        using NetDriver driver = new(Split & ~(1ul << 22), pairs: 4);
        Assert.Equal(2, driver.ControlQueue);
        Assert.Equal(Ok, driver.Control(0, 0, 0));
        Assert.Equal(Error, driver.Control(4, 0, 2, 0));
        Assert.Equal(Error, driver.Control(9, 9));
    }

    [Fact]
    public void Link_DownAndUp_IsSeenAndDropsWhatIsSent()
    {
        using NetDriver driver = new();
        driver.Bench.Run(() => driver.Net.SetLink(false));
        Assert.Equal(2, driver.Guest.Registers.TakeInterrupts());
        Assert.Equal(0ul, driver.Guest.Registers.ReadConfig(6, 2));
        driver.Send(0, NetDriver.Frame(60, 1));
        Assert.Empty(driver.Net.Sent);
        Assert.Equal(1, driver.TakeSent(0));
        driver.Bench.Run(() => driver.Net.SetLink(true));
        Assert.Equal(1ul, driver.Guest.Registers.ReadConfig(6, 2));
    }

    [Theory]
    [InlineData(GuestTso4)]
    [InlineData(HostTso4)]
    [InlineData(1ul << 18)]
    [InlineData(1ul << 22)]
    public void Features_WithoutWhatTheyNeed_AreRefused(ulong features)
    {
        using NetDriver driver = new(pairs: 2);
        Assert.Null(VirtioGuest.Negotiated(driver.Bench, features));
        Assert.NotNull(VirtioGuest.Negotiated(driver.Bench, features | GuestChecksum | Checksum | 1ul << 17));
    }

    [Theory]
    [InlineData("mac", "01:00:00:00:00:01")]
    [InlineData("mac", "02:00:00:00:00")]
    [InlineData("mtu", "60")]
    [InlineData("queue-size", "100")]
    public void Attach_ImpossibleOption_IsRefusedByName(string option, string value)
    {
        ConfigurationException e =
            Assert.Throws<ConfigurationException>(() => DeviceBench.Create(new VirtioNetPlugin(), new BenchSetup
        {
            Placement = new Placement { Pci = new PciAddress(0, 6, 0) },
            Options = new Dictionary<string, string> { [option] = value },
        }));
        Assert.Equal(option, e.Option);
    }

    [Fact]
    public void Mac_WhenNotGiven_IsALocalAddressFromTheSeed()
    {
        byte[] Mac(int seed)
        {
            using DeviceBench bench = DeviceBench.Create(new VirtioNetPlugin(),
                new BenchSetup { Seed = seed, Placement = new Placement { Pci = new PciAddress(0, 6, 0) } });
            GuestRegisters r = GuestRegisters.Of(bench);
            return [.. Enumerable.Range(0, 6).Select(i => (byte)r.ReadConfig(i, 1))];
        }
        Assert.Equal(2, Mac(1)[0] & 3);
        Assert.Equal(Mac(1), Mac(1));
        Assert.NotEqual(Mac(1), Mac(2));
    }

    /// <summary>Hot path: frames in both directions allocate nothing.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frames_OnceWarm_AllocateNothing(bool isPacked)
    {
        using NetDriver driver = new(isPacked ? ulong.MaxValue : Split, queueSize: 64, keepsFrames: false);
        byte[] frame = NetDriver.Frame(1500, 1);
        long least = long.MaxValue;
        for (int round = 0; round < 8; round++)
        {
            driver.Offer(0, 1000, 20);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 10; i++) _ = driver.Net.Deliver(frame);
            long received = GC.GetAllocatedBytesForCurrentThread() - before;
            for (int i = 0; i < 10; i++) Assert.Equal(frame, driver.Take(0)!.Value.Frame);
            for (int i = 0; i < 10; i++) driver.Add(0, frame);
            before = GC.GetAllocatedBytesForCurrentThread();
            _ = driver.Bench.Access(
                AddressSpace.Memory, PciGuestRegisters.FirstBar + 0x3004, 2, 0, Sdk.Io.IoFlags.None, true, 1, out _);
            least = Math.Min(least, received + GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(10, driver.TakeSent(0));
        }
        Assert.Equal(0, least);
    }
}
