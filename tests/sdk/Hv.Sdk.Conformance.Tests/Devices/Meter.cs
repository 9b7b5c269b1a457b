using System.Diagnostics;
using Hv.Sdk.Io;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Time;

namespace Hv.Sdk.Conformance.Tests.Devices;

/// <summary>A model to put mistakes into. Eight ports: count (a read counts up), limit, control (bit 0 starts a timer
/// that counts up every 100 µs, bit 1 sends a message for each count above the limit), a table of 64 bytes at the
/// count, a note (a write appends, a read gives the last), and a mark (a write appends one of eight). The line is high
/// while the count is above the limit.</summary>
public class Meter(Flaw flaw) : IDevice, IStateful, IIoHandler, IInspectable
{
    private const ushort Port = 0x100;
    private const long PeriodNs = 100_000;
    private const int MostNotes = 32, MostMarks = 8;
    private const int NotesTag = 20, MarkTag = 21, SavesTag = 22;

    private static int everCounted;

    private MeterState state = new();
    private readonly List<byte> notes = new(MostNotes);
    private readonly List<byte> marks = new(MostMarks);
    private IVmClock clock = null!;
    private IVmTimer timer = null!;
    private IMsiTarget messages = null!;
    private IrqLine line;
    private System.Threading.Timer? hostTimer;
    private ulong saves;
    private ulong forgotten;
    private bool hasForeignClock;
    private object? garbage;

    public string StateId => MeterState.StateId;
    public ushort StateVersion => MeterState.StateVersion;
    public ushort OldestStateVersion => MeterState.OldestStateVersion;

    public void Attach(IDeviceContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        clock = context.Clock;
        messages = context.Msi;
        hasForeignClock = context.Clock is not BenchClock;
        line = context.IrqOut("irq");
        timer = context.CreateTimer("tick", Tick);
        _ = context.MapPorts("registers", Port, 8, this, 0);
        if (flaw is Flaw.CountsOnAThread) hostTimer = new System.Threading.Timer(_ => state.Limit++, null, 1, 1);
    }

    public void Reset(ResetKind kind)
    {
        byte kept = flaw == Flaw.ResetKeepsTheCount ? state.Count : (byte)0;
        state = new MeterState { Count = kept };
        notes.Clear();
        marks.Clear();
        forgotten = 0;
    }

    public void Save(StateWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        state.Save(writer);
        writer.Bytes(NotesTag, notes.ToArray());
        foreach (byte mark in marks) writer.Group(MarkTag, part => part.UInt(1, mark));
        if (flaw == Flaw.SaveCounts) writer.UInt(SavesTag, ++saves);
    }

    public void Load(StateReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        if (flaw == Flaw.RefusesUnknownFields && Enumerable.Range(1000, 200).Any(reader.Has)) throw new StateException(
            "what is this?");
        state = MeterState.Load(reader);
        if (flaw != Flaw.TrustsItsState && state.Count >= 64) throw new StateException("the count is 0 to 63");
        if (flaw == Flaw.LoadRounds) state.Limit &= 0xfe;
        if (flaw == Flaw.LostATag) state.Limit = 0;
        notes.Clear();
        notes.AddRange(reader.Bytes(NotesTag, flaw == Flaw.TakesAnyLength ? int.MaxValue : MostNotes).Span);
        marks.Clear();
        foreach (StateReader part in reader.Groups(
            MarkTag, flaw == Flaw.TakesAnyNumber ? int.MaxValue : MostMarks)) marks.Add((byte)part.UInt(1, 0, 255));
        if (flaw == Flaw.CancelsItsTimerInLoad) timer.Cancel();
        if (flaw == Flaw.SendsAMessageInLoad) messages.Send(new MsiMessage { Address = 0xfee0_0000, Data = 0x40 });
        if (flaw != Flaw.LeavesTheLineLow) Update();
    }

    public void Inspect(IInspector to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Field("count", state.Count);
        if (flaw == Flaw.InspectionClears) state.Limit = 0;
    }

    public void Dispose() => hostTimer?.Dispose();

    private void Update() => line.Set(state.Count > state.Limit);

    private void UpdateElsewhere()
    {
        Thread other = new(Update);
        other.Start();
        other.Join();
    }

    private void Advance()
    {
        state.Count = (byte)((state.Count + 1) & 63);
        forgotten++;
        everCounted++;
        if (state.SendsMessages && state.Count > state.Limit) messages.Send(
            new MsiMessage { Address = 0xfee0_0000, Data = state.Count });
        Update();
    }

    private void Tick(VmTime due)
    {
        Advance();
        if (state.IsTicking) timer.Arm(flaw == Flaw.NeverStopsTicking ? clock.Now : due.AddNs(PeriodNs));
    }

    public IoStatus Read(in IoAccess access, out ulong value)
    {
        if (flaw == Flaw.Allocates) garbage = new object();
        if (flaw == Flaw.Throws && access.Size == 4) throw new InvalidOperationException("four bytes?");
        value = access.Offset switch
        {
            0 => state.Count,
            1 => state.Limit,
            2 => Hidden(),
            3 => state.Table[state.Count],
            4 => notes.Count > 0 ? notes[^1] : 0u,
            _ => (ulong)marks.Count,
        };
        if (access.Offset == 0 && (!access.IsDebug || flaw == Flaw.DebugReadCounts)) Advance();
        return garbage is null || flaw == Flaw.Allocates ? IoStatus.Ok : IoStatus.BusError;
    }

    /// <summary>Nothing, unless the model has a mistake that is seen here.</summary>
    private ulong Hidden() => flaw switch
    {
        Flaw.ForgetsAField or Flaw.HasStateInSpiteOfNoState => forgotten,
        Flaw.ReadsTheHostsClock => (ulong)Stopwatch.GetTimestamp(),
        Flaw.ReadsTheHostsRandomness => (ulong)Random.Shared.Next(),
        Flaw.CountsInAStatic => (ulong)everCounted,
        Flaw.KnowsItsClocksClass => hasForeignClock ? 1u : 0,
        _ => 0,
    };

    public IoStatus Write(in IoAccess access, ulong value)
    {
        switch (access.Offset)
        {
            case 1: state.Limit = (byte)value; break;
            case 2: Control(value); break;
            case 3: state.Table[state.Count] = (byte)value; break;
            case 4 when notes.Count < MostNotes: notes.Add((byte)value); break;
            case 5 when marks.Count < MostMarks: marks.Add((byte)value); break;
        }
        if (flaw == Flaw.RaisesItsLineFromAThread) UpdateElsewhere();
        Update();
        return IoStatus.Ok;
    }

    private void Control(ulong value)
    {
        state.IsTicking = (value & 1) != 0;
        state.SendsMessages = (value & 2) != 0;
        if (state.IsTicking) timer.Arm(clock.Now.AddNs(PeriodNs));
        else timer.Cancel();
    }
}

/// <summary>Says that it has no state.</summary>
[NoState]
public sealed class StatelessMeter() : Meter(Flaw.HasStateInSpiteOfNoState);

/// <summary>Begins to drain and never ends.</summary>
public sealed class UndrainedMeter() : Meter(Flaw.NeverDrains), IDrain
{
    public bool IsDrained => false;
    public void BeginDrain() { }
}

/// <summary>What the meter keeps.</summary>
[DeviceState("meter", 1)]
public sealed partial class MeterState
{
    [Field(1)] public byte Count;
    [Field(2)] public byte Limit;
    [Field(3)] public bool IsTicking;
    [Field(4)] public readonly byte[] Table = new byte[64];
    [Field(5)] public bool SendsMessages;
}
