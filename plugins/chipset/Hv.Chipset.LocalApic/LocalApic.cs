using System.Numerics;
using Hv.Sdk.Engines;
using Hv.Sdk.Io;
using Hv.Sdk.Registers;

namespace Hv.Chipset.LocalApic;

/// <summary>The local APIC of one vCPU (Intel SDM volume 3A, chapter 11). Members are called on the vCPU's thread,
/// except those marked "any thread": they set bits atomically and notify the vCPU.</summary>
internal sealed class LocalApic : ILocalApic, IRegisterFile<Reg>
{
    private const int LowestLegalVector = 16;

    private readonly LocalApics bus;
    private readonly LocalApicTimer timer;

    public LocalApic(LocalApics bus, Hv.Sdk.IDeviceContext context, int index)
    {
        this.bus = bus;
        Index = index;
        timer = new LocalApicTimer(this, context, index);
    }

    public int Index { get; }

    public LocalApicState State { get; set; } = new();

    private ref uint Signals => ref bus.Signals(Index);

    // --- modes ---

    public bool IsHardwareEnabled => (State.ApicBase & ApicBaseMsr.Enable) != 0;
    public bool IsX2apic =>
        (State.ApicBase & (ApicBaseMsr.Enable | ApicBaseMsr.X2apic)) == (ApicBaseMsr.Enable | ApicBaseMsr.X2apic);
    public bool IsSoftwareEnabled => IsHardwareEnabled && (Volatile.Read(ref State.SpuriousVector) & Svr.Enable) != 0;
    public bool AnswersAtDefaultBase =>
        IsHardwareEnabled && !IsX2apic && (State.ApicBase & ApicBaseMsr.AddressMask) == Spec.DefaultBase;

    // --- ILocalApic ---

    /// <inheritdoc/>
    public VcpuSignals Pending
    {
        get
        {
            VcpuSignals signals = (VcpuSignals)(byte)Volatile.Read(ref Signals);
            if (bus.HasExtInt && AcceptsExtInt) signals |= VcpuSignals.Interrupt;
            if (IsSoftwareEnabled
                && Highest(State.InterruptRequest) >> 4 > ProcessorPriority >> 4) signals |= VcpuSignals.Interrupt;
            return signals;
        }
    }

    /// <inheritdoc/>
    public int AcknowledgeInterrupt()
    {
        bool isMessage = ((VcpuSignals)(byte)Volatile.Read(ref Signals) & VcpuSignals.Interrupt) != 0;
        if (isMessage) _ = Interlocked.And(ref Signals, ~(uint)VcpuSignals.Interrupt);
        if ((isMessage || AcceptsExtInt) && bus.TryAcknowledgeExtInt(isMessage, out byte external)) return external;
        if (!IsSoftwareEnabled) return -1;
        int vector = Highest(State.InterruptRequest);
        if (vector < 0 || vector >> 4 <= ProcessorPriority >> 4) return -1;
        _ = Interlocked.And(ref State.InterruptRequest[vector >> 5], ~Bit(vector));
        State.InService[vector >> 5] |= Bit(vector);
        return vector;
    }

    /// <inheritdoc/>
    public void Take(VcpuSignals signal, out byte vector)
    {
        uint before = Interlocked.And(ref Signals, ~(uint)(signal & ~VcpuSignals.Interrupt));
        vector = signal == VcpuSignals.Sipi ? (byte)(before >> 8) : (byte)0;
    }

    /// <inheritdoc/>
    public byte Cr8
    {
        get => (byte)(State.TaskPriority >> 4);
        set => Volatile.Write(ref State.TaskPriority, (byte)(value << 4));
    }

    /// <inheritdoc/>
    public ulong ApicBase => State.ApicBase;

    /// <inheritdoc/>
    public MsrStatus ReadMsr(uint msr, out ulong value)
    {
        value = 0;
        switch (msr)
        {
            case 0x1b: value = State.ApicBase; return MsrStatus.Ok;
            case 0x6e0: value = timer.Deadline; return MsrStatus.Ok;
        }
        if (!TryFindMsr(msr, out Register<Reg>? row)
            || row.Access == RegisterAccess.WriteOnly) return MsrStatus.GeneralProtection;
        _ = Spec.X2apic.Read(this, MsrAccess(msr), out value);
        return MsrStatus.Ok;
    }

    /// <inheritdoc/>
    public MsrStatus WriteMsr(uint msr, ulong value)
    {
        switch (msr)
        {
            case 0x1b: return WriteApicBase(value);
            case 0x6e0: timer.WriteDeadline(value); return MsrStatus.Ok;
        }
        if (!TryFindMsr(msr, out Register<Reg>? row) || row.Access == RegisterAccess.ReadOnly
            || (value & ~row.Writable) != 0)
            return MsrStatus.GeneralProtection;
        _ = Spec.X2apic.Write(this, MsrAccess(msr), value);
        return MsrStatus.Ok;
    }

    /// <inheritdoc/>
    public void OnInit() => ResetRegisters();

    private bool TryFindMsr(uint msr, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Register<Reg>? row)
    {
        row = null;
        return IsX2apic && msr is >= Spec.FirstMsr and <= Spec.FirstMsr + 0xff
            && Spec.X2apic.TryFind((int)(msr - Spec.FirstMsr) * 8, out row);
    }

    private static IoAccess MsrAccess(uint msr) => new() { Offset = (msr - Spec.FirstMsr) * 8, Size = 8 };

    /// <summary>The legal transitions (11.12.5); the others are #GP.</summary>
    private MsrStatus WriteApicBase(ulong value)
    {
        const ulong mode = ApicBaseMsr.Enable | ApicBaseMsr.X2apic;
        if ((value & ~(ApicBaseMsr.AddressMask | mode
            | ApicBaseMsr.BootstrapProcessor)) != 0) return MsrStatus.GeneralProtection;
        ulong from = State.ApicBase & mode, to = value & mode;
        bool isLegal = to != ApicBaseMsr.X2apic
            && !(from == 0 && to == mode) && !(from == mode && to == ApicBaseMsr.Enable);
        if (!isLegal) return MsrStatus.GeneralProtection;
        ulong bootstrap = State.ApicBase & ApicBaseMsr.BootstrapProcessor;
        Volatile.Write(ref State.ApicBase, (value & ~ApicBaseMsr.BootstrapProcessor) | bootstrap);
        if (to == 0) ResetRegisters();
        bus.Notify(Index);
        return MsrStatus.Ok;
    }

    /// <summary>Power-on: the base too.</summary>
    public void PowerOn(bool isVirtualWire)
    {
        State.ApicBase = Spec.DefaultBase | ApicBaseMsr.Enable | (Index == 0 ? ApicBaseMsr.BootstrapProcessor : 0);
        if (!isVirtualWire || Index != 0) return;
        // What firmware leaves behind on the boot processor: virtual wire mode (MP specification 1.4, 3.6.2.2).
        State.SpuriousVector = Svr.Enable | 0xff;
        State.LocalVectors[Lvt.Lint0] = (uint)DeliveryMode.ExtInt << 8;
        State.LocalVectors[Lvt.Lint1] = (uint)DeliveryMode.Nmi << 8;
    }

    /// <summary>The state after INIT (11.4.7.3): id and base stay.</summary>
    private void ResetRegisters()
    {
        timer.Stop();
        State = new LocalApicState { ApicBase = State.ApicBase };
    }

    // --- registers ---

    /// <inheritdoc/>
    public ulong Peek(Reg register, int index) => register switch
    {
        Reg.Id => IsX2apic ? (uint)Index : (uint)Index << 24,
        Reg.Version => Spec.Version,
        Reg.TaskPriority => State.TaskPriority,
        Reg.ProcessorPriority => ProcessorPriority,
        Reg.LogicalDestination => LogicalId,
        Reg.DestinationFormat => State.DestinationFormat,
        Reg.SpuriousVector => State.SpuriousVector,
        Reg.InService => State.InService[index],
        Reg.TriggerMode => Volatile.Read(ref State.TriggerMode[index]),
        Reg.InterruptRequest => Volatile.Read(ref State.InterruptRequest[index]),
        Reg.ErrorStatus => State.ErrorStatus,
        Reg.InterruptCommand => IsX2apic ? (ulong)State.CommandHigh << 32 | State.CommandLow : State.CommandLow,
        Reg.InterruptCommandHigh => State.CommandHigh,
        Reg.LocalVector => State.LocalVectors[index],
        Reg.InitialCount => timer.InitialCount,
        Reg.CurrentCount => timer.CurrentCount,
        Reg.DivideConfiguration => State.DivideConfiguration,
        _ => 0,
    };

    /// <inheritdoc/>
    public void Write(Reg register, int index, ulong value)
    {
        switch (register)
        {
            case Reg.TaskPriority: Volatile.Write(ref State.TaskPriority, (byte)value); break;
            case Reg.EndOfInterrupt: EndOfInterrupt(); break;
            case Reg.LogicalDestination: Volatile.Write(ref State.LogicalDestination, (uint)value); break;
            case Reg.DestinationFormat: Volatile.Write(ref State.DestinationFormat, (uint)value); break;
            case Reg.SpuriousVector: WriteSpuriousVector((uint)value); break;
            case Reg.ErrorStatus: State.ErrorStatus = Interlocked.Exchange(ref State.PendingErrors, 0); break;
            case Reg.InterruptCommand: WriteCommand(value); break;
            case Reg.InterruptCommandHigh: State.CommandHigh = (uint)value; break;
            case Reg.LocalVector: WriteLocalVector(index, (uint)value); break;
            case Reg.InitialCount: timer.WriteInitialCount((uint)value); break;
            case Reg.DivideConfiguration: timer.WriteDivideConfiguration((byte)value); break;
            case Reg.SelfIpi: Send(DeliveryMode.Fixed, (byte)value, Destination.Self, 0, isLogical: false); break;
        }
        // A lower priority, an EOI or an unmasked entry may have made something deliverable.
        if (Pending != VcpuSignals.None) bus.Notify(Index);
    }

    private void WriteSpuriousVector(uint value)
    {
        Volatile.Write(ref State.SpuriousVector, value);
        if ((value & Svr.Enable) != 0) return;
        // While the APIC is disabled by software every local vector is masked (11.4.7.2).
        for (int i = 0; i < Lvt.Count; i++) Volatile.Write(
            ref State.LocalVectors[i], State.LocalVectors[i] | Lvt.Masked);
    }

    private void WriteLocalVector(int index, uint value)
    {
        uint before = State.LocalVectors[index], writable = Lvt.Writable[index];
        uint after = (value & writable) | (before & ~writable);
        if (!IsSoftwareEnabled) after |= Lvt.Masked;
        if ((after & Lvt.LevelTriggered) == 0) after &= ~Lvt.RemoteIrr;
        Volatile.Write(ref State.LocalVectors[index], after);
        if (index == Lvt.Timer) timer.ModeChanged(before);
        if (index == Lvt.Lint0) RequestLevel(index, bus.IsExtIntAsserted);
        if (index == Lvt.Lint1) RequestLevel(index, bus.IsNmiAsserted);
    }

    private void WriteCommand(ulong value)
    {
        State.CommandLow = (uint)value;
        if (IsX2apic) State.CommandHigh = (uint)(value >> 32);
        DeliveryMode mode = (DeliveryMode)(value >> 8 & 7);
        bool isDeassert = (value & (1 << 14)) == 0;
        // INIT level de-assert only synchronised arbitration on an APIC bus (11.6.1).
        if (mode == DeliveryMode.Init && isDeassert && (value & (1 << 15)) != 0) return;
        uint destination = IsX2apic ? State.CommandHigh : State.CommandHigh >> 24;
        Send(mode, (byte)value, (Destination)(value >> 18 & 3), destination, isLogical: (value & (1 << 11)) != 0);
    }

    private void Send(DeliveryMode mode, byte vector, Destination shorthand, uint destination, bool isLogical)
    {
        if (mode is DeliveryMode.Fixed or DeliveryMode.LowestPriority && vector < LowestLegalVector)
        {
            ReportError(Esr.SendIllegalVector);
            return;
        }
        Message message = new() { Mode = mode, Vector = vector, IsLevel = false };
        uint broadcast = IsX2apic ? uint.MaxValue : 0xff;
        bus.Deliver(message, shorthand, this, destination == broadcast ? uint.MaxValue : destination, isLogical);
    }

    // --- priorities ---

    private static uint Bit(int vector) => 1u << (vector & 31);

    /// <summary>The highest vector whose bit is set; −1 when none is.</summary>
    private static int Highest(uint[] bits)
    {
        for (int i = 7; i >= 0; i--)
        {
            uint word = Volatile.Read(ref bits[i]);
            if (word != 0) return i * 32 + BitOperations.Log2(word);
        }
        return -1;
    }

    /// <summary>11.8.3.1. Any thread: another APIC asks to find the lowest.</summary>
    public byte ProcessorPriority
    {
        get
        {
            byte task = Volatile.Read(ref State.TaskPriority);
            int service = Math.Max(Highest(State.InService), 0);
            return task >> 4 >= service >> 4 ? task : (byte)(service & 0xf0);
        }
    }

    private void EndOfInterrupt()
    {
        int vector = Highest(State.InService);
        if (vector < 0) return;
        State.InService[vector >> 5] &= ~Bit(vector);
        if ((Volatile.Read(ref State.TriggerMode[vector >> 5]) & Bit(vector)) == 0) return;
        if ((State.SpuriousVector & Svr.SuppressEoiBroadcast) == 0) bus.BroadcastEndOfInterrupt((byte)vector);
        EndOfLevel(Lvt.Lint0, vector, bus.IsExtIntAsserted);
        EndOfLevel(Lvt.Lint1, vector, bus.IsNmiAsserted);
    }

    // --- what comes in: any thread ---

    /// <summary>xAPIC: the register; x2APIC: cluster and bit derived from the id (11.12.10.2).</summary>
    private uint LogicalId =>
        IsX2apic ? (uint)(Index >> 4 << 16 | 1 << (Index & 15)) : Volatile.Read(ref State.LogicalDestination);

    /// <summary>Whether a message to this destination is for this APIC (11.6.2). All ones is everyone. Any
    /// thread.</summary>
    public bool IsAddressed(uint destination, bool isLogical)
    {
        if (!IsHardwareEnabled) return false;
        if (destination == uint.MaxValue) return true;
        if (!isLogical) return destination == Index;
        uint mine = LogicalId;
        if (IsX2apic) return mine >> 16 == destination >> 16 && (mine & destination & 0xffff) != 0;
        bool isCluster = Volatile.Read(ref State.DestinationFormat) >> 28 == 0;
        mine >>= 24;
        return isCluster ? (mine >> 4 == destination >> 4 || destination >> 4 == 0xf) && (mine & destination & 0xf) != 0
            : (mine & destination) != 0;
    }

    /// <summary>Whether the vector already waits or is served here: then this is the focus processor (11.6.2.4). Any
    /// thread.</summary>
    public bool IsFocus(byte vector)
    {
        uint here = Volatile.Read(ref State.InterruptRequest[vector >> 5])
            | Volatile.Read(ref State.InService[vector >> 5]);
        return (here & Bit(vector)) != 0 && (Volatile.Read(ref State.SpuriousVector) & Svr.FocusDisabled) == 0;
    }

    /// <summary>Takes a message. Any thread.</summary>
    public void Accept(in Message message)
    {
        switch (message.Mode)
        {
            case DeliveryMode.Fixed or DeliveryMode.LowestPriority: AcceptVector(message.Vector, message.IsLevel);
                break;
            case DeliveryMode.Smi: Signal(VcpuSignals.Smi); break;
            case DeliveryMode.Nmi: Signal(VcpuSignals.Nmi); break;
            case DeliveryMode.Init: Signal(VcpuSignals.Init); break;
            case DeliveryMode.StartUp: SignalStartUp(message.Vector); break;
            case DeliveryMode.ExtInt: Signal(VcpuSignals.Interrupt); break;
        }
    }

    private void AcceptVector(byte vector, bool isLevel)
    {
        if (!IsSoftwareEnabled) return;
        if (vector < LowestLegalVector)
        {
            ReportError(Esr.ReceiveIllegalVector);
            return;
        }
        // The trigger mode first: whoever sees the request must see how it came.
        if (isLevel) _ = Interlocked.Or(ref State.TriggerMode[vector >> 5], Bit(vector));
        else _ = Interlocked.And(ref State.TriggerMode[vector >> 5], ~Bit(vector));
        _ = Interlocked.Or(ref State.InterruptRequest[vector >> 5], Bit(vector));
        bus.Notify(Index);
    }

    private void Signal(VcpuSignals signal)
    {
        _ = Interlocked.Or(ref Signals, (uint)signal);
        bus.Notify(Index);
    }

    private void SignalStartUp(byte vector)
    {
        uint before, after;
        do
        {
            before = Volatile.Read(ref Signals);
            after = (before & 0xff) | (uint)VcpuSignals.Sipi | (uint)vector << 8;
        }
        while (Interlocked.CompareExchange(ref Signals, after, before) != before);
        bus.Notify(Index);
    }

    private void ReportError(uint error)
    {
        _ = Interlocked.Or(ref State.PendingErrors, error);
        LocalInterrupt(Lvt.Error);
    }

    /// <summary>The timer or the error logic interrupts. Any thread.</summary>
    public void LocalInterrupt(int source)
    {
        uint entry = Volatile.Read(ref State.LocalVectors[source]);
        // An illegal vector here is an error only where it cannot come from the error entry itself.
        if ((entry & Lvt.Masked) != 0 || (source == Lvt.Error && (entry & 0xff) < LowestLegalVector)) return;
        AcceptVector((byte)entry, isLevel: false);
    }

    // --- LINT0 and LINT1 ---

    /// <summary>INTR reaches the processor: through LINT0 as ExtINT, or directly while the APIC is disabled
    /// (11.4.3).</summary>
    private bool AcceptsExtInt
    {
        get
        {
            if (!IsHardwareEnabled) return Index == 0;
            uint entry = Volatile.Read(ref State.LocalVectors[Lvt.Lint0]);
            return (entry & Lvt.Masked) == 0 && (DeliveryMode)(entry >> 8 & 7) == DeliveryMode.ExtInt;
        }
    }

    /// <summary>A local pin changed. Any thread.</summary>
    public void PinChanged(int source, bool level)
    {
        if (!IsHardwareEnabled)
        {
            if (Index != 0) return;
            if (source == Lvt.Lint1 && level) Signal(VcpuSignals.Nmi);
            bus.Notify(Index);
            return;
        }
        uint entry = Volatile.Read(ref State.LocalVectors[source]);
        DeliveryMode mode = (DeliveryMode)(entry >> 8 & 7);
        if (mode == DeliveryMode.ExtInt) bus.Notify(Index);
        else if (mode == DeliveryMode.Fixed && (entry & Lvt.LevelTriggered) != 0) RequestLevel(source, level);
        else if (level && (entry & Lvt.Masked) == 0) Accept(new Message { Mode = mode, Vector = (byte)entry });
    }

    private void RequestLevel(int source, bool level)
    {
        uint entry = Volatile.Read(ref State.LocalVectors[source]);
        bool isLevelFixed = (DeliveryMode)(entry >> 8 & 7) == DeliveryMode.Fixed && (entry & Lvt.LevelTriggered) != 0;
        if (!level || !isLevelFixed || (entry & (Lvt.Masked | Lvt.RemoteIrr)) != 0) return;
        if ((entry & 0xff) < LowestLegalVector) return;
        _ = Interlocked.Or(ref State.LocalVectors[source], Lvt.RemoteIrr);
        AcceptVector((byte)entry, isLevel: true);
    }

    private void EndOfLevel(int source, int vector, bool level)
    {
        uint entry = Volatile.Read(ref State.LocalVectors[source]);
        if ((entry & Lvt.RemoteIrr) == 0 || (byte)entry != vector) return;
        _ = Interlocked.And(ref State.LocalVectors[source], ~Lvt.RemoteIrr);
        RequestLevel(source, level);
    }
}
