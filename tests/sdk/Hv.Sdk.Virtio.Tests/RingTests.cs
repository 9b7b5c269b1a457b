using System.Buffers.Binary;
using Hv.Sdk.TestKit;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Sdk.Virtio.Tests;

public sealed class RingTests
{
    public static TheoryData<bool, bool> All { get; } =
        new() { { true, false }, { false, false }, { true, true }, { false, true } };
    public static TheoryData<bool> Layouts { get; } = [false, true];

    [Theory, MemberData(nameof(All))]
    public void Exchange_OneBuffer_EchoesAndInterrupts(bool onPci, bool isPacked)
    {
        using DeviceBench bench = Benches.Create(onPci);
        VirtioGuest guest = Benches.Start(bench, isPacked);
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal("hello"u8.ToArray(), guest.Exchange(0, "hello"u8, 5, out uint written));
            Assert.Equal(5u, written);
            Assert.Equal(1, guest.Registers.TakeInterrupts());
        }
    }

    /// <summary>Random traffic, chained and indirect, at once and delayed, against what must come back; saved and
    /// restored on the way.</summary>
    [Theory, MemberData(nameof(All))]
    public void Traffic_Random_ComesBackRight(bool onPci, bool isPacked)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            Random random = new(seed);
            DeviceBench bench = Benches.Create(onPci);
            ulong features = random.Next(3) == 0
                ? Benches.Features(isPacked) & ~VirtioFeature.EventIndex : Benches.Features(isPacked);
            VirtioGuest guest = VirtioGuest.Start(bench, features, random.Next(2) == 0 ? 4 : 32);
            Dictionary<(int Queue, int Id), (ulong From, ulong To, int Length)> expected = [];
            int sent = 0, back = 0;
            for (int i = 0; i < 400; i++)
            {
                int queue = random.Next(4) == 0 ? 1 : 0;
                for (int n = random.Next(4); n > 0 && TrySend(guest, random, queue, expected); n--) sent++;
                guest.Queues[queue].Kick();
                if (random.Next(3) == 0) bench.Advance(random.Next(3000));
                back += TakeAll(guest, expected);
                if (random.Next(16) != 0) continue;
                DeviceBench twin = DeviceBench.Restore(bench.Save());
                bench.Dispose();
                guest.Bench = bench = twin;
            }
            for (int i = 0; i < 10; i++)
            {
                bench.Advance(5000);
                back += TakeAll(guest, expected);
            }
            Assert.True(sent > 200, $"seed {seed}: only {sent} buffers were sent");
            Assert.Equal(sent, back);
            Assert.Equal(0, bench.Log.GuestErrors);
            bench.Dispose();
        }
    }

    private static bool TrySend(
        VirtioGuest guest, Random random, int queue, Dictionary<(int, int), (ulong, ulong, int)> expected)
    {
        int length = random.Next(1, 500);
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        // Buffers in flight must not overlap: at most 64 of 4 KiB each, by number.
        ulong slot = 0x2_0000 + 0x1000ul * (ulong)Enumerable.Range(0, 80).First(
            s => !expected.Values.Any(e => e.Item1 == 0x2_0000 + 0x1000ul * (ulong)s));
        bytes.CopyTo(guest.Memory(slot, length));
        guest.Memory(slot + 0x600, length).Clear();
        GuestSegment[] segments =
        [
            .. VirtioGuest.Cut(random, slot, length, false, random.Next(1, 4)),
            .. VirtioGuest.Cut(random, slot + 0x600, length, true, random.Next(1, 4)),
        ];
        ulong? table = random.Next(2) == 0 ? slot + 0xc00 : null;
        if (guest.Queues[queue].TryAdd(segments, table) is not int id) return false;
        expected.Add((queue, id), (slot, slot + 0x600, length));
        return true;
    }

    private static int TakeAll(VirtioGuest guest, Dictionary<(int, int), (ulong, ulong, int)> expected)
    {
        int count = 0;
        foreach (GuestQueue queue in guest.Queues)
        {
            while (queue.TryTake() is { } used)
            {
                Assert.True(expected.Remove((queue.Index, used.Id), out (ulong From, ulong To, int Length) e));
                Assert.Equal(queue.Index == 0 ? (uint)e.Length : 0, used.Written);
                if (queue.Index == 0) Assert.Equal(
                    guest.Memory(e.From, e.Length).ToArray(), guest.Memory(e.To, e.Length).ToArray());
                count++;
            }
            queue.WantInterrupt();
        }
        return count;
    }

    [Theory, MemberData(nameof(Layouts))]
    public void Interrupts_Refused_AreNotSent(bool isPacked)
    {
        using DeviceBench bench = Benches.Create(true);
        VirtioGuest guest = Benches.Start(bench, isPacked);
        guest.Queues[0].RefuseInterrupts();
        ulong at = guest.Allocate(64);
        for (int i = 0; i < 5; i++)
        {
            guest.Queues[0].TryAdd([new GuestSegment(at, 8, false), new GuestSegment(at + 32, 8, true)], null);
            guest.Queues[0].Kick();
            Assert.NotNull(guest.Queues[0].TryTake());
        }
        Assert.Equal(0, guest.Registers.TakeInterrupts());
    }

    [Theory, MemberData(nameof(Layouts))]
    public void Interrupts_ForABatch_AreOne(bool isPacked)
    {
        using DeviceBench bench = Benches.Create(true);
        VirtioGuest guest = Benches.Start(bench, isPacked);
        ulong at = guest.Allocate(64);
        for (int i = 0; i < 4; i++) guest.Queues[0].TryAdd(
            [new GuestSegment(at, 8, false), new GuestSegment(at + 32, 8, true)], null);
        int before = bench.Msi.Count;
        guest.Queues[0].Kick();
        Assert.Equal(before + 1, bench.Msi.Count);
        for (int i = 0; i < 4; i++) Assert.NotNull(guest.Queues[0].TryTake());
    }

    // 2.7.10, 2.8.10: with event indices, one notification is enough while the device is behind
    [Theory, MemberData(nameof(Layouts))]
    public void Notifications_WithEventIndex_AreSuppressedWhileTheDeviceIsFull(bool isPacked)
    {
        using DeviceBench bench = Benches.Create(true);
        VirtioGuest guest = Benches.Start(bench, isPacked, 64);
        ulong at = guest.Allocate(64);
        for (int i = 0; i < EchoDevice.MaximumHeld + 8; i++)
        {
            guest.Queues[1].TryAdd([new GuestSegment(at, 8, true)], null);
            guest.Queues[1].Kick();
        }
        // The device stopped taking at 16 and has not asked to be told of more than the 17th.
        Assert.True(guest.Queues[1].Notifications.Suppressed >= 7, $"{guest.Queues[1].Notifications}");
        bench.Advance(10_000);
        int back = 0;
        while (guest.Queues[1].TryTake() is not null) back++;
        Assert.Equal(EchoDevice.MaximumHeld + 8, back);
    }

    [Fact] // 2.7.5.3.2: ordinary descriptors, then an indirect one
    public void Split_ChainEndingInATable_IsTaken()
    {
        using DeviceBench bench = Benches.Create(true);
        VirtioGuest guest = Benches.Start(bench, false);
        Span<byte> memory = bench.Memory.Bytes;
        ulong data = guest.Place("abcdef"u8);
        ulong table = guest.Allocate(32), answer = guest.Allocate(8);
        PutDescriptor(memory, 0x1000, data, 3, 1, 1);
        PutDescriptor(memory, 0x1010, table, 32, 4, 0);
        PutDescriptor(memory, table, data + 3, 3, 1, 1);
        PutDescriptor(memory, table + 16, answer, 6, 2, 0);
        Announce(guest, 0);
        Assert.Equal("abcdef"u8.ToArray(), guest.Memory(answer, 6).ToArray());
    }

    public static TheoryData<string> SplitMistakes { get; } =
        ["loop", "next beyond", "head beyond", "writable first", "nested table", "table with next", "table of 8 bytes",
            "huge table", "not RAM", "index jumps"];

    [Theory, MemberData(nameof(SplitMistakes))]
    public void Split_BrokenRing_NeedsReset(string mistake)
    {
        using DeviceBench bench = Benches.Create(true);
        VirtioGuest guest = Benches.Start(bench, false);
        Span<byte> memory = bench.Memory.Bytes;
        ulong a = guest.Allocate(64);
        switch (mistake)
        {
            case "loop": PutDescriptor(memory, 0x1000, a, 4, 1, 1); PutDescriptor(memory, 0x1010, a, 4, 1, 0); break;
            case "next beyond": PutDescriptor(memory, 0x1000, a, 4, 1, 16); break;
            case "writable first": PutDescriptor(memory, 0x1000, a, 4, 3, 1); PutDescriptor(memory, 0x1010, a, 4, 0, 0);
                break;
            case "nested table": PutDescriptor(memory, 0x1000, a, 16, 4, 0); PutDescriptor(memory, a, a, 16, 4, 0);
                break;
            case "table with next": PutDescriptor(memory, 0x1000, a, 16, 5, 1); break;
            case "table of 8 bytes": PutDescriptor(memory, 0x1000, a, 8, 4, 0); break;
            case "huge table": PutDescriptor(memory, 0x1000, a, 0x4000_0000, 4, 0); break;
            case "not RAM": PutDescriptor(memory, 0x1000, ulong.MaxValue - 1, 4, 1, 1);
                PutDescriptor(memory, 0x1010, a, 4, 2, 0); break;
        }
        int before = bench.Msi.Count;
        if (mistake == "index jumps") BinaryPrimitives.WriteUInt16LittleEndian(memory[(0x1000 + 16 * 16 + 2)..], 100);
        Announce(guest, mistake == "head beyond" ? (ushort)16 : (ushort)0);
        AssertNeedsReset(guest, before);
    }

    public static TheoryData<string> PackedMistakes { get; } =
        ["loop", "writable first", "table with next", "table of 8 bytes", "huge table"];

    [Theory, MemberData(nameof(PackedMistakes))]
    public void Packed_BrokenRing_NeedsReset(string mistake)
    {
        using DeviceBench bench = Benches.Create(true);
        VirtioGuest guest = Benches.Start(bench, true);
        Span<byte> memory = bench.Memory.Bytes;
        ulong a = guest.Allocate(64);
        switch (mistake)
        {
            case "loop": for (uint i = 0; i < 16; i++) PutDescriptor(memory, 0x1000 + 16 * i, a, 4, 0, 0x81); break;
            case "writable first": PutDescriptor(memory, 0x1000, a, 4, 0, 0x83);
                PutDescriptor(memory, 0x1010, a, 4, 0, 0x80); break;
            case "table with next": PutDescriptor(memory, 0x1000, a, 16, 0, 0x85); break;
            case "table of 8 bytes": PutDescriptor(memory, 0x1000, a, 8, 0, 0x84); break;
            case "huge table": PutDescriptor(memory, 0x1000, a, 0x4000_0000, 0, 0x84); break;
        }
        int before = bench.Msi.Count;
        guest.Registers.Notify(0);
        AssertNeedsReset(guest, before);
    }

    private static void AssertNeedsReset(VirtioGuest guest, int messagesBefore)
    {
        Assert.NotEqual(VirtioStatus.None, guest.Registers.Status & VirtioStatus.NeedsReset);
        Assert.Equal(messagesBefore + 1, guest.Bench.Msi.Count);
        Assert.Equal(PciGuestRegisters.FirstVector, guest.Bench.Msi.Last!.Value.Data);
        Assert.False(guest.Bench.Echo().Endpoint.IsLive);
        // The way back is a reset.
        VirtioGuest again = Benches.Start(guest.Bench, false);
        Assert.Equal("ok"u8.ToArray(), again.Exchange(0, "ok"u8, 2, out _));
    }

    private static void PutDescriptor(Span<byte> memory, ulong at, ulong address, uint length, int word12, int word14)
    {
        Span<byte> d = memory.Slice((int)at, 16);
        BinaryPrimitives.WriteUInt64LittleEndian(d, address);
        BinaryPrimitives.WriteUInt32LittleEndian(d[8..], length);
        BinaryPrimitives.WriteUInt16LittleEndian(d[12..], (ushort)word12);
        BinaryPrimitives.WriteUInt16LittleEndian(d[14..], (ushort)word14);
    }

    private static void Announce(VirtioGuest guest, ushort head)
    {
        Span<byte> driver = guest.Bench.Memory.Bytes.AsSpan((int)guest.Queues[0].Driver);
        ushort index = BinaryPrimitives.ReadUInt16LittleEndian(driver[2..]);
        BinaryPrimitives.WriteUInt16LittleEndian(driver[(4 + 2 * (index % 16))..], head);
        BinaryPrimitives.WriteUInt16LittleEndian(driver[2..], (ushort)(index + 1));
        guest.Registers.Notify(0);
    }

    [Theory, MemberData(nameof(Layouts))]
    public void Driver_ThatKeepsAdding_LetsOthersOnTheStrandGoFirst(bool isPacked)
    {
        using DeviceBench bench = Benches.Create(true);
        VirtioGuest guest = Benches.Start(bench, isPacked, 256);
        ulong at = guest.Allocate(64);
        int added = 0, back = 0;
        void Add()
        {
            if (added == 3000) return;
            while (guest.Queues[0].TryTake() is not null) back++;
            if (guest.Queues[0].TryAdd([new GuestSegment(at, 8, false), new GuestSegment(at + 32, 8, true)], null)
                is not null) added++;
        }
        // Another vCPU adds a buffer for every one that is taken, and the used ones are shown all along.
        bench.Echo().Taken = () =>
        {
            bench.Echo().Endpoint.Queues[0].Flush();
            Add();
        };
        int looks = bench.Echo().Looks;
        Add();
        bench.Run(() => guest.Queues[0].Kick());
        while (guest.Queues[0].TryTake() is not null) back++;
        Assert.Equal((3000, 3000), (added, back));
        Assert.Equal(3, bench.Echo().Looks - looks);
    }

    /// <summary>Hot path: taking, completing and flushing buffers allocates nothing.</summary>
    [Theory, MemberData(nameof(Layouts))]
    public void PopAndComplete_OnceWarm_AllocateNothing(bool isPacked)
    {
        using DeviceBench bench = Benches.Create(true);
        VirtioGuest guest = Benches.Start(bench, isPacked, 256);
        ulong at = guest.Allocate(256), table = guest.Allocate(64);
        ulong doorbell = PciGuestRegisters.FirstBar + 0x3000;
        long least = long.MaxValue;
        for (int round = 0; round < 8; round++)
        {
            for (int i = 0; i < 50; i++)
            {
                guest.Queues[0].TryAdd(
                    [new GuestSegment(at, 100, false), new GuestSegment(at + 128, 100, true)], i % 2 == 0
                        ? table : null);
            }
            long before = GC.GetAllocatedBytesForCurrentThread();
            _ = bench.Access(AddressSpace.Memory, doorbell, 2, 0, Io.IoFlags.None, true, 0, out _);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            int back = 0;
            while (guest.Queues[0].TryTake() is not null) back++;
            Assert.Equal(50, back);
        }
        Assert.Equal(0, least);
    }
}
