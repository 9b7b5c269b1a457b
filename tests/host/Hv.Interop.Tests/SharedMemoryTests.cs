using System.Runtime.InteropServices;

namespace Hv.Interop.Tests;

public sealed class SharedMemoryTests
{
    [Fact]
    public void New_IsZeroedAndWritable()
    {
        using SharedMemory memory = new("test", 1 << 20);
        Assert.Equal(0, Marshal.ReadInt64(memory.Address, (1 << 20) - 8));
        Marshal.WriteInt64(memory.Address, 4096, 42);
        Assert.Equal(42, Marshal.ReadInt64(memory.Address, 4096));
    }

    [Fact]
    public void Discard_PageReadsAsZeroesAndItsNeighboursStay()
    {
        using SharedMemory memory = new("test", 1 << 20);
        for (int page = 0; page < 3; page++) Marshal.WriteInt64(memory.Address, page * 4096, page + 1);
        bool isDone = memory.Discard(4096, 4096);
        Assert.Equal(OperatingSystem.IsLinux(), isDone);
        Assert.Equal((1, isDone ? 0 : 2, 3),
            (Marshal.ReadInt64(memory.Address), Marshal.ReadInt64(memory.Address, 4096),
                Marshal.ReadInt64(memory.Address, 8192)));
    }

    [Fact]
    public void New_MoreThanTheAddressSpace_FailsWithAMessage()
    {
        Exception e = Assert.ThrowsAny<Exception>(() => new SharedMemory("test", 1UL << 62));
        Assert.NotEmpty(e.Message);
    }
}
