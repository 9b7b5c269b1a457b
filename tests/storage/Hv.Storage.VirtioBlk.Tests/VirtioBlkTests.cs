using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Virtio;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Storage.VirtioBlk.Tests;

public sealed class VirtioBlkTests
{
    private const uint In = 0, Out = 1, Flush = 4, GetId = 8, Discard = 11, WriteZeroes = 13;
    private const byte Ok = 0, IoError = 1, Unsupported = 2;

    private static byte[] Pattern(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WriteThenRead_GivesTheSame(bool onPci)
    {
        using BlkDriver driver = new(onPci: onPci);
        byte[] data = Pattern(2048, 1);
        Assert.Equal((Ok, 1u), (driver.Do(Out, 5, data, 0).Status, 1u));
        (byte status, byte[] read, uint written) = driver.Do(In, 5, [], 2048);
        Assert.Equal(Ok, status);
        Assert.Equal(data, read);
        Assert.Equal(2049u, written);
        Assert.Equal(data, driver.Disk.Bytes.AsSpan(5 * 512, 2048).ToArray());
    }

    [Fact]
    public void Config_DescribesTheDisk()
    {
        using BlkDriver driver = new(queues: 3);
        GuestRegisters r = driver.Guest.Registers;
        Assert.Equal(128ul, r.ReadConfig(0, 4) | r.ReadConfig(4, 4) << 32);
        Assert.Equal(64ul, r.ReadConfig(12, 4));   // the disk's limit of segments
        Assert.Equal(512ul, r.ReadConfig(20, 4));
        Assert.Equal(3ul, r.ReadConfig(24, 1));    // 4096-byte physical blocks
        Assert.Equal(8ul, r.ReadConfig(26, 2));
        Assert.Equal(1ul, r.ReadConfig(32, 1));
        Assert.Equal(3ul, r.ReadConfig(34, 2));
        Assert.Equal(1ul, r.ReadConfig(40, 4));
        Assert.Equal(1ul, r.ReadConfig(56, 1));
        Assert.Equal(3, driver.Guest.Queues.Count);
    }

    [Fact]
    public void Identity_IsTheSerial()
    {
        using BlkDriver driver = new();
        (byte status, byte[] id, _) = driver.Do(GetId, 0, [], 20);
        Assert.Equal(Ok, status);
        Assert.Equal("bench-disk", System.Text.Encoding.ASCII.GetString(id).TrimEnd('\0'));
    }

    [Fact]
    public void Request_BeyondTheEnd_IsAnIoErrorAndTouchesNothing()
    {
        using BlkDriver driver = new();
        Assert.Equal(IoError, driver.Do(In, 128, [], 512).Status);
        Assert.Equal(IoError, driver.Do(In, 127, [], 1024).Status);
        Assert.Equal(IoError, driver.Do(Out, ulong.MaxValue, Pattern(512, 2), 0).Status);
        Assert.Equal(IoError, driver.Do(Out, 0, Pattern(100, 2), 0).Status);
        Assert.Equal(1u, driver.Do(In, 1ul << 55, [], 512).Written);
        Assert.All(driver.Disk.Bytes, b => Assert.Equal(0, b));
        Assert.Empty(driver.Disk.Log);
    }

    [Fact]
    public void Request_OfUnknownType_IsUnsupported()
    {
        using BlkDriver driver = new();
        Assert.Equal(Unsupported, driver.Do(99, 0, [], 0).Status);
        Assert.Equal(Unsupported, driver.Do(14, 0, [], 0).Status);
    }

    [Theory]
    [InlineData(BlockStatus.IoError, IoError)]
    [InlineData(BlockStatus.NoSpace, IoError)]
    [InlineData(BlockStatus.Corrupt, IoError)]
    [InlineData(BlockStatus.Unsupported, Unsupported)]
    public void HostFailure_IsToldInTheDevicesTerms(BlockStatus outcome, byte expected)
    {
        using BlkDriver driver = new();
        driver.Disk.Outcome = outcome;
        (byte status, _, uint written) = driver.Do(In, 0, [], 512);
        Assert.Equal((expected, 1u), (status, written));
    }

    [Fact]
    public void Discard_AndWriteZeroes_ReachTheDisk()
    {
        using BlkDriver driver = new();
        driver.Disk.Bytes.AsSpan().Fill(0xaa);
        Assert.Equal(Ok, driver.Do(Discard, 0, BlkDriver.Range(0, 2, 0), 0).Status);
        Assert.Equal(Ok, driver.Do(WriteZeroes, 0, BlkDriver.Range(4, 2, 0), 0).Status);
        Assert.Equal(Ok, driver.Do(WriteZeroes, 0, BlkDriver.Range(8, 2, 1), 0).Status);
        Assert.Equal([BlockOperation.Discard, BlockOperation.WriteZeroes, BlockOperation.WriteZeroesUnmap],
            driver.Disk.Log);
        Assert.Equal(Unsupported, driver.Do(Discard, 0, BlkDriver.Range(0, 2, 1), 0).Status);      // 5.2.6.2
        Assert.Equal(Unsupported, driver.Do(WriteZeroes, 0, BlkDriver.Range(0, 2, 2), 0).Status);
        Assert.Equal(IoError, driver.Do(Discard, 0, BlkDriver.Range(127, 2, 0), 0).Status);
        Assert.Equal(IoError, driver.Do(Discard, 0, BlkDriver.Range(0, uint.MaxValue, 0), 0).Status);
        Assert.Equal(IoError,
            driver.Do(Discard, 0, [.. BlkDriver.Range(0, 1, 0), .. BlkDriver.Range(1, 1, 0)], 0).Status);
    }

    [Fact]
    public void ReadOnlyDisk_SaysSoAndRefusesWrites()
    {
        using BlkDriver driver = new(isReadOnly: true);
        Assert.NotEqual(0ul, driver.Guest.Features & 1 << 5);
        Assert.Equal(0ul, driver.Guest.Features & (1 << 13 | 1 << 14));
        Assert.Equal(IoError, driver.Do(Out, 0, Pattern(512, 3), 0).Status);
        Assert.Equal(Unsupported, driver.Do(Discard, 0, BlkDriver.Range(0, 1, 0), 0).Status);
        Assert.Equal(Ok, driver.Do(In, 0, [], 512).Status);
    }

    [Fact] // 5.2.6.2: without FLUSH and CONFIG_WCE the driver takes every finished write for durable
    public void Writes_OfADriverThatCannotFlush_AreFlushedFirst()
    {
        using BlkDriver driver = new(features: 0);
        Assert.Equal(Ok, driver.Do(Out, 0, Pattern(512, 4), 0).Status);
        Assert.Equal([BlockOperation.Write, BlockOperation.Flush], driver.Disk.Log);
    }

    [Fact]
    public void WriteBack_TurnedOff_FlushesEachWrite()
    {
        using BlkDriver driver = new();
        _ = driver.Do(Out, 0, Pattern(512, 4), 0);
        Assert.Equal([BlockOperation.Write], driver.Disk.Log);
        driver.Guest.Registers.WriteConfig(32, 1, 0);
        _ = driver.Do(Out, 0, Pattern(512, 4), 0);
        Assert.Equal([BlockOperation.Write, BlockOperation.Write, BlockOperation.Flush], driver.Disk.Log);
        Assert.Equal(Ok, driver.Do(Flush, 0, [], 0).Status);
    }

    [Fact]
    public void Requests_BeyondTheHostsLimit_WaitAndAreAllAnswered()
    {
        using BlkDriver driver = new(queues: 2);
        driver.Disk.IsPrompt = false;
        for (int i = 0; i < 7; i++)
        {
            _ = driver.Send(i % 2, In, 0, [], 512);
            driver.Guest.Queues[i % 2].Kick();
        }
        Assert.Equal(4, driver.Disk.Pending.Count);
        int answered = 0;
        while (driver.Disk.Pending.Count > 0)
        {
            driver.Bench.Run(() => driver.Disk.Complete(driver.Disk.Pending.Count - 1));
            foreach (GuestQueue queue in driver.Guest.Queues)
                while (queue.TryTake() is not null) answered++;
        }
        Assert.Equal(7, answered);
    }

    // 2.4.1, 2.6.1: drivers take their memory back when the reset's write returns, those on MMIO without asking
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Reset_OfADiskThatNeverAnswers_IsOverAtOnceAndLeavesMemoryAlone(bool onPci)
    {
        using BlkDriver driver = new(onPci: onPci);
        driver.Disk.IsPrompt = false;
        driver.Disk.Bytes.AsSpan().Fill(0x55);
        (_, ulong data, ulong status) = driver.Send(0, In, 0, [], 512);
        driver.Guest.Queues[0].Kick();
        Assert.Single(driver.Disk.Pending);
        driver.Guest.Registers.Status = VirtioStatus.None;
        Assert.Equal(VirtioStatus.None, driver.Guest.Registers.Status);
        Assert.Empty(driver.Disk.Pending);
        driver.Bench.Run(() => driver.Disk.Complete(0));
        Assert.Equal(0xee, driver.Guest.Memory(status, 1)[0]);
        Assert.All(driver.Guest.Memory(data, 512).ToArray(), b => Assert.NotEqual(0x55, b));
        driver.Disk.IsPrompt = true;
        driver.Restart(~VirtioFeature.PackedRing);
        Assert.Equal(Ok, driver.Do(In, 0, [], 512).Status);
    }

    [Fact]
    public void QueueReset_WithRequestsInFlight_LeavesTheOtherQueuesAlone()
    {
        using BlkDriver driver = new(queues: 2);
        driver.Disk.IsPrompt = false;
        for (int i = 0; i < 4; i++) _ = driver.Send(0, In, 0, [], 512);
        driver.Guest.Queues[0].Kick();
        (_, _, ulong status) = driver.Send(1, Flush, 0, [], 0);
        driver.Guest.Queues[1].Kick();
        Assert.Equal([BlockOperation.Read, BlockOperation.Read, BlockOperation.Read, BlockOperation.Read],
            driver.Disk.Pending);
        driver.Guest.Registers.ResetQueue(0);
        Assert.Equal([BlockOperation.Flush], driver.Disk.Pending); // it had waited for a place
        driver.Bench.Run(() => driver.Disk.Complete(0));
        Assert.Equal(Ok, driver.Guest.Memory(status, 1)[0]);
    }

    [Fact]
    public void Resized_TellsTheDriver()
    {
        using BlkDriver driver = new();
        driver.Bench.Run(() => driver.Disk.Resize(128 * 1024));
        Assert.Equal(2, driver.Guest.Registers.TakeInterrupts());
        Assert.Equal(256ul, driver.Guest.Registers.ReadConfig(0, 4));
    }

    [Fact]
    public void Buffer_WithoutHeaderOrStatus_NeedsReset()
    {
        using BlkDriver driver = new();
        driver.Guest.Queues[0].TryAdd([new GuestSegment(driver.Guest.Allocate(8), 8, false)], null);
        driver.Guest.Queues[0].Kick();
        Assert.NotEqual(VirtioStatus.None, driver.Guest.Registers.Status & VirtioStatus.NeedsReset);
    }

    [Fact]
    public void Data_OutsideRam_IsAnIoError()
    {
        using BlkDriver driver = new();
        ulong header = driver.Guest.Place(BlkDriver.Header(In, 0)), status = driver.Guest.Place([0xee]);
        driver.Guest.Queues[0].TryAdd(
            [new(header, 16, false), new(0xfff0_0000, 512, true), new(status, 1, true)], null);
        driver.Guest.Queues[0].Kick();
        Assert.Equal(IoError, driver.Guest.Memory(status, 1)[0]);
    }

    [Fact]
    public void Attach_WithoutDisk_SaysWhatToDo()
    {
        ConfigurationException e = Assert.Throws<ConfigurationException>(() =>
            DeviceBench.Create(new VirtioBlkPlugin(),
                new BenchSetup { Placement = new Placement { Pci = new PciAddress(0, 1, 0) } }));
        Assert.Contains("--disk", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Random requests on random queues, answered in random order, saved and restored with some in flight: the
    /// disk and every read agree with a model.</summary>
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public void Traffic_Random_AgreesWithAModel(bool isPacked, bool onPci)
    {
        for (int seed = 0; seed < 8; seed++)
        {
            Random random = new(seed);
            using BlkDriver driver =
                new(isPacked ? ulong.MaxValue : ~VirtioFeature.PackedRing, queues: 3, onPci: onPci);
            driver.Disk.IsPrompt = false;
            byte[] model = new byte[BlkDriver.DiskBytes];
            for (int round = 0; round < 60; round++)
            {
                // Requests in flight at a time touch disjoint ranges: their order is the host's.
                List<(int Queue, int Id, ulong Data, ulong Status, byte[]? Expected)> flight = [];
                for (int i = random.Next(1, 8); i > 0; i--)
                {
                    int queue = random.Next(3), sector = i * 16 + random.Next(8), length = 512 * random.Next(1, 8);
                    byte[] data = random.Next(2) == 0 ? Pattern(length, random.Next()) : [];
                    (int id, ulong at, ulong status) =
                        driver.Send(queue, data.Length > 0 ? Out : In, (ulong)sector, data, length, random);
                    data.CopyTo(model.AsSpan(sector * 512));
                    flight.Add((queue, id, at, status, data.Length > 0
                        ? null : model.AsSpan(sector * 512, length).ToArray()));
                    driver.Guest.Queues[queue].Kick();
                }
                while (driver.Disk.Pending.Count > 0)
                {
                    if (random.Next(4) == 0) driver.Replace(DeviceBench.Restore(driver.Bench.Save()));
                    int index = random.Next(driver.Disk.Pending.Count);
                    driver.Bench.Run(() => driver.Disk.Complete(index));
                }
                foreach (GuestQueue queue in driver.Guest.Queues)
                {
                    while (queue.TryTake() is { } used)
                    {
                        var request = flight.Single(f => f.Queue == queue.Index && f.Id == used.Id);
                        flight.Remove(request);
                        Assert.Equal(Ok, driver.Guest.Memory(request.Status, 1)[0]);
                        if (request.Expected is not null)
                            Assert.Equal(request.Expected,
                                driver.Guest.Memory(request.Data, request.Expected.Length).ToArray());
                    }
                    queue.WantInterrupt();
                }
                Assert.Empty(flight);
            }
            Assert.Equal(model, driver.Disk.Bytes);
        }
    }

    /// <summary>Takes everything and remembers nothing but the tags.</summary>
    private sealed class QuietDisk : IBlockPort
    {
        private readonly ulong[] tags = new ulong[64];
        private int count;
        private IBlockListener? listener;
        public long LengthBytes => 1 << 20;
        public int SectorBytes => 512;
        public int PhysicalBlockBytes => 4096;
        public bool IsReadOnly => false;
        public bool CanDiscard => true;
        public string Serial => "";
        public int MaxInFlight => tags.Length;
        public int MaxSegments => 64;
        public void Listen(IBlockListener to) => listener = to;

        public bool TrySubmit(in BlockRequest request, ReadOnlySpan<Sdk.Memory.DmaSegment> segments)
        {
            tags[count++] = request.Tag;
            return true;
        }

        public void Abandon(ulong tag) => count = 0;

        public int CompleteAll()
        {
            int completed = count;
            while (count > 0) listener!.Completed(tags[--count], BlockStatus.Ok);
            return completed;
        }
    }

    /// <summary>Hot path: requests and their completions allocate nothing.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Requests_OnceWarm_AllocateNothing(bool isPacked)
    {
        QuietDisk disk = new();
        using DeviceBench bench = DeviceBench.Create(new VirtioBlkPlugin(), new BenchSetup
        {
            MemoryBytes = 512 * 1024,
            Placement = new Placement { Pci = new PciAddress(0, 4, 0) },
            Options = new Dictionary<string, string> { ["packed"] = "on" },
            Configure = b => b.AddBackend("drive", disk),
        });
        VirtioGuest guest = VirtioGuest.Start(bench, isPacked ? ulong.MaxValue : ~VirtioFeature.PackedRing, 64);
        ulong header = guest.Place(BlkDriver.Header(Out, 0)), data = guest.Allocate(512), status = guest.Allocate(1);
        long least = long.MaxValue;
        for (int round = 0; round < 8; round++)
        {
            for (int i = 0; i < 16; i++)
                guest.Queues[0].TryAdd([new(header, 16, false), new(data, 512, false), new(status, 1, true)], null);
            long before = GC.GetAllocatedBytesForCurrentThread();
            _ = bench.Access(AddressSpace.Memory, PciGuestRegisters.FirstBar + 0x3000, 2, 0, Sdk.Io.IoFlags.None, true,
                0, out _);
            int completed = disk.CompleteAll();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(16, completed);
            while (guest.Queues[0].TryTake() is not null) { }
        }
        Assert.Equal(0, least);
    }
}
