using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.Memory;

namespace Hv.Memory.Tests;

public sealed class DmaSpaceTests : IDisposable
{
    private readonly GuestMemory memory = new("test", 1 << 20);
    private readonly FakePartition partition = new();

    public DmaSpaceTests()
    {
        // RAM, RAM elsewhere in the file right behind it, a hole, an alias of the first, ROM.
        memory.SetMap(
        [
            Piece(0, 0x4000, 0),
            Piece(0x4000, 0x4000, 0x80000),
            Piece(0x20000, 0x1000, 0),
            Piece(0x30000, 0x1000, 0x10000, readOnly: true),
        ]);
        memory.Connect(partition);
    }

    private static MemoryPiece Piece(ulong start, ulong length, ulong offset, bool readOnly = false) =>
        new() { Start = Gpa(start), LengthBytes = length, FileOffset = offset, IsReadOnly = readOnly };

    private static GuestPhysicalAddress Gpa(ulong address) => new(address);

    public void Dispose() => memory.Dispose();

    [Fact]
    public void WriteAndRead_AcrossTwoPieces_GoesThroughBoth()
    {
        byte[] data = [.. Enumerable.Range(1, 200).Select(i => (byte)i)];
        Assert.True(memory.Dma.TryWrite(Gpa(0x4000 - 100), data));
        byte[] back = new byte[200];
        Assert.True(memory.Dma.TryRead(Gpa(0x4000 - 100), back));
        Assert.Equal(data, back);
        Assert.Equal(data[100..], memory.Span(0x80000, 100).ToArray());
    }

    [Fact]
    public void Write_LastByteIsInAHole_WritesNothing()
    {
        Assert.False(memory.Dma.TryWrite(Gpa(0x7ff0), new byte[17].Select(_ => (byte)9).ToArray()));
        Assert.Equal(0, memory.Span(0x83ff0, 16).IndexOfAnyExcept((byte)0) + 1);
        Assert.Empty(partition.Invalidated);
    }

    [Theory]
    [InlineData(0x8000UL, 1)]
    [InlineData(ulong.MaxValue, 2)]
    [InlineData(ulong.MaxValue - 3, 64)]
    [InlineData(0x7fffUL, 2)]
    [InlineData(0x20fffUL, 2)]
    public void Access_OutsideRam_FailsInEveryWay(ulong address, int length)
    {
        Assert.False(memory.Dma.TryRead(Gpa(address), new byte[length]));
        Assert.False(memory.Dma.TryWrite(Gpa(address), new byte[length]));
        Assert.False(memory.Dma.TryWindow(Gpa(address), length, DmaAccess.Read, out _));
        Assert.False(memory.Dma.TryLease(Gpa(address), length, DmaAccess.Write, out _));
        Assert.False(memory.Dma.TryDiscard(Gpa(address), (ulong)length));
    }

    [Fact]
    public void Access_NegativeLength_Fails()
    {
        Assert.False(memory.Dma.TryWindow(Gpa(0), -1, DmaAccess.Read, out _));
        Assert.False(memory.Dma.TryLease(Gpa(0), int.MinValue, DmaAccess.Read, out _));
    }

    [Fact]
    public void Rom_CanBeReadAndNotWritten()
    {
        memory.Span(0x10000, 1)[0] = 42;
        byte[] one = new byte[1];
        Assert.True(memory.Dma.TryRead(Gpa(0x30000), one));
        Assert.Equal(42, one[0]);
        Assert.False(memory.Dma.TryWrite(Gpa(0x30000), one));
        Assert.False(memory.Dma.TryWindow(Gpa(0x30000), 1, DmaAccess.Write, out _));
        Assert.False(memory.Dma.TryWriteUInt16(Gpa(0x30000), 1));
    }

    [Fact]
    public void Write_InvalidatesCodeAndMarksDirtyBeforeAndAfter()
    {
        List<(byte Seen, bool Marked)> at = [];
        partition.OnInvalidate = () => at.Add((memory.Span(0x1000, 1)[0], memory.Dirty.IsMarked(1)));
        Assert.True(memory.Dma.TryWrite(Gpa(0x1000), [7]));
        Assert.Equal([(0, true), (7, true)], at);
        Assert.False(memory.Dirty.IsMarked(2));
    }

    [Fact]
    public void Window_ForWriting_TellsAtBothEnds()
    {
        Assert.True(memory.Dma.TryWindow(Gpa(0x2ffe), 4, DmaAccess.Write, out DmaWindow window));
        Assert.Single(partition.Invalidated);
        Assert.True(memory.Dirty.TestAndClear(2) && memory.Dirty.TestAndClear(3));
        window.Bytes.Fill(1);
        window.Dispose();
        Assert.Equal(2, partition.Invalidated.Count);
        Assert.True(memory.Dirty.IsMarked(2) && memory.Dirty.IsMarked(3));
    }

    [Fact]
    public void Window_ForReading_TellsNobody()
    {
        Assert.True(memory.Dma.TryWindow(Gpa(0x1000), 4, DmaAccess.Read, out DmaWindow window));
        window.Dispose();
        Assert.Empty(partition.Invalidated);
        Assert.False(memory.Dirty.IsMarked(1));
    }

    [Fact]
    public void Lease_MapChanges_IsRevoked()
    {
        Assert.True(memory.Dma.TryLease(Gpa(0x1000), 16, DmaAccess.Write, out IDmaLease lease));
        lease.Bytes.Span[3] = 5;
        Assert.Equal(5, memory.Span(0x1003, 1)[0]);
        memory.SetMap([Piece(0, 0x1000, 0)]);
        Assert.Throws<ObjectDisposedException>(() => lease.Bytes);
        lease.Dispose();
        Assert.Equal(2, partition.Maps.Count);
    }

    [Fact]
    public void Lease_TakenAndReturnedManyTimes_AllocatesNothing()
    {
        void Exercise()
        {
            for (int i = 0; i < 1000; i++)
            {
                Assert.True(memory.Dma.TryLease(Gpa(0x1000), 16, DmaAccess.Read, out IDmaLease lease));
                lease.Dispose();
            }
        }
        Exercise();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exercise();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Discard_WholePagesInside_ReadAsZeroesAndTheRestStays()
    {
        Assert.True(memory.Dma.TryWrite(Gpa(0x800), Enumerable.Repeat((byte)9, 0x3000).ToArray()));
        Assert.True(memory.Dma.TryDiscard(Gpa(0x800), 0x2800));
        byte[] all = new byte[0x4000];
        Assert.True(memory.Dma.TryRead(Gpa(0), all));
        Assert.True(all.AsSpan(0x800, 0x800).IndexOfAnyExcept((byte)9) < 0);
        Assert.True(all.AsSpan(0x1000, 0x2000).IndexOfAnyExcept((byte)0) < 0);
        Assert.True(all.AsSpan(0x3000, 0x800).IndexOfAnyExcept((byte)9) < 0);
    }

    [Fact]
    public void Discard_ALeaseHoldsThePage_IsRefused()
    {
        Assert.True(memory.Dma.TryLease(Gpa(0x1ffe), 2, DmaAccess.Read, out IDmaLease lease));
        Assert.False(memory.Dma.TryDiscard(Gpa(0x1000), 0x1000));
        lease.Dispose();
        Assert.True(memory.Dma.TryDiscard(Gpa(0x1000), 0x1000));
    }

    [Fact]
    public void UInt16_Unaligned_Fails()
    {
        Assert.False(memory.Dma.TryReadUInt16(Gpa(1), out _));
        Assert.True(memory.Dma.TryWriteUInt16(Gpa(2), 0x1234));
        Assert.True(memory.Dma.TryReadUInt16(Gpa(0x20002), out ushort value));
        Assert.Equal(0x1234, value);
    }

    [Fact]
    public void Connect_GivesTheEngineTheSlots()
    {
        MemorySlot[] slots = Assert.Single(partition.Maps);
        Assert.Equal(4, slots.Length);
        Assert.Equal(MemorySlotFlags.ReadOnly, slots[3].Flags);
        Assert.Equal(slots[0].Host, slots[2].Host);
        Assert.Equal(slots[0].DirtyMap, slots[2].DirtyMap);
        Assert.Equal(slots[0].Host + 0x80000, slots[1].Host);
    }

    [Fact]
    public void Accesses_ManyTimes_AllocateNothing()
    {
        byte[] buffer = new byte[64];
        void Exercise()
        {
            for (int i = 0; i < 1000; i++)
            {
                _ = memory.Dma.TryRead(Gpa(0x3ff0), buffer);
                _ = memory.Dma.TryWrite(Gpa(0x3ff0), buffer);
                _ = memory.Dma.TryReadUInt16(Gpa(2), out _);
                if (memory.Dma.TryWindow(Gpa(0), 64, DmaAccess.Read, out DmaWindow window)) window.Dispose();
            }
        }
        partition.Invalidated.EnsureCapacity(100_000);
        Exercise();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exercise();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
