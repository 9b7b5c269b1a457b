using Hv.Sdk;
using Hv.Sdk.Engines;

namespace Hv.Memory.Tests;

public sealed class SmRamTests
{
    private static MemoryPiece Piece(ulong start, ulong length, ulong offset, bool isSmmOnly = false) =>
        new() { Start = new(start), LengthBytes = length, FileOffset = offset, IsSmmOnly = isSmmOnly };

    private static (ulong, ulong, ulong, MemorySlotFlags)[] SlotsOf(params MemoryPiece[] pieces)
    {
        using GuestMemory memory = new("test", 1 << 20);
        FakePartition partition = new();
        memory.SetMap(pieces);
        memory.Connect(partition);
        return [.. partition.Maps[^1].Select(s => (s.Start.Value, s.LengthBytes, s.FileOffset, s.Flags))];
    }

    [Fact]
    public void SmRamInAHole_IsOneSlotOfItsOwn() =>
        Assert.Equal(
        [
            (0ul, 0x4000ul, 0ul, MemorySlotFlags.None),
            (0x4000ul, 0x2000ul, 0x4000ul, MemorySlotFlags.SmmOnly),
            (0x6000ul, 0x1000ul, 0x6000ul, MemorySlotFlags.None),
        ], SlotsOf(Piece(0, 0x4000, 0), Piece(0x4000, 0x2000, 0x4000, true), Piece(0x6000, 0x1000, 0x6000)));

    [Fact]
    public void SmRamOverRam_HidesExactlyWhatItCovers() =>
        Assert.Equal(
        [
            (0ul, 0x1000ul, 0ul, MemorySlotFlags.None),
            (0x1000ul, 0x1000ul, 0x1000ul, MemorySlotFlags.HiddenInSmm),
            (0x1000ul, 0x1000ul, 0x8000ul, MemorySlotFlags.SmmOnly),
            (0x2000ul, 0x1000ul, 0x2000ul, MemorySlotFlags.None),
            (0x3000ul, 0x1000ul, 0x3000ul, MemorySlotFlags.HiddenInSmm),
            (0x3000ul, 0x2000ul, 0x9000ul, MemorySlotFlags.SmmOnly),
        ], SlotsOf(Piece(0, 0x4000, 0), Piece(0x1000, 0x1000, 0x8000, true), Piece(0x3000, 0x2000, 0x9000, true))
            .OrderBy(s => s.Item1).ThenBy(s => s.Item3).ToArray());

    [Fact]
    public void Dma_DoesNotReachSmRam()
    {
        using GuestMemory memory = new("test", 1 << 20);
        memory.SetMap([Piece(0, 0x4000, 0), Piece(0x4000, 0x1000, 0x4000, true), Piece(0x1000, 0x1000, 0x8000, true)]);
        memory.Span(0x1000, 1)[0] = 1;
        memory.Span(0x8000, 1)[0] = 2;
        byte[] one = new byte[1];
        Assert.False(memory.Dma.TryRead(new(0x4000), one));
        Assert.False(memory.Dma.TryWrite(new(0x4000), one));
        Assert.True(memory.Dma.TryRead(new(0x1000), one));
        Assert.Equal(1, one[0]);
    }

    [Fact]
    public void InvalidateAllCode_CoversSmRam()
    {
        using GuestMemory memory = new("test", 1 << 20);
        FakePartition partition = new();
        memory.SetMap([Piece(0, 0x4000, 0), Piece(0xA000, 0x1000, 0x4000, true)]);
        memory.Connect(partition);
        memory.InvalidateAllCode();
        Assert.Equal([(0ul, 0x4000ul), (0xA000ul, 0x1000ul)], partition.Invalidated);
    }

    [Fact]
    public void SmRamPiecesThatOverlap_AreRefused() => Assert.Throws<ArgumentException>(
        () => SlotsOf(Piece(0, 0x1000, 0), Piece(0x4000, 0x2000, 0x4000, true), Piece(0x5000, 0x1000, 0x6000, true)));
}
