using System.Buffers;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Time;

namespace Hv.Sdk.TestKit;

public sealed partial class DeviceBench
{
    private IStateful Stateful => Device as IStateful
        ?? throw new ContractException(
            $"{Device.GetType().Name} is not IStateful: mark it [NoState] if there is nothing to save");

    /// <summary>Whether there is anything to save.</summary>
    public bool HasState => !Device.GetType().IsDefined(typeof(NoStateAttribute), false);

    /// <summary>The device's section alone.</summary>
    public byte[] SaveState()
    {
        if (!HasState) return [];
        ArrayBufferWriter<byte> buffer = new();
        Stateful.Save(new StateWriter(buffer));
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Saves everything. The bench can be used on; the snapshot then restores what it was only if the bench is
    /// not.</summary>
    public BenchSnapshot Save() =>
        new(this, SaveState(), HasState ? Stateful.StateVersion : (ushort)0, [.. timers.Select(t => (t.Name, t.Due))]);

    /// <summary>Makes a fresh twin and restores into it. Timers are restored before the device loads and must be left
    /// alone by it; lines start low and must be driven by Load at once, except those under a fault, which are as they
    /// were.</summary>
    /// <exception cref="ContractException">Right after Load something is not as it was.</exception>
    public static DeviceBench Restore(BenchSnapshot snapshot)
    {
        DeviceBench twin = RestoreUnchecked(snapshot);
        DeviceBench from = snapshot.Source;
        twin.CheckRestored(snapshot);
        // What Load drove was no new event: the counters go on where they were.
        foreach (BenchLine line in twin.lineList) line.RisingEdges = from.Line(line.Name).RisingEdges;
        twin.Msi.CopyFrom(from.Msi);
        twin.Machine.CopyFrom(from.Machine);
        return twin;
    }

    /// <summary>As <see cref="Restore"/>, without looking at the twin.</summary>
    public static DeviceBench RestoreUnchecked(BenchSnapshot snapshot)
    {
        DeviceBench from = snapshot.Source;
        DeviceBench twin = new(from.factory, from.Setup);
        twin.clock.Now = from.clock.Now;
        twin.Device.Reset(ResetKind.Cold);
        foreach (BenchTimer timer in twin.timers) timer.Cancel();
        foreach (BenchLine line in twin.lineList)
            line.Level = twin.faults.Addresses<IIrqSink>(Path, $"irq:{line.Name}") && from.Line(line.Name).Level;
        twin.CopyMachineFrom(from);
        foreach ((string name, VmTime due) in snapshot.Timers) twin.timers.Find(t => t.Name == name)!.Due = due;
        if (twin.HasState) twin.Stateful.Load(new StateReader(snapshot.State, snapshot.Version));
        return twin;
    }

    /// <summary>A fresh device at this moment, with its inputs at these levels, after its power-on reset.</summary>
    public DeviceBench FreshTwin()
    {
        DeviceBench twin = new(factory, Setup);
        twin.clock.Now = clock.Now;
        for (int i = 0; i < inputs.Count; i++) twin.inputs[i].CopyFrom(inputs[i]);
        twin.Reset(ResetKind.Cold);
        return twin;
    }

    /// <summary>A fresh device that took this section; null when it was refused with a
    /// <see cref="StateException"/>.</summary>
    public DeviceBench? TwinFrom(byte[] state)
    {
        DeviceBench twin = FreshTwin();
        try
        {
            twin.Stateful.Load(new StateReader(state, twin.Stateful.StateVersion));
            return twin;
        }
        catch (StateException)
        {
            twin.Dispose();
            return null;
        }
    }

    /// <summary>Makes a device that takes this section at this moment.</summary>
    /// <exception cref="StateException">The device refuses it.</exception>
    public static DeviceBench FromState(
        IDeviceFactory factory, BenchSetup setup, long nowNs, ushort version, byte[] state)
    {
        DeviceBench bench = new(factory, setup);
        bench.clock.Now = VmTime.FromNs(nowNs);
        bench.Reset(ResetKind.Cold);
        bench.Stateful.Load(new StateReader(state, version));
        return bench;
    }

    private void CopyMachineFrom(DeviceBench from)
    {
        Memory.Adopt(from.Memory);
        entropy.CopyFrom(from.entropy);
        Chars.CopyFrom(from.Chars);
        for (int i = 0; i < inputs.Count; i++) inputs[i].CopyFrom(from.inputs[i]);
        foreach ((IBenchPart mine, IBenchPart theirs) in Parts(from)) mine.CopyFrom(theirs);
        ArrayBufferWriter<byte> state = new();
        from.faults.Save(new StateWriter(state));
        faults.Load(new StateReader(state.WrittenMemory, 1));
    }

    private IEnumerable<(IBenchPart Mine, IBenchPart Theirs)> Parts(DeviceBench other)
    {
        foreach ((string slot, object backend) in backends)
            if (backend is IBenchPart part) yield return (part, (IBenchPart)other.backends[slot]);
        foreach ((Type contract, List<object> list) in services)
            for (int i = 0; i < list.Count; i++)
                if (list[i] is IBenchPart part) yield return (part, (IBenchPart)other.services[contract][i]);
    }

    private void CheckRestored(BenchSnapshot snapshot)
    {
        foreach ((string name, VmTime due) in snapshot.Timers)
        {
            VmTime mine = timers.Find(t => t.Name == name)!.Due;
            if (mine != due) throw new ContractException($"Load moved the timer '{name}' from {due} to {mine}");
        }
        if (Msi.Count != 0) throw new ContractException("Load sent a message-signalled interrupt");
        if (Difference(snapshot.Source, snapshot.State) is { } difference)
            throw new ContractException($"right after Load, twin / original: {difference}");
    }

    /// <summary>Null when both benches show the same to the guest and to the board; otherwise the first difference, for
    /// people.</summary>
    public string? Difference(DeviceBench other) => Difference(other, other.SaveState())
        ?? FirstOf(lineList.Where(l => l.RisingEdges != other.Line(l.Name).RisingEdges)
            .Select(l => $"line '{l.Name}' rose {l.RisingEdges} / {other.Line(l.Name).RisingEdges} times"))
        ?? (Msi.SameAs(other.Msi) ? null : $"MSIs {Msi.Count} / {other.Msi.Count}")
        ?? Machine.Difference(other.Machine);

    private string? Difference(DeviceBench other, byte[] otherState) =>
        DeviceDifference(other, otherState)
        ?? (Memory.Bytes.AsSpan().SequenceEqual(other.Memory.Bytes) ? null : "guest memory differs")
        ?? Chars.Difference(other.Chars)
        ?? FirstOf(Parts(other).Select(p => p.Mine.Difference(p.Theirs)).OfType<string>());

    /// <summary>As <see cref="Difference(DeviceBench)"/>, of the device alone: lines, regions, timers and
    /// state.</summary>
    public string? DeviceDifference(DeviceBench other) => DeviceDifference(other, other.SaveState());

    private string? DeviceDifference(DeviceBench other, byte[] otherState) =>
        FirstOf(lineList.Where(l => l.Level != other.Line(l.Name).Level).Select(
            l => $"line '{l.Name}' is {l.Level} / {!l.Level}"))
        ?? FirstOf(regions.Zip(other.regions).Where(p => p.First.IsMapped != p.Second.IsMapped
                || (p.First.IsMapped && p.First.Start != p.Second.Start))
            .Select(p => $"region '{p.First.Name}' is at {p.First.Start:x} ({p.First.IsMapped}) "
                + $"/ {p.Second.Start:x} ({p.Second.IsMapped})"))
        ?? FirstOf(timers.Zip(other.timers).Where(p => p.First.Due != p.Second.Due)
            .Select(p => $"timer '{p.First.Name}' is due at {p.First.Due} / {p.Second.Due}"))
        ?? StateDifference(SaveState(), otherState);

    private static string? FirstOf(IEnumerable<string> differences) => differences.FirstOrDefault();

    private static string? StateDifference(byte[] mine, byte[] theirs)
    {
        if (mine.AsSpan().SequenceEqual(theirs)) return null;
        int at = mine.AsSpan().CommonPrefixLength(theirs);
        return $"saved states differ from byte {at} on: {Convert.ToHexString(mine)} / {Convert.ToHexString(theirs)}";
    }
}
