using System.Runtime.CompilerServices;
using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.Io;

namespace Hv.Vmm.Tests;

/// <summary>One step of a scripted vCPU; each counts as one retired instruction.</summary>
internal abstract record Step
{
    public sealed record Out(ushort Port, int Size, uint Value) : Step;
    public sealed record In(ushort Port, int Size, int Register) : Step;
    /// <summary>One instruction that reads a byte from each of several ports, the first one highest.</summary>
    public sealed record InAll(int Register, params ushort[] Ports) : Step;
    /// <summary>A repeated instruction: reads bytes from one port and commits after each.</summary>
    public sealed record InRepeated(ushort Port, int Times, int Register) : Step;
    public sealed record ReadMemory(ulong Address, int Size, int Register) : Step;
    public sealed record WriteMemory(ulong Address, int Size, ulong Value) : Step;
    /// <summary>Adds to an 8-byte counter in guest RAM.</summary>
    public sealed record Count(ulong Address) : Step;
    /// <summary>Mixes the clock into a register, as RDTSC would.</summary>
    public sealed record Clock(int Register) : Step;
    public sealed record Jump(int Target) : Step;
    public sealed record Halt : Step;
    public sealed record TripleFault : Step;
    public sealed record Throw : Step;
    /// <summary>Never returns and hears no kick.</summary>
    public sealed record Hang(ManualResetEventSlim Until) : Step;
}

/// <summary>An engine whose vCPUs follow a script. RIP is the index of the next step; GPR 15 counts interrupts, GPR 14
/// holds the last vector.</summary>
internal sealed class ScriptedEngine(params Step[][] scripts) : IEngine
{
    public EngineTraits Traits => EngineTraits.Deterministic | EngineTraits.ExactBudget | EngineTraits.AnyHost;
    public OptionSchema Options => OptionSchema.Empty;
    public string? Why { get; set; }
    public ScriptedPartition? Partition { get; private set; }

    public string? WhyUnavailable() => Why;

    public IPartition CreatePartition(IPartitionContext context, OptionValues options) =>
        Partition = new ScriptedPartition(context, scripts);
}

internal sealed unsafe class ScriptedPartition(IPartitionContext context, Step[][] scripts) : IPartition
{
    private MemorySlot[] slots = [];

    public int Invalidations;
    public IReadOnlyList<MemorySlot> Slots => slots;
    public List<ScriptedVcpu> Vcpus { get; } = [];
    public IPartitionContext Context => context;

    public void SetMemoryMap(ReadOnlySpan<MemorySlot> map) => slots = map.ToArray();

    public ProcessorPins Pins { get; private set; }

    public void SetPins(ProcessorPins asserted) => Pins = asserted;

    public void InvalidateCode(GuestPhysicalAddress start, ulong lengthBytes) =>
        Interlocked.Increment(ref Invalidations);

    public void SyncDirtyLog()
    {
    }

    public IVcpu CreateVcpu(int index, ILocalApic apic, IVcpuBus bus)
    {
        ScriptedVcpu vcpu = new(this, scripts[Math.Min(index, scripts.Length - 1)], apic, bus);
        Vcpus.Add(vcpu);
        return vcpu;
    }

    // SAFETY: the slot covers the address, and the mapping outlives the partition.
    public ref ulong Word(ulong address)
    {
        foreach (MemorySlot slot in slots)
        {
            if (address >= slot.Start.Value && address - slot.Start.Value <= slot.LengthBytes - 8)
                return ref *(ulong*)(slot.Host + (nint)(address - slot.Start.Value));
        }
        throw new InvalidOperationException("the script counts outside RAM");
    }

    public void Inspect(IInspector to) => to.Field("scripts", (ulong)scripts.Length);

    public void Dispose()
    {
    }
}

internal sealed class ScriptedVcpu : IVcpu
{
    private readonly ScriptedPartition partition;
    private readonly Step[] script;
    private readonly ILocalApic apic;
    private readonly IVcpuBus bus;
    private VcpuState state;
    private volatile bool isKicked;

    public ScriptedVcpu(ScriptedPartition partition, Step[] script, ILocalApic apic, IVcpuBus bus)
    {
        this.partition = partition;
        this.script = script;
        this.apic = apic;
        this.bus = bus;
        state.Version = VcpuState.CurrentVersion;
        state.SizeBytes = (uint)Unsafe.SizeOf<VcpuState>();
    }

    public ulong Retired => state.Retired;
    public ulong Register(int index) => state.Gpr[index];

    public VcpuExit Run(in RunBudget budget)
    {
        ulong end = budget.Instructions > ulong.MaxValue - state.Retired
            ? ulong.MaxValue : state.Retired + budget.Instructions;
        while (true)
        {
            if (isKicked)
            {
                isKicked = false;
                return new VcpuExit { Reason = VcpuExitReason.Kicked };
            }
            TakeSignals();
            if (state.Activity == VcpuActivity.WaitForSipi) return new VcpuExit { Reason = VcpuExitReason.WaitForSipi };
            if (state.Activity == VcpuActivity.Halted) return new VcpuExit { Reason = VcpuExitReason.Halt };
            if (state.Retired >= end) return new VcpuExit { Reason = VcpuExitReason.Budget };
            if (state.Rip >= (ulong)script.Length)
            {
                state.Activity = VcpuActivity.Halted;
                continue;
            }
            if (Execute(script[state.Rip]) is { } reason) return new VcpuExit { Reason = reason };
        }
    }

    private void TakeSignals()
    {
        VcpuSignals pending = apic.Pending;
        if ((pending & VcpuSignals.Sipi) != 0)
        {
            apic.Take(VcpuSignals.Sipi, out _);
            if (state.Activity == VcpuActivity.WaitForSipi) state.Activity = VcpuActivity.Running;
        }
        if ((pending & VcpuSignals.Interrupt) == 0 || state.Activity == VcpuActivity.WaitForSipi) return;
        int vector = apic.AcknowledgeInterrupt();
        if (vector < 0) return;
        state.Gpr[14] = (ulong)vector;
        state.Gpr[15]++;
        state.Activity = VcpuActivity.Running;
    }

    private VcpuExitReason? Execute(Step step)
    {
        ulong accumulated = 0;
        switch (step)
        {
            case Step.Out o:
                bus.WritePort(o.Port, o.Size, o.Value);
                break;
            case Step.In i:
                if (bus.ReadPort(i.Port, i.Size, out uint value) == IoStatus.Deferred) return VcpuExitReason.Deferred;
                state.Gpr[i.Register] = value;
                break;
            case Step.ReadMemory r:
                if (bus.ReadMmio(r.Address, r.Size, out ulong wide) == IoStatus.Deferred)
                    return VcpuExitReason.Deferred;
                state.Gpr[r.Register] = wide;
                break;
            case Step.InAll all:
                // One instruction with several reads.
                foreach (ushort port in all.Ports)
                {
                    if (bus.ReadPort(port, 1, out uint one) == IoStatus.Deferred) return VcpuExitReason.Deferred;
                    accumulated = accumulated << 8 | one;
                }
                state.Gpr[all.Register] = accumulated;
                break;
            case Step.InRepeated r:
                // Register 13 counts what is committed.
                for (; state.Gpr[13] < (ulong)r.Times; state.Gpr[13]++)
                {
                    if (bus.ReadPort(r.Port, 1, out uint element) == IoStatus.Deferred) return VcpuExitReason.Deferred;
                    state.Gpr[r.Register] = state.Gpr[r.Register] << 8 | element;
                    bus.Commit();
                }
                break;
            case Step.WriteMemory w:
                bus.WriteMmio(w.Address, w.Size, w.Value);
                break;
            case Step.Count c:
                partition.Word(c.Address)++;
                break;
            case Step.Clock c:
                state.Gpr[c.Register] = state.Gpr[c.Register] * 31 + (ulong)partition.Context.Clock.Now.Nanoseconds;
                break;
            case Step.Jump j:
                state.Rip = (ulong)j.Target;
                state.Retired++;
                return null;
            case Step.Halt:
                state.Activity = VcpuActivity.Halted;
                break;
            case Step.TripleFault:
                state.Activity = VcpuActivity.Shutdown;
                return VcpuExitReason.TripleFault;
            case Step.Throw:
                throw new InvalidOperationException("the engine lost its mind");
            case Step.Hang h:
                h.Until.Wait();
                break;
        }
        state.Rip++;
        state.Retired++;
        return null;
    }

    public void Kick() => isKicked = true;

    public void Notify()
    {
    }

    public void ReadState(ref VcpuState to) => to = state;

    public void WriteState(in VcpuState from) => state = from;

    public void Dispose()
    {
    }
}
