using System.Diagnostics;
using Hv.Sdk.Engines;
using Hv.Sdk.Io;
using Hv.Sdk.Time;
using Hv.X86.Interpreter;

namespace Hv.Sdk.Conformance.Tests.Engines;

/// <summary>The interpreter with one mistake put between it and the core.</summary>
[EngineAttribute("flawed", Title = "The interpreter, spoilt")]
public sealed class FlawedEngine(EngineFlaw flaw) : IEngine
{
    private readonly InterpreterPlugin inner = new();

    public EngineTraits Traits => inner.Traits;
    public OptionSchema Options => inner.Options;
    public string? WhyUnavailable() => inner.WhyUnavailable();

    public IPartition CreatePartition(IPartitionContext context, OptionValues options)
    {
        IPartitionContext given = flaw == EngineFlaw.RunsItsClockTwiceAsFast ? new FastContext(context) : context;
        return new FlawedPartition(inner.CreatePartition(given, options), flaw);
    }

    private sealed class FastContext(IPartitionContext inner) : IPartitionContext, IVmClock
    {
        public string CpuModel => inner.CpuModel;
        public int VcpuCount => inner.VcpuCount;
        public ulong TscHz => inner.TscHz;
        public bool Deterministic => inner.Deterministic;
        public IVmClock Clock => this;
        public IEntropy Entropy => inner.Entropy;
        public IDeviceLog Log => inner.Log;
        public int PhysicalAddressBits => inner.PhysicalAddressBits;
        public void SetNumericError(int vcpu, bool isAsserted) => inner.SetNumericError(vcpu, isAsserted);
        public VmTime Now => VmTime.FromNs(2 * inner.Clock.Now.Nanoseconds);
        public long EpochUnixNs => inner.Clock.EpochUnixNs;
    }
}

/// <summary>Has no name.</summary>
public sealed class NamelessEngine : IEngine
{
    public EngineTraits Traits => EngineTraits.None;
    public OptionSchema Options => OptionSchema.Empty;
    public string? WhyUnavailable() => "it is nothing";
    public IPartition CreatePartition(IPartitionContext context, OptionValues options) =>
        throw new UnavailableException("never");
}

internal sealed class FlawedPartition(IPartition inner, EngineFlaw flaw) : IPartition
{
    private bool hasMap;
    private FlawedVcpu? first;

    public void SetMemoryMap(ReadOnlySpan<MemorySlot> slots)
    {
        if (hasMap && flaw == EngineFlaw.KeepsItsFirstMap) return;
        hasMap = true;
        MemorySlot[] given = slots.ToArray();
        for (int i = 0; i < given.Length; i++) given[i] = Spoilt(given[i]);
        inner.SetMemoryMap(given);
    }

    private MemorySlot Spoilt(MemorySlot slot) => new()
    {
        Start = slot.Start,
        LengthBytes = slot.LengthBytes,
        Host = slot.Host,
        FileOffset = slot.FileOffset,
        DirtyMap = flaw == EngineFlaw.MarksNothing ? 0 : slot.DirtyMap,
        Flags = flaw == EngineFlaw.MarksNothing ? MemorySlotFlags.None
            : flaw == EngineFlaw.WritesReadOnlyMemory ? slot.Flags & ~MemorySlotFlags.ReadOnly : slot.Flags,
    };

    public void InvalidateCode(GuestPhysicalAddress start, ulong lengthBytes)
    {
        if (flaw != EngineFlaw.KeepsOldCode) inner.InvalidateCode(start, lengthBytes);
    }

    public void SetPins(ProcessorPins pins) => inner.SetPins(pins);
    public void SyncDirtyLog() => inner.SyncDirtyLog();

    public IVcpu CreateVcpu(int index, ILocalApic apic, IVcpuBus bus)
    {
        FlawedVcpu vcpu = new(flaw, apic, bus);
        vcpu.Connect(inner.CreateVcpu(index, vcpu.Apic, vcpu.Bus));
        first ??= vcpu;
        return flaw == EngineFlaw.HasOneVcpuForAll ? first : vcpu;
    }

    public void Inspect(IInspector to) => inner.Inspect(to);
    public void Dispose() => inner.Dispose();
}

internal sealed class FlawedVcpu(EngineFlaw flaw, ILocalApic apic, IVcpuBus bus) : IVcpu
{
    private const int Xmm15 = 400, XmmStart = 160, XmmBytes = 256;
    private IVcpu inner = null!;
    private ulong faults;
    private bool isRunning;
    private bool wasWritten;

    public FlawedApic Apic { get; } = new(flaw, apic);
    public FlawedBus Bus { get; } = new(flaw, bus);

    public void Connect(IVcpu to) => inner = to;

    public ulong Retired => inner.Retired + faults + (flaw == EngineFlaw.CountsAccessesEarly && Bus.IsInside ? 1u : 0);

    public VcpuExit Run(in RunBudget budget)
    {
        VcpuState before = Read();
        Apic.TakeEarly(before.Rflags);
        isRunning = true;
        RunBudget given = flaw == EngineFlaw.RunsOneTooMany && budget.Instructions < 100
            ? new RunBudget { Instructions = budget.Instructions + 1 } : budget;
        VcpuExit exit = inner.Run(given);
        isRunning = false;
        VcpuState after = Read();
        if (flaw == EngineFlaw.CountsFaults && after.Cr2 != before.Cr2) faults++;
        if (flaw == EngineFlaw.ClearsFlagsBetweenRuns && exit.Reason == VcpuExitReason.Budget)
        {
            after.Rflags &= ~1ul;
            inner.WriteState(after);
        }
        if (flaw == EngineFlaw.MixesInHostTime)
        {
            after.Gpr[15] = (ulong)Stopwatch.GetTimestamp();
            inner.WriteState(after);
        }
        return flaw == EngineFlaw.CallsATripleFaultHalt && exit.Reason == VcpuExitReason.TripleFault
            ? new VcpuExit { Reason = VcpuExitReason.Halt } : exit;
    }

    private VcpuState Read()
    {
        VcpuState state = default;
        inner.ReadState(ref state);
        return state;
    }

    public void Kick()
    {
        if (flaw == EngineFlaw.ForgetsKicksBeforeRun && !isRunning) return;
        if (flaw == EngineFlaw.IgnoresKicksWhileRunning && isRunning) return;
        inner.Kick();
    }

    public void Notify() => inner.Notify();

    public void ReadState(ref VcpuState state)
    {
        inner.ReadState(ref state);
        state.Retired += faults;
        if (flaw == EngineFlaw.PowersOnElsewhere && !wasWritten) state.Rip = 0;
        Span<byte> xsave = state.Xsave;
        if (flaw == EngineFlaw.ReadsNoXmm) xsave.Slice(XmmStart, XmmBytes).Clear();
    }

    public void WriteState(in VcpuState state)
    {
        wasWritten = true;
        VcpuState given = state;
        if (flaw == EngineFlaw.ForgetsTscAux) given.TscAux = 0;
        Span<byte> xsave = given.Xsave;
        if (flaw == EngineFlaw.ForgetsXmm15) xsave.Slice(Xmm15, 16).Clear();
        inner.WriteState(given);
    }

    public void Dispose() => inner.Dispose();
}

internal sealed class FlawedApic(EngineFlaw flaw, ILocalApic inner) : ILocalApic
{
    private const int SpuriousVector = 0x41;
    private int early = -1;

    public VcpuSignals Pending =>
        (flaw == EngineFlaw.SleepsThroughInterrupts ? inner.Pending & ~VcpuSignals.Interrupt : inner.Pending)
        | (early >= 0 ? VcpuSignals.Interrupt : 0);

    public byte Cr8
    {
        get => inner.Cr8;
        set => inner.Cr8 = value;
    }

    public ulong ApicBase => inner.ApicBase;

    /// <summary>Acknowledges what cannot be delivered yet.</summary>
    public void TakeEarly(ulong flags)
    {
        bool waits = (inner.Pending & VcpuSignals.Interrupt) != 0 && (flags & 0x200) == 0;
        if (flaw == EngineFlaw.TakesInterruptsAtOnce && waits) early = inner.AcknowledgeInterrupt();
    }

    public int AcknowledgeInterrupt()
    {
        if (early >= 0)
        {
            int vector = early;
            early = -1;
            return vector;
        }
        int taken = inner.AcknowledgeInterrupt();
        return taken < 0 && flaw == EngineFlaw.IgnoresGoneInterrupts ? SpuriousVector : taken;
    }

    public void Take(VcpuSignals signal, out byte vector)
    {
        inner.Take(signal, out vector);
        if (flaw == EngineFlaw.LosesTheSipiVector) vector = 0;
        if (flaw == EngineFlaw.AcknowledgesNmisTwice && signal == VcpuSignals.Nmi) inner.Take(signal, out _);
    }

    public MsrStatus ReadMsr(uint msr, out ulong value) => inner.ReadMsr(msr, out value);
    public MsrStatus WriteMsr(uint msr, ulong value) => inner.WriteMsr(msr, value);
    public void OnInit() => inner.OnInit();
}

internal sealed class FlawedBus(EngineFlaw flaw, IVcpuBus inner) : IVcpuBus
{
    private const ulong PageMask = 4095;
    private ulong lastPage = ulong.MaxValue;

    /// <summary>Whether an access is being made.</summary>
    public bool IsInside { get; private set; }

    public IoStatus ReadMmio(ulong gpa, int size, out ulong value)
    {
        IsInside = true;
        IoStatus status = inner.ReadMmio(gpa, size, out value);
        IsInside = false;
        return Answered(status);
    }

    public IoStatus WriteMmio(ulong gpa, int size, ulong value)
    {
        IsInside = true;
        if (flaw == EngineFlaw.NarrowsStores && size == 8) (size, value) = (4, (uint)value);
        ulong page = gpa & ~PageMask;
        if (flaw == EngineFlaw.WrapsInsideThePage && lastPage + PageMask + 1 == page) gpa = lastPage | (gpa & PageMask);
        lastPage = page;
        IoStatus status = inner.WriteMmio(gpa, size, value);
        IsInside = false;
        return status;
    }

    public IoStatus ReadPort(ushort port, int size, out uint value)
    {
        IsInside = true;
        IoStatus status = inner.ReadPort(port, size, out value);
        IsInside = false;
        return Answered(status);
    }

    public IoStatus WritePort(ushort port, int size, uint value)
    {
        IsInside = true;
        IoStatus status = inner.WritePort(port, size, value);
        IsInside = false;
        return status;
    }

    public void Commit() => inner.Commit();

    private IoStatus Answered(IoStatus status) =>
        flaw == EngineFlaw.GoesOnWithoutTheValue && status == IoStatus.Deferred ? IoStatus.Ok : status;
}
