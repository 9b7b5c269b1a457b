using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Engines;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Io;
using Hv.Vmm.Strands;
using Hv.Vmm.Time;

namespace Hv.Vmm.Benchmarks;

/// <summary>A vCPU as the bus sees it: each look finds another instruction.</summary>
internal sealed class EverNextVcpu : IVcpu
{
    private ulong retired;

    public ulong Retired => retired++;
    public VcpuExit Run(in RunBudget budget) => throw new NotSupportedException();

    public void Kick()
    {
    }

    public void Notify()
    {
    }

    public void ReadState(ref VcpuState state)
    {
    }

    public void WriteState(in VcpuState state)
    {
    }

    public void Dispose()
    {
    }
}

/// <summary>A fault that does nothing: what it costs to stand in the way.</summary>
internal sealed class PassThrough : IFaultFactory, IFaultDecorator<IIoHandler>
{
    public OptionSchema Options => OptionSchema.Empty;
    public IFault Create(OptionValues options) => this;
    public IIoHandler Decorate(IIoHandler inner, in FaultSite site, IFaultScope scope) =>
        new ForwardingIoHandler(inner);
}

/// <summary>A disk of zeroes that takes everything.</summary>
internal sealed class ZeroFormat : IDiskFormat, IDiskImage
{
    public OptionSchema Options => OptionSchema.Empty;
    public long LengthBytes => 1 << 20;
    public int SectorBytes => 512;
    public bool IsConcurrent => true;
    public bool CanDiscard => false;
    public ProbeScore Probe(ReadOnlySpan<byte> head, string fileName) => ProbeScore.Maybe;
    public IDiskImage Open(IDiskOpen open, OptionValues options) => this;

    public BlockStatus Read(long offsetBytes, Span<byte> to)
    {
        to.Clear();
        return BlockStatus.Ok;
    }

    public BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from) => BlockStatus.Ok;
    public BlockStatus Flush() => BlockStatus.Ok;
    public BlockStatus Discard(long offsetBytes, long lengthBytes) => BlockStatus.Unsupported;
    public BlockStatus WriteZeroes(long offsetBytes, long lengthBytes, bool mayUnmap) => BlockStatus.Ok;

    public void Dispose()
    {
    }
}

/// <summary>Whose timers fire on a device's strand.</summary>
internal sealed class StrandOwner(Strand strand) : ITimerOwner
{
    public string Path => "bench";
    public Strand Strand => strand;
    public bool IsFailed => false;
    public bool KeepsItsTimers => true;

    public void CountTimer()
    {
    }

    public void Fail(string where, Exception exception) =>
        throw new InvalidOperationException($"a timer failed {where}", exception);
}
