using System.Collections.Concurrent;
using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Io;
using Hv.Sdk.Management;
using Hv.Sdk.Memory;
using Hv.Sdk.State;
using Hv.Vmm.Description;

namespace Hv.Vmm.Tests;

public sealed class BlockTests : IDisposable
{
    private const int DiskBytes = 1 << 20;

    private readonly string folder = Directory.CreateTempSubdirectory("hv-disks-").FullName;
    private readonly PlainFormat format = new();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Disk(string name = "disk.img")
    {
        string path = Path.Combine(folder, name);
        if (!File.Exists(path))
            File.WriteAllBytes(path, [.. Enumerable.Range(0, DiskBytes).Select(i => (byte)(i / 512 + i))]);
        return path;
    }

    /// <summary>A controller with a list of requests: a write to port 80h submits all of them, and when the last one is
    /// done the machine powers off.</summary>
    private sealed class Controller(List<(BlockRequest Request, DmaSegment[] Segments)> requests)
        : IDevice, IIoHandler, IBlockListener, IStateful
    {
        private IDeviceContext context = null!;

        public IBlockPort Port { get; private set; } = null!;
        public List<(ulong Tag, BlockStatus Status)> Completed { get; } = [];
        public List<bool> Submitted { get; } = [];
        public List<long> CompletedAt { get; } = [];
        public Action<IBlockPort>? AfterSubmit { get; set; }
        /// <summary>When this one is done the machine powers off, whatever else there was.</summary>
        public ulong? LastTag { get; set; }

        public void Attach(IDeviceContext to)
        {
            context = to;
            Port = to.Backend<IBlockPort>("drive")!;
            Port.Listen(this);
            to.MapPorts("io", 0x80, 1, this, 0);
        }

        public void Reset(ResetKind kind)
        {
        }

        public IoStatus Read(in IoAccess access, out ulong value)
        {
            value = 0;
            return IoStatus.Ok;
        }

        public IoStatus Write(in IoAccess access, ulong value)
        {
            foreach ((BlockRequest request, DmaSegment[] segments) in requests)
            {
                Submitted.Add(Port.TrySubmit(request, segments));
                Assert.Empty(Completed);
            }
            AfterSubmit?.Invoke(Port);
            return IoStatus.Ok;
        }

        void IBlockListener.Completed(ulong tag, BlockStatus status)
        {
            Completed.Add((tag, status));
            CompletedAt.Add(context.Clock.Now.Nanoseconds);
            if (Completed.Count == Math.Max(requests.Count, 1) || Completed.Count == Submitted.Count(s => s)
                || tag == LastTag)
                context.Machine.RequestPowerOff("all done");
        }

        public void Resized()
        {
        }

        /// <summary>Does something where the device may do it, and waits for it.</summary>
        public void OnStrand(Action<IBlockPort> action)
        {
            using ManualResetEventSlim isDone = new();
            context.Strand.Post(() =>
            {
                action(Port);
                isDone.Set();
            });
            Assert.True(isDone.Wait(TestMachine.Patience));
        }

        public string StateId => "test.controller";
        public ushort StateVersion => 1;
        public ushort OldestStateVersion => 1;

        public void Save(StateWriter writer)
        {
        }

        public void Load(StateReader reader)
        {
        }

        public void Dispose()
        {
        }
    }

    private sealed class PlainFormat : IDiskFormat
    {
        public ManualResetEventSlim Gate { get; } = new(true);
        public bool IsConcurrent { get; set; } = true;
        /// <summary>Reads, writes and flushes that have begun, the offset of each.</summary>
        public ConcurrentQueue<long> Begun { get; } = new();
        /// <summary>The first byte of each write, in the order in which they reached the file.</summary>
        public ConcurrentQueue<byte> Written { get; } = new();
        public OptionSchema Options => OptionSchema.Empty;

        public ProbeScore Probe(ReadOnlySpan<byte> head, string fileName) => ProbeScore.Maybe;

        public IDiskImage Open(IDiskOpen open, OptionValues options) => new Image(open.File, this);

        private sealed class Image(IHostFile file, PlainFormat format) : IDiskImage
        {
            public long LengthBytes => file.LengthBytes;
            public int SectorBytes => 512;
            public bool IsConcurrent => format.IsConcurrent;
            public bool CanDiscard => true;

            public BlockStatus Read(long offsetBytes, Span<byte> to)
            {
                Begin(offsetBytes);
                Assert.Equal(0, to.Length % 512);
                return file.Read(offsetBytes, to);
            }

            public BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from)
            {
                Begin(offsetBytes);
                Assert.Equal(0, from.Length % 512);
                format.Written.Enqueue(from[0]);
                return file.Write(offsetBytes, from);
            }

            public BlockStatus Flush()
            {
                Begin(-1);
                return file.Flush();
            }

            public BlockStatus Discard(long offsetBytes, long lengthBytes) => file.PunchHole(offsetBytes, lengthBytes);

            public BlockStatus WriteZeroes(long offsetBytes, long lengthBytes, bool mayUnmap) =>
                file.WriteZeroes(offsetBytes, lengthBytes);

            public void Dispose()
            {
            }

            private void Begin(long offsetBytes)
            {
                format.Begun.Enqueue(offsetBytes);
                format.Gate.Wait();
            }
        }
    }

    private static DmaSegment Segment(ulong address, uint length) =>
        new() { Address = new GuestPhysicalAddress(address), LengthBytes = length };

    private static (BlockRequest, DmaSegment[]) Ask(BlockOperation operation, long offset, long length, ulong tag,
        params DmaSegment[] segments) =>
        (new BlockRequest { Operation = operation, OffsetBytes = offset, LengthBytes = length, Tag = tag }, segments);

    private (TestMachine Machine, List<Controller> Made) Machine(
        List<(BlockRequest, DmaSegment[])> requests,
        Func<DiskBackendDescription, DiskBackendDescription>? change = null)
    {
        List<Controller> made = [];
        TestMachine m = new TestMachine([new Step.Out(0x80, 1, 0), new Step.Jump(1)]).Format("plain", format).Add(
            "disk0", () =>
        {
            Controller controller = new(requests);
            made.Add(controller);
            return controller;
        });
        DiskBackendDescription disk = new() { DevicePath = "disk0", Slot = "drive", File = Disk() };
        m.Description = m.Description with { Backends = [change is null ? disk : change(disk)] };
        return (m, made);
    }

    public static TheoryData<TimeMode> Modes => [TimeMode.Real, TimeMode.Deterministic];

    [Theory, MemberData(nameof(Modes))]
    public void Submit_ReadsAndWrites_MoveBytesBetweenGuestAndDisk(TimeMode mode)
    {
        byte[] before = File.ReadAllBytes(Disk());
        (TestMachine m, List<Controller> made) = Machine(
        [
            Ask(BlockOperation.Read, 1024, 1024, 1, Segment(0x10000, 512), Segment(0x20000, 512)),
            Ask(BlockOperation.Read, 4096, 1024, 2, Segment(0x30001, 100), Segment(0x31000, 924)),
            Ask(BlockOperation.Write, 8192, 512, 3, Segment(0x40000, 512)),
            Ask(BlockOperation.Write, 9216, 512, 4, Segment(0x40000, 300), Segment(0x40000, 212)),
        ]);
        m.Description = m.Description with { Time = mode };
        using Machine machine = m.Begin();
        Assert.Equal(EndReason.PowerOff, TestMachine.Wait(machine).Reason);
        Assert.Equal([1UL, 2UL, 3UL, 4UL], made[0].Completed.Select(c => c.Tag).Order());
        Assert.All(made[0].Completed, c => Assert.Equal(BlockStatus.Ok, c.Status));
        ScriptedPartition ram = m.ScriptedEngine.Partition!;
        Assert.Equal(BitConverter.ToUInt64(before, 1024), ram.Word(0x10000));
        Assert.Equal(BitConverter.ToUInt64(before, 1536), ram.Word(0x20000));
        Assert.Equal(BitConverter.ToUInt64(before, 4096), ram.Word(0x30001));
        Assert.Equal(BitConverter.ToUInt64(before, 4196), ram.Word(0x31000));
        Assert.True(ram.Invalidations > 0);
        machine.Dispose();
        byte[] after = File.ReadAllBytes(Disk());
        Assert.Equal(new byte[512], after[8192..8704]);
        Assert.Equal(new byte[512], after[9216..9728]);
        Assert.Equal(before[8704..9216], after[8704..9216]);
    }

    [Fact]
    public void Submit_DeterministicMode_CompletesAtTheModelledTimes()
    {
        (TestMachine m, List<Controller> made) = Machine(
            [
                Ask(BlockOperation.Read, 0, 1024, 1, Segment(0x10000, 1024)),
                Ask(BlockOperation.Flush, 0, 0, 2),
                Ask(BlockOperation.Read, 0, 99, 3),
            ]);
        m.Description = m.Description with { Time = TimeMode.Deterministic };
        m.Run();
        Assert.Equal([(1, BlockStatus.Ok), (2, BlockStatus.Ok), (3, BlockStatus.OutOfRange)], made[0].Completed);
        Assert.All(
            made[0].CompletedAt.Zip([21_024L, 41_024, 61_123]), p => Assert.InRange(p.First, p.Second, p.Second + 7));
    }

    [Fact]
    public void Submit_WhatTheGuestMayNotAsk_CompletesWithAStatus()
    {
        (TestMachine m, List<Controller> made) = Machine(
        [
            Ask(BlockOperation.Read, DiskBytes, 512, 1, Segment(0x10000, 512)),
            Ask(BlockOperation.Read, long.MaxValue - 511, 512, 2, Segment(0x10000, 512)),
            Ask(BlockOperation.Read, -512, 512, 3, Segment(0x10000, 512)),
            Ask(BlockOperation.Read, 0, 512, 4, Segment(0x10000, 511)),
            Ask(BlockOperation.Read, 0, 512, 5, Segment(0xfee0_0000, 512)),
            Ask(BlockOperation.Read, 100, 512, 6, Segment(0x10000, 512)),
            Ask(BlockOperation.Write, 0, 512, 7, Segment(ulong.MaxValue, 512)),
            Ask((BlockOperation)77, 0, 512, 8),
            Ask(BlockOperation.Read, 0, 1L << 40, 9, Segment(0, uint.MaxValue)),
        ]);
        m.Run();
        Assert.Equal(
            [BlockStatus.OutOfRange, BlockStatus.OutOfRange, BlockStatus.OutOfRange, BlockStatus.IoError,
                BlockStatus.IoError, BlockStatus.OutOfRange,
                BlockStatus.IoError, BlockStatus.Unsupported, BlockStatus.OutOfRange],
            made[0].Completed.OrderBy(c => c.Tag).Select(c => c.Status));
    }

    [Fact]
    public void Submit_DiscardAndZeroes_ReadBackAsZeroes()
    {
        (TestMachine m, List<Controller> made) = Machine(
        [
            Ask(BlockOperation.Discard, 4096, 8192, 1),
            Ask(BlockOperation.WriteZeroes, 65536, 512, 2),
            Ask(BlockOperation.WriteZeroesUnmap, 131072, 4096, 3),
        ]);
        m.Run();
        Assert.All(made[0].Completed, c => Assert.Equal(BlockStatus.Ok, c.Status));
        byte[] after = File.ReadAllBytes(Disk());
        Assert.Equal(DiskBytes, after.Length);
        Assert.True(after.AsSpan(4096, 8192).IndexOfAnyExcept((byte)0) < 0);
        Assert.True(after.AsSpan(65536, 512).IndexOfAnyExcept((byte)0) < 0);
        Assert.True(after.AsSpan(131072, 4096).IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void Submit_MoreThanInFlight_IsRefusedAndNothingIsLost()
    {
        format.Gate.Reset();
        (TestMachine m, List<Controller> made) = Machine(
            [.. Enumerable.Range(0, 200).Select(i =>
                Ask(BlockOperation.Read, i * 512, 512, (ulong)i, Segment(0x10000 + (ulong)i * 512, 512)))]);
        using Machine machine = m.Begin();
        Assert.True(SpinWait.SpinUntil(() => made[0].Submitted.Count == 200, TestMachine.Patience));
        Assert.Equal(128, made[0].Submitted.Count(s => s));
        format.Gate.Set();
        TestMachine.Wait(machine);
        Assert.Equal(Enumerable.Range(0, 128).Select(i => (ulong)i), made[0].Completed.Select(c => c.Tag).Order());
    }

    [Fact]
    public void Submit_ReadOnlyDisk_RefusesWrites()
    {
        byte[] before = File.ReadAllBytes(Disk());
        (TestMachine m, List<Controller> made) = Machine(
            [Ask(BlockOperation.Write, 0, 512, 1, Segment(0x10000, 512)), Ask(BlockOperation.Discard, 0, 512, 2)],
                d => d with { IsReadOnly = true });
        m.Run();
        Assert.All(made[0].Completed, c => Assert.Equal(BlockStatus.ReadOnly, c.Status));
        Assert.Equal(before, File.ReadAllBytes(Disk()));
    }

    [Fact]
    public void Submit_DiscardWrites_GuestSeesItsWritesAndTheFileStays()
    {
        byte[] before = File.ReadAllBytes(Disk());
        (TestMachine m, _) = Machine(
            [
                Ask(BlockOperation.Read, 512, 512, 1, Segment(0x10000, 512)),
                Ask(BlockOperation.Write, 0, 512, 2, Segment(0x10000, 512)),
                Ask(BlockOperation.Read, 0, 512, 3, Segment(0x20000, 512)),
            ], d => d with { DiscardWrites = true });
        m.Description = m.Description with { Time = TimeMode.Deterministic };
        using Machine machine = m.Begin();
        TestMachine.Wait(machine);
        Assert.Equal(BitConverter.ToUInt64(before, 512), m.ScriptedEngine.Partition!.Word(0x20000));
        Assert.Contains("disk0", Assert.Single(machine.WhyUnsaveable), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Disk()));
    }

    [Fact]
    public void Build_DiskIsInUse_NamesTheMachineThatHasIt()
    {
        (TestMachine first, _) = Machine([]);
        first.Description = first.Description with { Name = "alpha" };
        using Machine machine = first.Make();
        (TestMachine second, _) = Machine([]);
        ConfigurationException e = Assert.Throws<ConfigurationException>(() => second.Make());
        Assert.Contains("alpha", e.Message, StringComparison.Ordinal);
        (TestMachine reader, _) = Machine([], d => d with { IsReadOnly = true });
        Assert.Throws<ConfigurationException>(() => reader.Make());
        machine.Dispose();
        second.Make().Dispose();
    }

    [Fact]
    public void Build_TwoReaders_ShareTheDisk()
    {
        (TestMachine first, _) = Machine([], d => d with { IsReadOnly = true });
        using Machine one = first.Make();
        (TestMachine second, _) = Machine([], d => d with { DiscardWrites = true });
        using Machine two = second.Make();
    }

    [Theory]
    [InlineData("ghost.img", "no such file")]
    [InlineData("", "directory")]
    public void Build_DiskCannotBeOpened_SaysWhy(string name, string problem)
    {
        (TestMachine m, _) = Machine([], d => d with { File = Path.Combine(folder, name) });
        ConfigurationException e = Assert.Throws<ConfigurationException>(() => m.Make());
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }

    private void AwaitBegun(int count) =>
        Assert.True(SpinWait.SpinUntil(() => format.Begun.Count == count, TestMachine.Patience));

    [Fact]
    public void Abandon_ReadThatHangs_NeverReachesGuestMemory()
    {
        // One request at a time: when the second is done, the first has done all that it ever will.
        format.IsConcurrent = false;
        format.Gate.Reset();
        (TestMachine m, List<Controller> made) =
            Machine([Ask(BlockOperation.Read, 1024, 512, 1, Segment(0x10000, 512))]);
        using Machine machine = m.Begin();
        AwaitBegun(1);
        made[0].OnStrand(port =>
        {
            port.Abandon(1);
            port.Abandon(1);
            port.Abandon(77);
            // Its tag is free again.
            (BlockRequest request, DmaSegment[] segments) =
                Ask(BlockOperation.Read, 2048, 512, 1, Segment(0x20000, 512));
            Assert.True(port.TrySubmit(request, segments));
        });
        format.Gate.Set();
        TestMachine.Wait(machine);
        Assert.Equal([(1UL, BlockStatus.Ok)], made[0].Completed);
        ScriptedPartition ram = m.ScriptedEngine.Partition!;
        Assert.Equal(0UL, ram.Word(0x10000));
        Assert.NotEqual(0UL, ram.Word(0x20000));
    }

    [Fact]
    public void Abandon_WriteThatHangs_LandsBeforeWhateverFollows()
    {
        format.Gate.Reset();
        (TestMachine m, List<Controller> made) =
            Machine([Ask(BlockOperation.Write, 8192, 512, 1, Segment(0x10000, 512))]);
        using Machine machine = m.Begin();
        AwaitBegun(1);
        made[0].OnStrand(port =>
        {
            m.ScriptedEngine.Partition!.Word(0x10000) = 0x2222_2222;
            port.Abandon(1);
            (BlockRequest request, DmaSegment[] segments) =
                Ask(BlockOperation.Write, 8192, 512, 2, Segment(0x10000, 512));
            Assert.True(port.TrySubmit(request, segments));
        });
        Assert.Single(format.Begun);
        format.Gate.Set();
        TestMachine.Wait(machine);
        Assert.Equal([(2UL, BlockStatus.Ok)], made[0].Completed);
        Assert.Equal<byte>([0, 0x22], format.Written);
    }

    [Fact]
    public void Abandon_RequestsThatHaveNotBegun_AreNeverCarriedOut()
    {
        format.IsConcurrent = false;
        format.Gate.Reset();
        (TestMachine m, List<Controller> made) = Machine(
            [.. Enumerable.Range(0, 100).Select(
                i => Ask(BlockOperation.Write, i * 512, 512, (ulong)i, Segment(0x10000, 512)))]);
        using Machine machine = m.Begin();
        AwaitBegun(1);
        made[0].OnStrand(port =>
        {
            made[0].LastTag = 500;
            for (ulong tag = 0; tag < 100; tag++) port.Abandon(tag);
            (BlockRequest request, DmaSegment[] segments) = Ask(BlockOperation.Flush, 0, 0, 500);
            Assert.True(port.TrySubmit(request, segments));
        });
        format.Gate.Set();
        TestMachine.Wait(machine);
        Assert.Equal([(500UL, BlockStatus.Ok)], made[0].Completed);
        Assert.Single(format.Written);
    }

    [Fact]
    public void Abandon_DeterministicMode_ForgetsTheRequest()
    {
        (TestMachine m, List<Controller> made) = Machine(
            [
                Ask(BlockOperation.Write, 0, 512, 1, Segment(0x10000, 512)),
                Ask(BlockOperation.Read, 0, 1024, 2, Segment(0x10000, 1024)),
            ]);
        m.Description = m.Description with { Time = TimeMode.Deterministic };
        using Machine machine = m.Make();
        made[0].AfterSubmit = port => port.Abandon(1);
        made[0].LastTag = 2;
        machine.Start();
        TestMachine.Wait(machine);
        Assert.Equal([(2UL, BlockStatus.Ok)], made[0].Completed);
        Assert.Empty(format.Written);
    }

    [Fact]
    public async Task Reset_HostNeverAnswers_IsDoneAndNothingOfBeforeIsHeardOf()
    {
        format.Gate.Reset();
        (TestMachine m, List<Controller> made) =
            Machine([Ask(BlockOperation.Read, 1024, 512, 1, Segment(0x10000, 512))]);
        using Machine machine = m.Begin();
        AwaitBegun(1);
        await machine.ResetAsync();
        Assert.Equal(2, m.Installs);
        Assert.Empty(made[0].Completed);
        AwaitBegun(2); // the guest of after the reset asks again
        format.Gate.Set();
        TestMachine.Wait(machine);
        Assert.Equal([(1UL, BlockStatus.Ok)], made[0].Completed);
    }

    [Fact]
    public async Task Save_HostFileHangs_IsBoundedAndTheRequestIsIssuedAgainAfterTheRestore()
    {
        string file = Path.Combine(folder, "saved.hvs");
        List<(BlockRequest, DmaSegment[])> requests = [Ask(BlockOperation.Read, 2048, 512, 5, Segment(0x10000, 512))];
        format.Gate.Reset();
        (TestMachine m, List<Controller> made) = Machine(requests);
        using (Machine machine = m.Begin())
        {
            Assert.True(SpinWait.SpinUntil(() => made[0].Submitted.Count == 1, TestMachine.Patience));
            await machine.PauseAsync();
            await machine.SaveAsync(file);
            Assert.Empty(made[0].Completed);
            format.Gate.Set();
        }
        (TestMachine next, List<Controller> restored) = Machine(requests);
        next.Description = next.Description with { RestoreFrom = file };
        Assert.Equal(EndReason.PowerOff, next.Run().Reason);
        Assert.Equal([(5UL, BlockStatus.Ok)], restored[0].Completed);
        Assert.Empty(restored[0].Submitted);
    }

    [Fact]
    public async Task Restore_DiskHasMovedOn_IsRefusedByName()
    {
        string file = Path.Combine(folder, "saved.hvs");
        (TestMachine m, _) = Machine([]);
        using (Machine machine = m.Begin())
        {
            await machine.SaveAsync(file);
        }
        byte[] other = File.ReadAllBytes(Disk());
        other[0] ^= 1;
        File.WriteAllBytes(Disk(), other);
        File.SetLastWriteTimeUtc(Disk(), DateTime.UtcNow.AddSeconds(5));
        (TestMachine next, _) = Machine([]);
        next.Description = next.Description with { RestoreFrom = file };
        using Machine refused = next.Make();
        Assert.Contains("disk0", Assert.Throws<StateException>(() => refused.Start()).Message, StringComparison.Ordinal);
    }
}
