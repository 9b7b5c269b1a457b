using Hv.Sdk;
using Hv.Sdk.Engines;

namespace Hv.Memory.Tests;

/// <summary>Records what memory tells an engine.</summary>
internal sealed class FakePartition : IPartition
{
    public List<MemorySlot[]> Maps { get; } = [];
    public List<(ulong Start, ulong Length)> Invalidated { get; } = [];
    public Action OnInvalidate { get; set; } = () => { };

    public void SetMemoryMap(ReadOnlySpan<MemorySlot> slots) => Maps.Add(slots.ToArray());

    public void SetPins(ProcessorPins asserted)
    {
    }

    public void InvalidateCode(GuestPhysicalAddress start, ulong lengthBytes)
    {
        Invalidated.Add((start.Value, lengthBytes));
        OnInvalidate();
    }

    public void SyncDirtyLog()
    {
    }

    public IVcpu CreateVcpu(int index, ILocalApic apic, IVcpuBus bus) =>
        throw new NotSupportedException("no test runs code");

    public void Inspect(IInspector to)
    {
    }

    public void Dispose()
    {
    }
}
