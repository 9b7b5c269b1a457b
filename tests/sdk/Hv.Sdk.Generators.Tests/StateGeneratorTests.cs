using System.Buffers;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Sdk.Generators.Tests;

public sealed class StateGeneratorTests
{
    private static byte[] Save(SampleState state)
    {
        ArrayBufferWriter<byte> buffer = new();
        state.Save(new StateWriter(buffer));
        return buffer.WrittenSpan.ToArray();
    }

    private static SampleState Changed()
    {
        SampleState s = new()
        {
            Control = 1, Level2 = -7, Offset = long.MinValue, Parity = Parity.Odd, Name = "ü", Due = VmTime.FromNs(99),
            Bytes = [1, 2, 3], Bounded = 9, Channel = new() { Count = 77, Gate = false },
        };
        s.Fifo[2] = 0xbeef;
        s.Words[3] = 0x1234;
        s.Channels[1].Count = uint.MaxValue;
        s.Flags[1] = true;
        return s;
    }

    [Fact]
    public void Load_OfWhatSaveWrote_GivesEveryFieldBack()
    {
        byte[] bytes = Save(Changed());
        SampleState loaded = SampleState.Load(new StateReader(bytes, 3));
        Assert.Equal((byte)1, loaded.Control);
        Assert.Equal(-7, loaded.Level2);
        Assert.Equal(long.MinValue, loaded.Offset);
        Assert.Equal(Parity.Odd, loaded.Parity);
        Assert.Equal("ü", loaded.Name);
        Assert.Equal(VmTime.FromNs(99), loaded.Due);
        Assert.Equal([0, 0, 0xbeef], loaded.Fifo);
        Assert.Equal([1, 2, 3], loaded.Bytes);
        Assert.Equal(0x1234, loaded.Words[3]);
        Assert.Equal(77u, loaded.Channel.Count);
        Assert.False(loaded.Channel.Gate);
        Assert.Equal(uint.MaxValue, loaded.Channels[1].Count);
        Assert.True(loaded.Channels[1].Gate);
        Assert.Equal([false, true, false], loaded.Flags);
        Assert.Equal(bytes, Save(loaded));
    }

    [Fact]
    public void Load_OfNothing_KeepsInitialValues()
    {
        SampleState loaded = SampleState.Load(new StateReader(Array.Empty<byte>(), 2));
        Assert.Equal(0x60, loaded.Control);
        Assert.Equal(-4, loaded.Offset);
        Assert.Equal("uart", loaded.Name);
        Assert.Equal(VmTime.Never, loaded.Due);
        Assert.Equal(5u, loaded.Channels[0].Count);
    }

    [Fact]
    public void Load_OfAnOlderVersionThanRead_IsRefused() =>
        Assert.Contains("version 1", Assert.Throws<StateException>(
            () => SampleState.Load(new StateReader(Array.Empty<byte>(), 1))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(1, 256ul)]
    [InlineData(12, 10ul)]
    [InlineData(2, 34ul)] // 17 as a signed number: zigzag
    public void Load_OfANumberOutOfBounds_IsRefused(int tag, ulong value)
    {
        ArrayBufferWriter<byte> buffer = new();
        new StateWriter(buffer).UInt(tag, value);
        Assert.Throws<StateException>(() => SampleState.Load(new StateReader(buffer.WrittenMemory, 3)));
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(8, 9)]
    [InlineData(9, 9)]
    public void Load_OfAnArrayThatIsTooLong_IsRefused(int tag, int bytes)
    {
        ArrayBufferWriter<byte> buffer = new();
        new StateWriter(buffer).Bytes(tag, new byte[bytes]);
        Assert.Throws<StateException>(() => SampleState.Load(new StateReader(buffer.WrittenMemory, 3)));
    }

    [Fact]
    public void Load_OfTooManyGroups_IsRefused()
    {
        ArrayBufferWriter<byte> buffer = new();
        StateWriter writer = new(buffer);
        for (int i = 0; i < 3; i++) writer.Group(11, _ => { });
        Assert.Throws<StateException>(() => SampleState.Load(new StateReader(buffer.WrittenMemory, 3)));
    }
}
