using Hv.Sdk.Io;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Sdk.TestKit.Tests;

/// <summary>Four ports: count (a read counts up), limit, control (bit 0 starts a timer that counts up every 100 µs),
/// and a table of four bytes at the count. The line is high while the count is above the limit.</summary>
public sealed class Counter : IDevice, IStateful, IIoHandler
{
    private const ushort Port = 0x100;
    private const long PeriodNs = 100_000;
    private CounterState state = new();
    private IVmClock clock = null!;
    private IVmTimer timer = null!;
    private IrqLine line;

    public string StateId => CounterState.StateId;
    public ushort StateVersion => CounterState.StateVersion;
    public ushort OldestStateVersion => CounterState.OldestStateVersion;

    public void Attach(IDeviceContext context)
    {
        clock = context.Clock;
        line = context.IrqOut("irq");
        timer = context.CreateTimer("tick", Tick);
        _ = context.MapPorts("registers", Port, 4, this, 0);
    }

    public void Reset(ResetKind kind)
    {
        state = new CounterState();
        line.Set(false);
    }

    public void Save(StateWriter writer) => state.Save(writer);

    public void Load(StateReader reader)
    {
        state = CounterState.Load(reader);
        if (state.Count >= 64) throw new StateException("count");
        Update();
    }

    public void Dispose() { }

    private void Update() => line.Set(state.Count > state.Limit);

    private void Advance()
    {
        state.Count = (byte)((state.Count + 1) & 63);
        Update();
    }

    private void Tick(VmTime due)
    {
        Advance();
        if (state.IsTicking) timer.Arm(due.AddNs(PeriodNs));
    }

    public IoStatus Read(in IoAccess access, out ulong value)
    {
        value = access.Offset switch
        {
            0 => state.Count,
            1 => state.Limit,
            2 => state.IsTicking ? 1u : 0,
            _ => state.Table[state.Count],
        };
        if (access.Offset == 0 && !access.IsDebug) Advance();
        return IoStatus.Ok;
    }

    public IoStatus Write(in IoAccess access, ulong value)
    {
        switch (access.Offset)
        {
            case 1: state.Limit = (byte)value; break;
            case 2: Control((value & 1) != 0); break;
            case 3: state.Table[state.Count] = (byte)value; break;
        }
        Update();
        return IoStatus.Ok;
    }

    private void Control(bool ticks)
    {
        state.IsTicking = ticks;
        if (ticks) timer.Arm(clock.Now.AddNs(PeriodNs));
        else timer.Cancel();
    }
}

[DeviceState("counter", 1)]
public sealed partial class CounterState
{
    [Field(1)] public byte Count;
    [Field(2)] public byte Limit;
    [Field(3)] public bool IsTicking;
    [Field(4)] public readonly byte[] Table = new byte[64];
}

[Device("counter")]
public sealed class CounterPlugin : IDeviceFactory
{
    public OptionSchema Options => OptionSchema.Empty;
    public IDevice Create(OptionValues options) => new Counter();
}
