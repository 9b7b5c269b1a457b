using System.Buffers;
using Hv.Sdk.State;

namespace Hv.Sdk.Registers.Tests;

public sealed class ByteFifoTests
{
    [Fact]
    public void PushAndPop_Wrapping_KeepTheOrder()
    {
        ByteFifo fifo = new();
        Queue<byte> model = new();
        Random random = new(1);
        for (int i = 0; i < 1000; i++)
        {
            byte b = (byte)i;
            if (random.Next(2) == 0)
            {
                Assert.Equal(model.Count < ByteFifo.Capacity, fifo.TryPush(b));
                if (model.Count < ByteFifo.Capacity) model.Enqueue(b);
            }
            else
            {
                Assert.Equal(model.TryDequeue(out byte expected) ? expected : 0, fifo.Pop());
            }
            Assert.Equal((model.Count, model.Count == 0, model.Count == ByteFifo.Capacity),
                (fifo.Count, fifo.IsEmpty, fifo.IsFull));
        }
    }

    [Fact]
    public void SaveAndLoad_HalfFull_GivesTheSame()
    {
        ByteFifo fifo = new();
        for (byte i = 0; i < 20; i++)
        {
            _ = fifo.TryPush(i);
            if (i < 9) _ = fifo.Pop();
        }
        ArrayBufferWriter<byte> bytes = new();
        fifo.Save(new StateWriter(bytes));
        ByteFifo twin = ByteFifo.Load(new StateReader(bytes.WrittenMemory, ByteFifo.StateVersion));
        while (!fifo.IsEmpty) Assert.Equal(fifo.Pop(), twin.Pop());
        Assert.True(twin.IsEmpty);
    }
}
