using Hv.Sdk;

namespace Hv.Memory.Tests;

public sealed class MemoryMapTests
{
    private static MemoryPiece Piece(ulong start, ulong length, ulong offset, bool readOnly = false) =>
        new()
        {
            Start = new GuestPhysicalAddress(start),
            LengthBytes = length,
            FileOffset = offset,
            IsReadOnly = readOnly,
        };

    [Fact]
    public void New_NeighboursThatContinueEachOther_AreJoined()
    {
        MemoryMap map = new([Piece(0x2000, 0x1000, 0x2000), Piece(0, 0x2000, 0), Piece(0x3000, 0x1000, 0x8000)],
            1 << 20);
        Assert.Equal(2, map.Pieces.Length);
        Assert.Equal(0x3000u, map.Pieces[0].LengthBytes);
    }

    [Theory]
    [InlineData(0x800UL, 0x1000UL, 0UL)]
    [InlineData(0UL, 0x1800UL, 0UL)]
    [InlineData(0UL, 0x1000UL, 0x10UL)]
    [InlineData(0UL, 0UL, 0UL)]
    [InlineData(0UL, 0x2000UL, 0xff000UL)]
    [InlineData(0UL, 0x1000UL, 0xfffffffffffff000UL)]
    [InlineData(0xfffffffffffff000UL, 0x2000UL, 0UL)]
    public void New_PieceIsImpossible_IsRefused(ulong start, ulong length, ulong offset) =>
        Assert.Throws<ArgumentException>(() => new MemoryMap([Piece(start, length, offset)], 1 << 20));

    [Fact]
    public void New_PiecesOverlap_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new MemoryMap(
            [Piece(0, 0x2000, 0), Piece(0x1000, 0x1000, 0x4000)], 1 << 20));

    [Fact]
    public void TryResolve_RandomRanges_AgreesWithABytewiseModel()
    {
        MemoryPiece[] pieces =
        [
            Piece(0x1000, 0x2000, 0x5000), Piece(0x4000, 0x1000, 0x5000), Piece(0x6000, 0x1000, 0x1000, readOnly: true),
        ];
        MemoryMap map = new(pieces, 1 << 16);
        Random random = new(7);
        for (int i = 0; i < 50_000; i++)
        {
            ulong address = random.Next(50) == 0 ? ulong.MaxValue - (ulong)random.Next(64) : (ulong)random.Next(0x8000);
            ulong length = random.Next(50) == 0 ? ulong.MaxValue - (ulong)random.Next(64) : (ulong)random.Next(0x2800);
            bool write = random.Next(2) == 0;
            MemoryPiece[] holder = [.. pieces.Where(p => address >= p.Start.Value
                && address - p.Start.Value < p.LengthBytes && !(write && p.IsReadOnly))];
            bool expected = holder.Length == 1
                && (UInt128)address + length <= (UInt128)holder[0].Start.Value + holder[0].LengthBytes;
            Assert.Equal(expected, map.TryResolve(address, length, write, out ulong offset));
            if (expected) Assert.Equal(holder[0].FileOffset + (address - holder[0].Start.Value), offset);
        }
    }
}
