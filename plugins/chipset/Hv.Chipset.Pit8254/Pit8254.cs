using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Io;
using Hv.Sdk.Registers;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Chipset.Pit8254;

/// <summary>The 8254 interval timer of a PC with port 61h. Counter 0 drives <c>irq0</c>, counter 1 only shows in the
/// refresh bit, counter 2 is the speaker's and the one that kernels calibrate with.</summary>
// Deviation: in modes 2 to 5 the line irq0 falls just before it rises, not when the counter's output does. Deviation: a
// period under 20 µs interrupts every 20 µs. Ticks missed because the host came too late are merged into one.
public sealed class Pit8254(Pit8254Options options) : IDevice, IStateful, IIoHandler, IRegisterFile<Reg>,
    IAcpiContributor
{
    private const int SystemToken = 1;
    private const long ShortestPeriodNs = 20_000;
    private static readonly ClockDomain Clock = new(Spec.ClockHz);

    private readonly Counter[] counters = [new(), new(), new()];
    private Pit8254State state = new();
    private IVmClock clock = null!;
    private IVmTimer timer = null!;
    private IrqLine irq0;

    /// <inheritdoc/>
    public string StateId => Pit8254State.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => Pit8254State.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => Pit8254State.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        clock = context.Clock;
        irq0 = context.IrqOut("irq0");
        timer = context.CreateTimer("counter0", OnCounter0);
        _ = context.MapPorts("timer", options.Port, Spec.PortCount, this, 0);
        _ = context.MapPorts("system-control", options.SystemControlPort, 1, this, SystemToken);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        Use(new Pit8254State());
        // The gates of counters 0 and 1 are tied high.
        for (int i = 0; i < Spec.Speaker; i++) counters[i].State.Gate = true;
        UpdateLine();
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        Use(Pit8254State.Load(reader));
        UpdateLine();
    }

    private void Use(Pit8254State taken)
    {
        state = taken;
        for (int i = 0; i < counters.Length; i++) counters[i].State = taken.Counters[i];
    }

    /// <inheritdoc/>
    public void Dispose() { }

    private ulong Now => Clock.TicksAt(clock.Now);

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value) => Map(access).Read(this, access, out value);

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value) => Map(access).Write(this, access, value);

    private static RegisterMap<Reg> Map(in IoAccess access) => access.Token == SystemToken ? Spec.System : Spec.Timer;

    /// <inheritdoc/>
    public ulong Peek(Reg register, int index) => register switch
    {
        Reg.Counter => counters[index].Peek(Now),
        Reg.SystemControl => SystemControl(),
        _ => 0,
    };

    /// <inheritdoc/>
    public ulong Read(Reg register, int index) =>
        register == Reg.Counter ? counters[index].Read(Now) : Peek(register, index);

    /// <inheritdoc/>
    public void Write(Reg register, int index, ulong value)
    {
        switch (register)
        {
            case Reg.Counter: WriteCounter(index, (byte)value); break;
            case Reg.Control: WriteControl((byte)value); break;
            case Reg.SystemControl: WriteSystemControl((byte)value); break;
        }
    }

    private void WriteCounter(int index, byte value)
    {
        counters[index].Write(value, Now);
        if (index == Spec.Tick) UpdateTick();
    }

    private void WriteControl(byte value)
    {
        ulong now = Now;
        int index = value >> 6;
        if (index == 3)
        {
            ReadBack(value, now);
            return;
        }
        if ((value & 0x30) == 0)
        {
            counters[index].LatchCount(now);
            return;
        }
        counters[index].WriteControl(value);
        if (index == Spec.Tick) UpdateTick();
    }

    /// <summary>Latches counts (bit 5 clear) and statuses (bit 4 clear) of the counters in bits 3–1 ("Read-back
    /// command").</summary>
    private void ReadBack(byte command, ulong now)
    {
        for (int i = 0; i < Spec.CounterCount; i++)
        {
            if ((command & 2 << i) == 0) continue;
            if ((command & 0x20) == 0) counters[i].LatchCount(now);
            if ((command & 0x10) == 0) counters[i].LatchStatus(now);
        }
    }

    private byte SystemControl()
    {
        long refreshes = clock.Now.Nanoseconds / Spec.RefreshNs;
        return (byte)(state.SystemControl | ((refreshes & 1) != 0 ? Port61.Refresh : 0)
            | (counters[Spec.Speaker].Out(Now) ? Port61.Out2 : 0));
    }

    private void WriteSystemControl(byte value)
    {
        state.SystemControl = (byte)(value & Port61.Writable);
        counters[Spec.Speaker].SetGate((value & Port61.Gate2) != 0, Now);
    }

    // --- counter 0 and its interrupt ---

    private Counter Tick => counters[Spec.Tick];

    /// <summary>Only mode 0 holds the line low while it counts; the others lower it just before they raise
    /// it.</summary>
    private void UpdateLine() => irq0.Set(Tick.Mode != 0 || Tick.Out(Now));

    private void UpdateTick()
    {
        UpdateLine();
        ulong rise = Tick.NextRise(Now);
        if (rise == 0) timer.Cancel();
        else timer.Arm(Clock.TimeOf(rise));
    }

    private void OnCounter0(VmTime due)
    {
        if (Tick.Mode != 0) irq0.Set(false);
        UpdateLine();
        ulong next = Tick.NextRise(Now);
        if (next == 0) return;
        VmTime at = Clock.TimeOf(next), soonest = clock.Now.AddNs(ShortestPeriodNs);
        timer.Arm(at < soonest ? soonest : at);
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder)
    {
        ResourceTemplate timerResources = new ResourceTemplate().Io(options.Port, Spec.PortCount).Irq(0);
        ResourceTemplate speakerResources = new ResourceTemplate().Io(options.SystemControlPort, 1);
        builder.SystemBus(new AmlWriter()
            .Device("TMR", d => d.HardwareId("PNP0100").Name("_CRS", timerResources))
            .Device("SPKR", d => d.HardwareId("PNP0800").Name("_CRS", speakerResources)).ToArray());
        // PCs wire the timer to pin 2 of the I/O APIC, since pin 0 takes the 8259s.
        builder.MadtEntry(MadtEntry.Override(0, 2, isLevel: false, isActiveLow: false));
    }
}
