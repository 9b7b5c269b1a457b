using System.Buffers;
using Hv.Sdk.State;

namespace Hv.Sdk.Tests;

public sealed class StateTests
{
    private static StateReader Written(Action<StateWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        write(new StateWriter(buffer));
        return new StateReader(buffer.WrittenMemory, 1);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(-1L)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void Int_Written_ReadsBack(long value) => Assert.Equal(value, Written(w => w.Int(3, value)).Int(3, 7));

    [Fact]
    public void Fields_InAnyOrder_AreFoundAndUnknownOnesSkipped()
    {
        StateReader reader = Written(w =>
        {
            w.Bytes(900, [1, 2, 3]);
            w.UInt(2, ulong.MaxValue);
            w.Text(1, "é");
            w.Flag(4, true);
        });
        Assert.Equal("é", reader.Text(1, 8));
        Assert.Equal(ulong.MaxValue, reader.UInt(2, 0, ulong.MaxValue));
        Assert.True(reader.Flag(4, false));
        Assert.Equal(5ul, reader.UInt(77, 5, 9));
        Assert.False(reader.Has(77));
    }

    [Fact]
    public void Groups_Written_ReadBackInOrder()
    {
        StateReader reader = Written(w =>
        {
            for (uint i = 0; i < 3; i++) w.Group(1, g => g.UInt(1, 10 + i));
        });
        Assert.Equal([10ul, 11, 12], reader.Groups(1, 3).Select(g => g.UInt(1, 0, 100)));
        Assert.Throws<StateException>(() => reader.Groups(1, 2));
    }

    [Fact]
    public void Values_OutOfBounds_AreRefused()
    {
        StateReader reader = Written(w =>
        {
            w.UInt(1, 256);
            w.Bytes(2, new byte[9]);
            w.UInt(3, 2);
        });
        Assert.Throws<StateException>(() => reader.UInt(1, 0, 255));
        Assert.Throws<StateException>(() => reader.Bytes(2, 8));
        Assert.Throws<StateException>(() => reader.Flag(3, false));
    }

    [Fact]
    public void Reader_OfAnyBytes_EitherReadsOrRefuses()
    {
        Random random = new(3);
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            try
            {
                _ = new StateReader(bytes, 1);
            }
            catch (StateException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 1, 19_999);
    }
}
