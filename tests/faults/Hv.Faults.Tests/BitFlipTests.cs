using System.Numerics;
using Hv.Faults.BitFlips;
using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Engines;
using Hv.Sdk.Memory;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;

namespace Hv.Faults.Tests;

public sealed class BitFlipTests
{
    private static BenchFault Flips(string words) => new(new BitFlipsPlugin(), words);

    private static int BitsSet(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        foreach (byte b in bytes) count += BitOperations.PopCount(b);
        return count;
    }

    [Fact]
    public void Register_ReadAtTheOffset_HasTheMasksBitsFlipped()
    {
        using DeviceBench bench =
            Probe.Bench(Flips("where=region:io,direction=read,address=5,length=1,mask=0x41,count=1"));
        Probe.On(bench).Registers[5] = 0x60;
        Assert.Equal(0u, bench.In(Probe.Port + 4));
        _ = bench.Peek(AddressSpace.Ports, Probe.Port + 5, 1, out ulong peeked);
        Assert.Equal(0x60ul, peeked);
        Assert.Equal(0x21u, bench.In(Probe.Port + 5));
        Assert.Equal(0x60u, bench.In(Probe.Port + 5));
        Assert.Equal("read of 1 bytes at offset 0x5: 0x60 became 0x21", bench.Faults[0].Firings[0].Evidence);
    }

    [Fact]
    public void Register_Written_ReachesTheDeviceFlipped()
    {
        using DeviceBench bench = Probe.Bench(Flips("where=region:*,direction=write"));
        bench.Out(Probe.Port, 0);
        Assert.Equal(1, BitOperations.PopCount(Probe.On(bench).Registers[0]));
    }

    [Fact]
    public void Dma_OnEveryWay_FlipsTheAskedNumberOfBits()
    {
        using DeviceBench bench = Probe.Bench(Flips("where=dma,bits=1"));
        IDmaSpace dma = Probe.On(bench).Context.Dma;
        byte[] bytes = new byte[64];

        Assert.True(dma.TryRead(new(0), bytes));
        Assert.Equal((1, 0), (BitsSet(bytes), BitsSet(bench.Memory.Bytes)));
        Assert.True(dma.TryWrite(new(0), new byte[64]));
        Assert.Equal(1, BitsSet(bench.Memory.Bytes));
        bench.Memory.Bytes.AsSpan().Clear();
        Assert.True(dma.TryWindow(new(0), 64, DmaAccess.Read, out DmaWindow read));
        Assert.Equal((1, 0), (BitsSet(read.Bytes), BitsSet(bench.Memory.Bytes)));
        Assert.True(dma.TryWindow(new(0), 64, DmaAccess.Write, out DmaWindow written));
        written.Bytes.Fill(0xff);
        Assert.Equal(0, BitsSet(bench.Memory.Bytes));
        written.Dispose();
        Assert.Equal(64 * 8 - 1, BitsSet(bench.Memory.Bytes));
        Assert.True(dma.TryLease(new(64), 64, DmaAccess.Write, out IDmaLease lease));
        lease.Bytes.Span.Fill(0xff);
        lease.Dispose();
        Assert.Equal(2 * (64 * 8 - 1), BitsSet(bench.Memory.Bytes));
        Assert.Throws<ObjectDisposedException>(() => lease.Bytes);
        Assert.True(dma.TryReadUInt16(new(256), out ushort value));
        Assert.Equal(1, BitOperations.PopCount(value));
        Assert.False(dma.TryWrite(new(ulong.MaxValue - 8), new byte[4]));
    }

    [Fact]
    public void Disk_Read_IsWrongInMemoryAndRightOnTheMedium()
    {
        using DeviceBench bench = Probe.Bench(Flips("where=drive,bits=3,nth=2"));
        Probe probe = Probe.On(bench);
        bench.Run(() => probe.Submit(BlockOperation.Read, 1, 512));
        Assert.Equal(0, BitsSet(bench.Memory.Bytes));
        bench.Run(() => probe.Submit(BlockOperation.Read, 2, 512));
        Assert.InRange(BitsSet(bench.Memory.Bytes.AsSpan(512, 512)), 1, 3);
        Assert.Equal(0, BitsSet(bench.Backend<BenchDisk>("drive").Bytes));
        Assert.All(probe.Completions, c => Assert.Equal(BlockStatus.Ok, c.Status));
    }

    [Fact]
    public void FramesAndCharacters_AreDamaged()
    {
        using DeviceBench bench = Probe.Bench(Flips("where=netdev,bits=2"), Flips("where=chardev,mask=0x20"));
        Probe probe = Probe.On(bench);
        BenchNet net = bench.Backend<BenchNet>("netdev");
        probe.Net.TrySend(new byte[60], default);
        Assert.InRange(BitsSet(net.Sent[0].Bytes), 0, 2);
        net.Deliver(new byte[60]);
        Assert.InRange(BitsSet(probe.Frames[0].Frame), 0, 2);
        Assert.Equal(3, probe.Line.TrySend("abc"u8));
        Assert.Equal("ABC", bench.Chars.SentText);
        bench.Type("x");
        Assert.Equal("X"u8, probe.Received.ToArray());
    }

    [Fact]
    public void Memory_AtItsMoments_FlipsOneBitInTheRange()
    {
        FaultBench bench = new();
        bench.Add(new BitFlipsPlugin(), "machine:memory", "address=0x1000,length=256,after=5us,period=1us,count=3");
        bench.WireMemory();
        bench.Advance(4_999);
        Assert.Equal(0, BitsSet(bench.Memory.Bytes));
        bench.Advance(10_000);
        Assert.Equal(3, BitsSet(bench.Memory.Bytes));
        Assert.Equal(3, BitsSet(bench.Memory.Bytes.AsSpan(0x1000, 256)));
        Assert.Equal([5_000, 6_000, 7_000], bench.Rule.Firings.Select(f => f.At.Nanoseconds));
    }

    [Fact]
    public void Vcpu_AtItsMoment_HasOneRegisterBitFlippedBeforeItGoesOn()
    {
        FaultBench bench = new();
        bench.Add(new BitFlipsPlugin(), "vcpu0:run", "after=1ms");
        FakeVcpu inner = new();
        IVcpu vcpu = bench.Plan.Wire<IVcpu>("vcpu0", "run", bench.Strand, inner);
        _ = vcpu.Run(RunBudget.Unlimited);
        bench.Advance(1_000_000);
        Assert.Equal((1, 0), (inner.Kicks, inner.Bits));
        _ = vcpu.Run(RunBudget.Unlimited);
        _ = vcpu.Run(RunBudget.Unlimited);
        Assert.Equal((1, 3), (inner.Bits, inner.Runs));
        Assert.Contains("at rip 0x0: 0x0 became 0x", Assert.Single(bench.Rule.Firings).Evidence,
            StringComparison.Ordinal);
    }
}
