using System.Diagnostics.CodeAnalysis;

namespace Hv.Sdk.Engines;

/// <summary>The vCPUs of one machine and their view of guest memory.</summary>
[Experimental("HVX001")]
public interface IPartition : IDisposable
{
    /// <summary>Replaces the whole memory map in one transaction. Slots are sorted, page-aligned and do not overlap;
    /// what lies in no slot goes to the bus. The core calls it only while no vCPU is inside
    /// <see cref="IVcpu.Run"/>.</summary>
    void SetMemoryMap(ReadOnlySpan<MemorySlot> slots);

    /// <summary>Host code (DMA, loaders) is about to write, or wrote, guest memory: drop anything decoded or translated
    /// from it. Called before and after each write. Any thread, also while vCPUs run; must be quick when no code lies
    /// there.</summary>
    void InvalidateCode(GuestPhysicalAddress start, ulong lengthBytes);

    /// <summary>Brings every <see cref="MemorySlot.DirtyMap"/> up to date and arms tracking anew, so that a page whose
    /// mark is cleared afterwards is marked again by its next write. The core calls it while no vCPU runs.</summary>
    void SyncDirtyLog();

    /// <summary>Makes vCPU <paramref name="index"/>, in the state that the manual gives after power-on.</summary>
    /// <param name="index">0 to VcpuCount − 1; also the local APIC id.</param>
    /// <param name="apic">The vCPU's interrupt controller; called only on the thread that is in
    /// <see cref="IVcpu.Run"/>.</param>
    /// <param name="bus">The vCPU's road to devices; called only on that thread.</param>
    IVcpu CreateVcpu(int index, ILocalApic apic, IVcpuBus bus);

    /// <summary>Counters for <c>--stats</c>, for example instructions executed by kind. Called while no vCPU
    /// runs.</summary>
    void Inspect(IInspector to);
}
