using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Engines;
using Hv.Sdk.Io;
using Hv.Sdk.Signals;
using Hv.Sdk.State;

namespace Hv.Chipset.LocalApic;

/// <summary>The local APICs of all vCPUs and the messages between them (SDM 3A, 11.6 and 11.11). Concurrent: each APIC
/// belongs to its vCPU's thread, and everything that comes from elsewhere is an atomic bit and a
/// notification.</summary>
// Deviation: the registers stay at FEE00000h; an APIC whose base was moved does not answer there, and not at its new
// base either. Deviation: input polarity has no meaning, since lines are asserted or not. Delivery is instant: delivery
// status reads idle.
public sealed class LocalApics(LocalApicOptions options) : IDevice, IStateful, IIoHandler, IIrqHandler, ILocalApics,
    IMsiTarget, IAcpiContributor
{
    private LocalApicsState state = new();
    private IDeviceContext context = null!;
    private LocalApic[] apics = [];
    private IrqInputs lint0;
    private IrqInputs lint1;
    private IInterruptAcknowledge[] legacyControllers = [];
    private IEndOfInterruptListener[] listeners = [];

    /// <inheritdoc/>
    public string StateId => LocalApicsState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => LocalApicsState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => LocalApicsState.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        this.context = context;
        apics = new LocalApic[context.VcpuCount];
        for (int i = 0; i < apics.Length; i++) apics[i] = new LocalApic(this, context, i);
        lint0 = context.IrqIn("lint0", 1, this);
        lint1 = context.IrqIn("lint1", 1, new Lint1(this));
        _ = context.MapMemory("registers", Spec.DefaultBase, Spec.PageBytes, this, 0);
        context.Provide<ILocalApics>(this);
        context.Provide<IMsiTarget>(this);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        FindPeers();
        state = new LocalApicsState { Signals = new uint[apics.Length] };
        foreach (LocalApic apic in apics)
        {
            apic.State = new LocalApicState();
            apic.PowerOn(options.VirtualWire);
            Notify(apic.Index);
        }
    }

    private void FindPeers()
    {
        legacyControllers = [.. context.Services<IInterruptAcknowledge>()];
        listeners = [.. context.Services<IEndOfInterruptListener>()];
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) =>
        new LocalApicsState { Apics = [.. apics.Select(a => a.State)], Signals = state.Signals }.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        LocalApicsState loaded = LocalApicsState.Load(reader);
        if (loaded.Apics.Length != apics.Length || loaded.Signals.Length != apics.Length)
            throw new StateException($"the state is of {loaded.Apics.Length} vCPUs, the machine has {apics.Length}");
        FindPeers();
        state = loaded;
        foreach (LocalApic apic in apics)
        {
            apic.State = loaded.Apics[apic.Index];
            Notify(apic.Index);
        }
    }

    /// <inheritdoc/>
    public void Dispose() { }

    /// <inheritdoc/>
    public ILocalApic this[int vcpu] => apics[vcpu];

    /// <summary>Tells a vCPU to look at its APIC. Any thread.</summary>
    internal void Notify(int vcpu) => context.Vcpus.Notify(vcpu);

    /// <summary>A vCPU's signals: changed atomically.</summary>
    internal ref uint Signals(int vcpu) => ref state.Signals[vcpu];

    // --- registers ---

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value)
    {
        value = 0;
        return TryFind(access, out LocalApic apic) ? Spec.Xapic.Read(apic, access, out value) : IoStatus.NoRegister;
    }

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value) =>
        TryFind(access, out LocalApic apic) ? Spec.Xapic.Write(apic, access, value) : IoStatus.NoRegister;

    private bool TryFind(in IoAccess access, out LocalApic apic)
    {
        apic = apics[Math.Min(access.Initiator, apics.Length - 1)];
        return apic.AnswersAtDefaultBase;
    }

    // --- messages: any thread ---

    /// <inheritdoc/>
    public void Send(in MsiMessage message)
    {
        if (message.Address >> 20 != 0xfee)
        {
            context.Log.GuestError("a message-signalled interrupt outside FEExxxxxh");
            return;
        }
        // Table of 11.11.1 and 11.11.2; the redirection hint asks for the lowest priority among those addressed.
        bool isLogical = (message.Address & 4) != 0, isRedirected = (message.Address & 8) != 0;
        DeliveryMode mode = (DeliveryMode)(message.Data >> 8 & 7);
        if (mode == DeliveryMode.Fixed && isRedirected && isLogical) mode = DeliveryMode.LowestPriority;
        bool isLevel = (message.Data & (1 << 15)) != 0;
        uint destination = (uint)(message.Address >> 12 & 0xff);
        Deliver(new Message { Mode = mode, Vector = (byte)message.Data, IsLevel = isLevel }, Destination.Field, null,
            destination == 0xff ? uint.MaxValue : destination, isLogical);
    }

    /// <summary>Delivers to everyone addressed, or to one of them. <paramref name="destination"/> all ones is
    /// everyone.</summary>
    internal void Deliver(
        in Message message, Destination shorthand, LocalApic? sender, uint destination, bool isLogical)
    {
        if (shorthand == Destination.Self)
        {
            sender!.Accept(message);
            return;
        }
        LocalApic? lowest = null;
        foreach (LocalApic apic in apics)
        {
            bool isAddressed = shorthand switch
            {
                Destination.All => apic.IsHardwareEnabled,
                Destination.Others => apic != sender && apic.IsHardwareEnabled,
                _ => apic.IsAddressed(destination, isLogical),
            };
            if (!isAddressed) continue;
            if (message.Mode != DeliveryMode.LowestPriority)
            {
                apic.Accept(message);
                continue;
            }
            if (!apic.IsSoftwareEnabled) continue;
            if (apic.IsFocus(message.Vector))
            {
                lowest = apic;
                break;
            }
            if (lowest is null || apic.ProcessorPriority < lowest.ProcessorPriority) lowest = apic;
        }
        lowest?.Accept(message);
    }

    internal void BroadcastEndOfInterrupt(byte vector)
    {
        foreach (IEndOfInterruptListener listener in listeners) listener.EndOfInterrupt(vector);
    }

    // --- local pins: any thread ---

    /// <summary>INTR is asserted, and there is somebody who knows the vector.</summary>
    internal bool HasExtInt => lint0[0] && legacyControllers.Length > 0;
    internal bool IsExtIntAsserted => lint0[0];
    internal bool IsNmiAsserted => lint1[0];

    /// <summary>Runs the 8259's acknowledge cycle, if it still asks for one: on LINT0, or where a message said
    /// so.</summary>
    internal bool TryAcknowledgeExtInt(bool isMessage, out byte vector)
    {
        vector = 0;
        if (legacyControllers.Length == 0
            || !(isMessage ? legacyControllers[0].IsAsserted : IsExtIntAsserted)) return false;
        vector = legacyControllers[0].Acknowledge();
        return true;
    }

    /// <inheritdoc/>
    public void PinChanged(int pin, bool level) => PinChanged(Lvt.Lint0, pin, level);

    private void PinChanged(int source, int pin, bool level)
    {
        if (pin != 0) return;
        foreach (LocalApic apic in apics) apic.PinChanged(source, level);
    }

    private sealed class Lint1(LocalApics apics) : IIrqHandler
    {
        public void PinChanged(int pin, bool level) => apics.PinChanged(Lvt.Lint1, pin, level);
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder)
    {
        builder.Fadt.LocalApicAddress = (uint)Spec.DefaultBase;
        for (int i = 0; i < apics.Length; i++) builder.MadtEntry(
            MadtEntry.LocalApic((byte)i, (byte)i, isEnabled: true));
        builder.MadtEntry(MadtEntry.LocalApicNmi(processorUid: 0xff, pin: 1));
    }
}
