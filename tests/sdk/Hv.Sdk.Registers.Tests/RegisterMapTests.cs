using Hv.Sdk.Io;
using static Hv.Sdk.Registers.RegisterAccess;

namespace Hv.Sdk.Registers.Tests;

public sealed class RegisterMapTests
{
    private enum R { Byte, Word, Dword, Status, WriteOnly, ReadOnly, Fixed, Row }

    private static readonly RegisterMap<R> Map = new(32, 0xee,
    [
        new(R.Byte, 0, 1, ReadWrite, 0x00, "B", "1"),
        new(R.Word, 1, 2, ReadWrite, 0x00, "W", "2") { Writable = 0x0fff },
        new(R.Status, 3, 1, WriteOneToClear, 0x00, "S", "3"),
        new(R.Dword, 4, 4, ReadWrite, 0x00, "D", "4"),
        new(R.WriteOnly, 8, 2, WriteOnly, 0x00, "WO", "5"),
        new(R.ReadOnly, 8, 2, ReadOnly, 0x00, "RO", "6"),
        new(R.Fixed, 12, 2, Reserved, 0xbeef, "F", "7"),
        new(R.Row, 16, 2, ReadWrite, 0x00, "N", "8") { Count = 3, StrideBytes = 4 },
    ]);

    private readonly Device device = new();

    private sealed class Device : IRegisterFile<R>
    {
        public List<(R Register, int Index, ulong Value)> Writes { get; } = [];
        public List<R> Reads { get; } = [];
        public ulong Stored { get; set; } = 0x8877_6655_4433_2211;

        public ulong Peek(R register, int index) => Stored;

        public ulong Read(R register, int index)
        {
            Reads.Add(register);
            return Stored;
        }

        public void Write(R register, int index, ulong value) => Writes.Add((register, index, value));
    }

    private ulong Read(ulong offset, byte size, IoFlags flags = IoFlags.None)
    {
        Assert.Equal(IoStatus.Ok,
            Map.Read(device, new IoAccess { Offset = offset, Size = size, Flags = flags }, out ulong value));
        return value;
    }

    private void Write(ulong offset, byte size, ulong value) =>
        Assert.Equal(IoStatus.Ok, Map.Write(device, new IoAccess { Offset = offset, Size = size }, value));

    [Fact]
    public void Read_Whole_GivesTheRegister() => Assert.Equal(0x4433_2211u, Read(4, 4));

    [Fact]
    public void Read_PartOfARegister_ReadsItOnceAndShifts()
    {
        Assert.Equal(0x33u, Read(6, 1));
        Assert.Equal([R.Dword], device.Reads);
    }

    [Fact]
    public void Read_Straddling_TakesPiecesInAscendingOrder()
    {
        Assert.Equal(0x11_2211_11u, Read(0, 4));
        Assert.Equal([R.Byte, R.Word, R.Status], device.Reads);
    }

    [Fact]
    public void Read_BesideRegisters_FillsIn()
    {
        Assert.Equal(0xeeee_beefu, Read(12, 4));
        Assert.Equal(IoStatus.NoRegister, Map.Read(device, new IoAccess { Offset = 28, Size = 4 }, out _));
    }

    [Fact]
    public void Read_ByADebugger_HasNoEffect()
    {
        Assert.Equal(0x2211u, Read(8, 2, IoFlags.Debug));
        Assert.Empty(device.Reads);
    }

    [Fact]
    public void Write_Whole_ArrivesAsWritten()
    {
        Write(4, 4, 0xdead_beef);
        Assert.Equal([(R.Dword, 0, 0xdead_beef)], device.Writes);
    }

    [Fact]
    public void Write_Narrow_KeepsTheOtherBytes()
    {
        Write(5, 1, 0xaa);
        Assert.Equal((R.Dword, 0, 0x8877_6655_4433_aa11), Assert.Single(device.Writes));
    }

    [Fact]
    public void Write_ReadOnlyBits_KeepsThem()
    {
        Write(1, 2, 0xffff);
        Assert.Equal((R.Word, 0, 0x8877_6655_4433_2fff), Assert.Single(device.Writes));
    }

    [Fact]
    public void Write_NarrowToWriteOnly_CarriesZeroes()
    {
        Write(9, 1, 0xaa);
        Assert.Equal((R.WriteOnly, 0, 0xaa00ul), Assert.Single(device.Writes));
    }

    [Fact]
    public void Write_Wide_IsSplitIntoRegisters()
    {
        Write(0, 8, 0x1122_3344_5566_7788);
        Assert.Equal([R.Byte, R.Word, R.Status, R.Dword], device.Writes.Select(w => w.Register));
        Assert.Equal([0x88ul, 0x8877_6655_4433_2677, 0x55, 0x1122_3344], device.Writes.Select(w => w.Value));
    }

    [Fact]
    public void Write_RunOfRegisters_TellsWhich()
    {
        Write(20, 2, 0x1234);
        Assert.Equal((R.Row, 1, 0x1234ul), Assert.Single(device.Writes));
    }

    [Fact]
    public void Write_ToReserved_IsDropped()
    {
        Write(12, 2, 0);
        Assert.Empty(device.Writes);
    }

    [Theory]
    [InlineData(32ul, 1)]
    [InlineData(31ul, 2)]
    [InlineData(ulong.MaxValue, 1)]
    public void Access_BeyondTheRegion_IsNoRegister(ulong offset, byte size) =>
        Assert.Equal(IoStatus.NoRegister, Map.Read(device, new IoAccess { Offset = offset, Size = size }, out _));

    [Fact]
    public void Table_WithOverlap_IsRefused() => Assert.Throws<ArgumentException>(() => new RegisterMap<R>(8, 0,
        new Register<R>(R.Word, 0, 2, ReadWrite, 0, "W", "1"), new Register<R>(R.Byte, 1, 1, ReadWrite, 0, "B", "2")));

    [Fact]
    public void Markdown_HasARowForEachRegister() =>
        Assert.Equal(Map.Rows.Count + 2, Map.ToMarkdown().Split('\n').Length - 1);
}
