using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Io;
using Hv.Sdk.Registers;
using Hv.Sdk.Signals;
using Hv.Sdk.State;

namespace Hv.Chipset.IoApic;

/// <summary>The I/O APIC: 24 inputs that become messages to local APICs (82093AA data sheet), with the EOI register of
/// version 20h.</summary>
// Deviation: the polarity bit is kept but has no meaning, since lines are asserted or not.
// Deviation: delivery is instant: delivery status reads idle.
// Deviation: an edge that comes while its pin is masked is delivered when it is unmasked; the 82093AA lost it.
public sealed class IoApic(IoApicOptions options) : IDevice, IStateful, IIoHandler, IRegisterFile<Reg>, IIrqHandler,
    IEndOfInterruptListener, IAcpiContributor
{
    private IoApicState state = new();
    private IDeviceContext context = null!;
    private IrqInputs pins;

    /// <inheritdoc/>
    public string StateId => IoApicState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => IoApicState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => IoApicState.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        this.context = context;
        pins = context.IrqIn("pin", Spec.PinCount, this);
        _ = context.MapMemory("registers", options.Address, Spec.PageBytes, this, 0);
        context.Provide<IEndOfInterruptListener>(this);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        state = new IoApicState { Id = options.Id };
        state.Redirections.AsSpan().Fill(Redirection.Reset);
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader) => state = IoApicState.Load(reader);

    /// <inheritdoc/>
    public void Dispose() { }

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value) => Spec.Map.Read(this, access, out value);

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value) => Spec.Map.Write(this, access, value);

    /// <inheritdoc/>
    public ulong Peek(Reg register, int index) => register switch
    {
        Reg.Select => state.Select,
        Reg.Window => ReadWindow(),
        _ => 0,
    };

    /// <inheritdoc/>
    public void Write(Reg register, int index, ulong value)
    {
        switch (register)
        {
            case Reg.Select: state.Select = (byte)value; break;
            case Reg.Window: WriteWindow((uint)value); break;
            case Reg.EndOfInterrupt: End((byte)value); break;
        }
    }

    private uint ReadWindow()
    {
        switch (state.Select)
        {
            case Spec.IdSelector or Spec.ArbitrationSelector: return (uint)state.Id << 24;
            case Spec.VersionSelector: return Spec.Version;
        }
        return TryFindRedirection(out int pin, out int shift) ? (uint)(state.Redirections[pin] >> shift) : 0;
    }

    private void WriteWindow(uint value)
    {
        if (state.Select == Spec.IdSelector) state.Id = (byte)(value >> 24 & 0xf);
        if (!TryFindRedirection(out int pin, out int shift)) return;
        WriteRedirection(pin, (ulong)value << shift, Redirection.Writable & ((ulong)uint.MaxValue << shift));
    }

    private bool TryFindRedirection(out int pin, out int shift)
    {
        int index = state.Select - Spec.RedirectionSelector;
        pin = index >> 1;
        shift = (index & 1) * 32;
        return index >= 0 && pin < Spec.PinCount;
    }

    private void WriteRedirection(int pin, ulong value, ulong mask)
    {
        ref ulong entry = ref state.Redirections[pin];
        entry = (entry & ~mask) | (value & mask);
        // Drivers clear a stuck remote IRR by switching the pin to edge and back; the bit means nothing on edges.
        if ((entry & Redirection.LevelTriggered) == 0) entry &= ~Redirection.RemoteIrr;
        Service(pin);
    }

    /// <inheritdoc/>
    public void PinChanged(int pin, bool level)
    {
        if (!level) return;
        if ((state.Redirections[pin] & Redirection.LevelTriggered) == 0) state.PendingEdges |= 1u << pin;
        Service(pin);
    }

    /// <summary>Sends what a pin has to say, if it may: an edge once, a level once until its EOI.</summary>
    private void Service(int pin)
    {
        ref ulong entry = ref state.Redirections[pin];
        if ((entry & Redirection.Masked) != 0) return;
        uint bit = 1u << pin;
        if ((entry & Redirection.LevelTriggered) != 0)
        {
            state.PendingEdges &= ~bit;
            if (!pins[pin] || (entry & Redirection.RemoteIrr) != 0) return;
            // Only fixed and lowest-priority messages are answered with an EOI (3.2.4, bits 10–8).
            if ((entry & Redirection.DeliveryMode) >> 8 <= 1) entry |= Redirection.RemoteIrr;
        }
        else
        {
            if ((state.PendingEdges & bit) == 0) return;
            state.PendingEdges &= ~bit;
        }
        Send(entry);
    }

    /// <summary>A redirection entry as a message: the destination in address bits 19–12, the rest in the data (SDM 3A,
    /// 11.11).</summary>
    private void Send(ulong entry)
    {
        ulong address = 0xfee0_0000 | (entry >> Redirection.DestinationShift) << 12
            | ((entry & Redirection.Logical) != 0 ? 4u : 0u);
        ulong data = (entry & (Redirection.Vector | Redirection.DeliveryMode | Redirection.LevelTriggered)) | 1 << 14;
        context.Msi.Send(new MsiMessage { Address = address, Data = (uint)data });
    }

    /// <inheritdoc/>
    public void EndOfInterrupt(byte vector)
    {
        using StrandScope scope = context.Strand.Enter();
        End(vector);
    }

    private void End(byte vector)
    {
        for (int pin = 0; pin < Spec.PinCount; pin++)
        {
            ref ulong entry = ref state.Redirections[pin];
            if ((entry & Redirection.RemoteIrr) == 0 || (byte)entry != vector) continue;
            entry &= ~Redirection.RemoteIrr;
            Service(pin);
        }
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder) =>
        builder.MadtEntry(MadtEntry.IoApic(options.Id, options.Address, gsiBase: 0));
}
