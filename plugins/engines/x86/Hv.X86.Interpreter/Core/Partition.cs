using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>The vCPUs of one machine, its memory map, and what they must tell each other about code and
/// writes.</summary>
internal sealed class Partition : IPartition
{
    // Writers of a file page: 0 nobody, else vCPU index + 1; Several when more than one or not known.
    private const byte Several = 255;

    private readonly List<Vcpu> vcpus = [];
    private readonly Lock wideLock = new();
    private volatile ProcessorPins pins;
    private byte[] writers = [];

    public Partition(IPartitionContext context, nuint arenaBytes)
    {
        Context = context;
        ArenaBytes = arenaBytes;
        Model = CpuidModel.TryCreate(context.CpuModel, context.VcpuCount, context.TscHz, context.PhysicalAddressBits)
            ?? throw new UnavailableException(
                $"there is no CPU model '{context.CpuModel}': use one of {string.Join(", ", CpuidModel.Names)}");
        Table = new OpTable(Model);
    }

    public IPartitionContext Context { get; }
    public CpuidModel Model { get; }
    public nuint ArenaBytes { get; }
    public OpTable Table { get; }
    public MemoryMap Map { get; } = new();
    /// <summary>The processors' pins that are asserted.</summary>
    public ProcessorPins Pins => pins;

    /// <inheritdoc/>
    public IVcpu CreateVcpu(int index, ILocalApic apic, IVcpuBus bus)
    {
        var vcpu = new Vcpu(this, index, apic, bus);
        vcpus.Add(vcpu);
        return vcpu;
    }

    /// <inheritdoc/>
    public void SetMemoryMap(ReadOnlySpan<MemorySlot> slots)
    {
        Map.Set(slots);
        writers = new byte[Map.FilePages];
        foreach (Vcpu vcpu in vcpus) vcpu.MemoryMapChanged();
    }

    /// <inheritdoc/>
    public void SetPins(ProcessorPins asserted)
    {
        if (pins == asserted) return;
        pins = asserted;
        foreach (Vcpu vcpu in vcpus) vcpu.PostPins();
    }

    /// <inheritdoc/>
    public unsafe void InvalidateCode(GuestPhysicalAddress start, ulong lengthBytes)
    {
        ulong gpa = start.Value, end = gpa + lengthBytes;
        while (gpa < end)
        {
            uint offset = (uint)gpa & 0xFFF;
            uint length = (uint)Math.Min(end - gpa, 4096 - offset);
            ulong granules = MemoryMap.Granules(offset, length);
            InvalidateCode(Map.Normal.Find(gpa >> 12), gpa >> 12, granules);
            if (Map.Smm != Map.Normal) InvalidateCode(Map.Smm.Find(gpa >> 12), gpa >> 12, granules);
            gpa += length;
        }
    }

    private unsafe void InvalidateCode(Slot* slot, ulong page, ulong granules)
    {
        if (slot == null) return;
        ulong filePage = slot->FilePage + (page - slot->FirstPage);
        ulong code = Map.TakeCode(filePage, granules);
        if (code != 0) CodeWritten(null, filePage, code);
    }

    /// <inheritdoc/>
    public void SyncDirtyLog()
    {
        // The maps themselves are always up to date; what must go is every write that would not be seen.
        foreach (Vcpu vcpu in vcpus) vcpu.PostFlushWrites();
    }

    /// <inheritdoc/>
    public void Inspect(IInspector to)
    {
        ulong built = 0, resets = 0, invalidated = 0;
        foreach (Vcpu vcpu in vcpus)
        {
            built += vcpu.Blocks.Built;
            resets += vcpu.Blocks.Resets;
            invalidated += vcpu.Blocks.Invalidated;
        }
        to.Field("blocks-built", built);
        to.Field("block-cache-resets", resets);
        to.Field("blocks-invalidated", invalidated);
        Counters sum = new();
        foreach (Vcpu vcpu in vcpus) vcpu.Counters.AddTo(sum);
        sum.Inspect(to);
        foreach (Vcpu vcpu in vcpus) vcpu.Blocks.InspectUnimplemented(to);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Vcpu vcpu in vcpus) vcpu.Dispose();
        vcpus.Clear();
        Map.Dispose();
    }

    /// <summary>Code granules of a page were overwritten: every vCPU drops what it decoded from them, the writer (null:
    /// a device) at once.</summary>
    public void CodeWritten(Vcpu? writer, ulong filePage, ulong granules)
    {
        foreach (Vcpu vcpu in vcpus)
        {
            if (vcpu == writer) vcpu.Blocks.Invalidate(filePage, granules);
            else vcpu.PostInvalidation(filePage, granules);
        }
    }

    /// <summary>CMPXCHG16B: no host operation that .NET offers is 16 bytes wide, so these exclude each other by a lock
    /// of the partition. Their users (lock-free lists) change such pairs with this instruction only. Gives what was in
    /// memory.</summary>
    // SAFETY: the caller got the address from Memory for 16 aligned bytes.
    public unsafe UInt128 CompareExchange16(byte* at, UInt128 expected, UInt128 value)
    {
        lock (wideLock)
        {
            UInt128 old = *(UInt128*)at;
            if (old == expected) *(UInt128*)at = value;
            return old;
        }
    }

    /// <summary>A vCPU enters a write translation for a page.</summary>
    public void NoteWriter(int index, ulong filePage)
    {
        byte mark = (byte)(index + 1), old = writers[filePage];
        if (old != mark) writers[filePage] = old == 0 ? mark : Several;
    }

    /// <summary>A page got its first code bits: no vCPU may go on writing it without being seen. Called before the
    /// code's bytes are read.</summary>
    public unsafe void StopWriters(Vcpu decoder, ulong filePage, byte* hostPage)
    {
        Interlocked.MemoryBarrier();
        byte mark = writers[filePage];
        if (mark == 0) return;
        writers[filePage] = 0;
        Tlb.FlushWritesTo(decoder.State, hostPage);
        if (mark == decoder.Index + 1) return;
        foreach (Vcpu vcpu in vcpus)
        {
            if (vcpu != decoder) vcpu.PostFlushWrites();
        }
        foreach (Vcpu vcpu in vcpus)
        {
            if (vcpu != decoder) vcpu.WaitForFlushWrites(decoder);
        }
    }
}
