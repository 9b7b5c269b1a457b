using System.Diagnostics.CodeAnalysis;

namespace Hv.Sdk.Engines;

/// <summary>Input pins that all processors of a machine share, as the set of those that are asserted.</summary>
[Flags]
public enum ProcessorPins : byte
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>A20M#: bit 20 of every physical address of a vCPU reads as zero, except in system-management mode. DMA
    /// is not concerned.</summary>
    A20Mask = 1,
    /// <summary>IGNNE#: while CR0.NE is clear, x87 instructions do not wait for a pending exception to be handled (SDM
    /// vol. 1, 8.7.2).</summary>
    IgnoreNumericError = 2,
}

/// <summary>The vCPUs of one machine and their views of guest memory: one outside system-management mode and one inside
/// it. A vCPU changes from one to the other when it takes an SMI and when it executes RSM.</summary>
[Experimental("HVX001")]
public interface IPartition : IDisposable
{
    /// <summary>Replaces the whole memory map, all views of it, in one transaction. Slots are sorted, page-aligned and
    /// do not overlap within one view; a slot belongs to both views unless its flags say otherwise. What lies in no
    /// slot of a view goes to the bus. The core calls it only while no vCPU is inside
    /// <see cref="IVcpu.Run"/>.</summary>
    void SetMemoryMap(ReadOnlySpan<MemorySlot> slots);

    /// <summary>Sets the pins. Not part of any saved state: the core says it again after a restore. Any thread,
    /// lock-free; a vCPU follows at its next instruction boundary, the one whose port access is the cause before its
    /// next instruction.</summary>
    void SetPins(ProcessorPins asserted);

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
