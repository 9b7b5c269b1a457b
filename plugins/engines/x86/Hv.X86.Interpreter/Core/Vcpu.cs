using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hv.Sdk.Engines;
using Hv.Sdk.Time;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>One vCPU: the dispatcher around the handlers, requests from other threads, and the managed services that
/// handlers reach through <see cref="Of"/>.</summary>
internal sealed unsafe class Vcpu : IVcpu
{
    [Flags]
    private enum Request
    {
        Kick = 1,
        Notify = 2,
        Invalidate = 4,
        FlushWrites = 8,
        Pins = 16,
    }

    // Chained blocks come back to the dispatcher at least this often. It bounds the stack where a runtime does not turn
    // the handlers' tail calls into jumps (debug builds), and the latency of everything that is only looked at here.
    private const ulong MaxChain = 4096;

    private const int MaxInvalidations = 1024;

    private readonly Lock invalidationLock = new();
    private readonly List<(ulong Page, ulong Granules)> invalidations = [];
    private readonly Cpu* cpu;
    private GCHandle handle;
    private int requests;
    private int isRunning;
    private bool isDisposed;
    private bool dropsAllBlocks;

    public Vcpu(Partition partition, int index, ILocalApic apic, IVcpuBus bus)
    {
        Partition = partition;
        Index = index;
        Apic = apic;
        Bus = bus;
        handle = GCHandle.Alloc(this);
        cpu = (Cpu*)NativeMemory.AlignedAlloc((nuint)sizeof(Cpu), 64);
        NativeMemory.Clear(cpu, (nuint)sizeof(Cpu));
        cpu->Owner = GCHandle.ToIntPtr(handle);
        Tlb.Allocate(cpu);
        Blocks = new BlockCache(this, cpu, partition.Table, partition.ArenaBytes);
        Blocks.SetMemoryMap(partition.Map.FilePages);
        Tsc = new ClockDomain(partition.Context.TscHz);
        PowerOn.Reset(cpu, index == 0);
        UpdateAddressMask();
        CpuMode.Refresh(cpu);
    }

    /// <summary>The vCPU of a Cpu.</summary>
    // SAFETY: Owner is the handle made in the constructor; it lives until Dispose, after the last Run.
    [MethodImpl(Jit.Inline)]
    public static Vcpu Of(Cpu* cpu) => Unsafe.As<Vcpu>(GCHandle.FromIntPtr(cpu->Owner).Target!);

    public Partition Partition { get; }
    public MemoryMap Map => Partition.Map;
    /// <summary>Physical memory as the vCPU sees it now.</summary>
    public MemoryView View => cpu->InSmm == 0 ? Partition.Map.Normal : Partition.Map.Smm;
    public int Index { get; }
    public ILocalApic Apic { get; }
    public IVcpuBus Bus { get; }
    public BlockCache Blocks { get; }
    /// <summary>What the guest is told that this is.</summary>
    public CpuidModel Model => Partition.Model;
    /// <summary>What happened, for <c>--stats</c>.</summary>
    public Counters Counters { get; } = new();
    public ClockDomain Tsc { get; }
    /// <summary>The unmanaged state.</summary>
    public Cpu* State => cpu;
    // For each 2 MiB region, and behind that for each 1 GiB region, a bit (by hash) that says whether a large page was
    // used there since the last full flush: INVLPG then has to drop more than one entry.
    private const int RegionWords = 64;
    private readonly ulong[] largeRegions = new ulong[2 * RegionWords];

    // The next instruction waits for a read that was postponed: no event comes before it.
    private bool repeatsRead;

    /// <summary>The time-stamp counter now.</summary>
    public ulong ReadTsc() => Tsc.TicksAt(Partition.Context.Clock.Now) + cpu->TscOffset;

    /// <inheritdoc/>
    public ulong Retired => cpu->Calling == null ? cpu->Retired : cpu->Retired + cpu->Calling->Number;

    /// <summary>True when another thread wants the vCPU's attention: long instructions (REP) stop between steps
    /// then.</summary>
    public bool HasRequests => Volatile.Read(ref requests) != 0;

    /// <inheritdoc/>
    public void Kick() => Post(Request.Kick);

    /// <inheritdoc/>
    public void Notify() => Post(Request.Notify);

    /// <inheritdoc/>
    public VcpuExit Run(in RunBudget budget)
    {
        ulong start = cpu->Retired;
        ulong end = budget.Instructions > ulong.MaxValue - start ? ulong.MaxValue : start + budget.Instructions;
        Volatile.Write(ref isRunning, 1);
        Interlocked.MemoryBarrier();
        VcpuExitReason reason = RunLoop(end);
        Volatile.Write(ref isRunning, 0);
        return new VcpuExit { Reason = reason };
    }

    /// <inheritdoc/>
    public void ReadState(ref VcpuState state) => StateTransfer.Read(cpu, ref state);

    /// <inheritdoc/>
    public void WriteState(in VcpuState state)
    {
        StateTransfer.Write(cpu, in state);
        repeatsRead = false;
        UpdateAddressMask();
        NumericErrorPin.Update(cpu, null);
        CpuMode.Refresh(cpu);
        Tlb.FlushAll(cpu);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Whoever made the vCPU disposes of it, and so does its partition.
        if (isDisposed) return;
        isDisposed = true;
        Blocks.Dispose();
        NativeMemory.AlignedFree(cpu->TlbBase);
        NativeMemory.AlignedFree(cpu);
        handle.Free();
    }

    /// <summary>The memory map changed; no vCPU runs.</summary>
    public void MemoryMapChanged()
    {
        Blocks.SetMemoryMap(Map.FilePages);
        Tlb.FlushAll(cpu);
    }

    /// <summary>Code was written by somebody else: drop what was decoded from it before the next block. Any
    /// thread.</summary>
    public void PostInvalidation(ulong filePage, ulong granules)
    {
        lock (invalidationLock)
        {
            // A vCPU that does not run does not fetch its mail: beyond the limit it will drop everything instead.
            if (invalidations.Count < MaxInvalidations) invalidations.Add((filePage, granules));
            else dropsAllBlocks = true;
        }
        Post(Request.Invalidate);
    }

    /// <summary>The processors' pins have changed. Any thread.</summary>
    public void PostPins() => Post(Request.Pins);

    /// <summary>Derives what A20M# does to addresses: nothing in SMM, so that SMRAM is found whatever the gate says.
    /// True when that has changed: translations must go.</summary>
    public bool UpdateAddressMask()
    {
        const ulong a20 = 1 << 20;
        bool isMasked = (Partition.Pins & ProcessorPins.A20Mask) != 0 && cpu->InSmm == 0;
        ulong before = cpu->AddressMask;
        cpu->AddressMask = isMasked ? ~a20 : ulong.MaxValue;
        return cpu->AddressMask != before;
    }

    /// <summary>Asks for all write translations to be dropped. Any thread.</summary>
    public void PostFlushWrites() => Post(Request.FlushWrites);

    /// <summary>Waits until write translations asked for by <see cref="PostFlushWrites"/> are gone, or the vCPU is
    /// outside Run, where it drops them before it executes anything. Serves <paramref name="waiter"/>'s own such
    /// request meanwhile, so that two that wait for each other both go on.</summary>
    public void WaitForFlushWrites(Vcpu waiter)
    {
        SpinWait spin = default;
        Interlocked.MemoryBarrier();
        while ((Volatile.Read(ref requests) & (int)Request.FlushWrites) != 0 && Volatile.Read(ref isRunning) != 0)
        {
            waiter.ServeFlushWrites();
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>A vCPU writes a page: remembered, so that whoever decodes code from it finds the writer.</summary>
    public void NoteWriter(ulong filePage) => Partition.NoteWriter(Index, filePage);

    /// <summary>A translation came from a page of 2 MiB, 4 MiB or 1 GiB.</summary>
    public void NoteLargePage(ulong linear, int shift)
    {
        if (shift == 30)
        {
            Mark(linear >> 30, RegionWords);
            return;
        }
        // A 4 MiB page takes both of its halves.
        ulong region = linear >> 21;
        Mark(region, 0);
        if (shift == 22) Mark(region ^ 1, 0);
    }

    /// <summary>Whether an address may lie in a large page that is in use.</summary>
    public bool IsInLargePage(ulong linear) => IsMarked(linear >> 21, 0) || IsMarked(linear >> 30, RegionWords);

    /// <summary>All translations are gone.</summary>
    public void ForgetLargePages() => Array.Clear(largeRegions);

    private static int RegionBit(ulong region) => (int)(region * 0x9E37_79B9_7F4A_7C15 >> 52);

    private void Mark(ulong region, int start) =>
        largeRegions[start + (RegionBit(region) >> 6)] |= 1ul << (RegionBit(region) & 63);

    private bool IsMarked(ulong region, int start) =>
        (largeRegions[start + (RegionBit(region) >> 6)] >> (RegionBit(region) & 63) & 1) != 0;

    private void Post(Request request)
    {
        Interlocked.Or(ref requests, (int)request);
        Volatile.Write(ref cpu->StopAt, 0);
    }

    private void ServeFlushWrites()
    {
        if ((Volatile.Read(ref requests) & (int)Request.FlushWrites) == 0) return;
        Tlb.FlushWrites(cpu);
        Interlocked.And(ref requests, ~(int)Request.FlushWrites);
    }

    /// Hot path: runs once per chain of blocks.
    private VcpuExitReason RunLoop(ulong end)
    {
        while (true)
        {
            if (Volatile.Read(ref requests) != 0 && TakeRequests()) return VcpuExitReason.Kicked;
            if (!repeatsRead && (cpu->Activity != VcpuActivity.Running || cpu->EventPending != 0
                || cpu->PendingDebug != 0 || Apic.Pending != VcpuSignals.None))
            {
                VcpuExitReason? exit = Events.BeforeInstruction(this, cpu);
                if (exit != null) return exit.Value;
                if (cpu->EventPending != 0) continue;
            }
            if (cpu->Retired >= end) return VcpuExitReason.Budget;

            bool isSingle = end - cpu->Retired < Block.MaxInstructions || Events.NeedsSingleSteps(cpu);
            ulong stopAt = isSingle ? cpu->Retired + 1
                : Math.Min(cpu->Retired + MaxChain, end == ulong.MaxValue ? end : end - Block.MaxInstructions + 1);
            Volatile.Write(ref cpu->StopAt, stopAt);
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref requests) != 0) continue;

            repeatsRead = false;
            byte shadow = cpu->Shadow;
            bool traps = false;
            Op* op;
            if (isSingle)
            {
                traps = (cpu->Rflags & Flags.Tf) != 0;
                if (!Events.BeforeSingleStep(cpu)) continue;
                op = Blocks.Find(CodeMode.Single);
            }
            else
            {
                op = Blocks.FindAndRemember();
            }
            if (op != null) op->Fn(cpu, op);
            // A shadow covers one instruction; one that was set by that instruction itself stays.
            if (shadow != 0) cpu->Shadow = (byte)(cpu->Shadow == shadow ? 0 : cpu->Shadow);
            if (cpu->Stop != Stop.None)
            {
                Stop stop = cpu->Stop;
                cpu->Stop = Stop.None;
                if (stop == Stop.Deferred)
                {
                    cpu->Shadow = shadow;
                    repeatsRead = true;
                    return VcpuExitReason.Deferred;
                }
                if (stop == Stop.NumericError)
                {
                    // The instruction is tried again after an interrupt, or when somebody wakes the vCPU.
                    if (Events.WouldTakeInterruption(this, cpu)) continue;
                    return VcpuExitReason.Halt;
                }
                if (stop == Stop.Halt) cpu->Activity = VcpuActivity.Halted;
                else if (stop == Stop.Shutdown) cpu->Activity = VcpuActivity.Shutdown;
            }
            if (isSingle) Events.AfterSingleStep(cpu, traps);
        }
    }

    /// <summary>Serves requests; true when one was a kick.</summary>
    private bool TakeRequests()
    {
        ServeFlushWrites();
        var taken = (Request)Interlocked.And(ref requests, (int)Request.FlushWrites);
        if ((taken & Request.Invalidate) != 0)
        {
            lock (invalidationLock)
            {
                if (dropsAllBlocks) Blocks.Reset();
                else foreach ((ulong page, ulong granules) in invalidations) Blocks.Invalidate(page, granules);
                invalidations.Clear();
                dropsAllBlocks = false;
            }
        }
        if ((taken & Request.Pins) != 0 && UpdateAddressMask()) Tlb.FlushAll(cpu);
        return (taken & Request.Kick) != 0;
    }
}
