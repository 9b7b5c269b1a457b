using Hv.Sdk.Conformance.Device;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests.Devices;

/// <summary>What can be wrong with a device.</summary>
internal static class MeterDefects
{
    private static readonly BenchSetup Small = new() { HasCharPort = false, MemoryBytes = 4096 };

    /// <summary>A state of version 1 as the right meter saved it, with a limit of 9.</summary>
    private static readonly RecordedState Shipped =
        new(1, 0, [0x08, 0x03, 0x10, 0x09, 0x18, 0x00, 0x22, 0x40, .. new byte[64], 0x28, 0x00, 0xa2, 0x01, 0x00]);

    public static IReadOnlyList<Defect> All { get; } =
    [
        new("device", "has no name", "is-described", () => Try("is-described", new NamelessFactory())),
        Of(Flaw.ReadsTheHostsClock, "shows the host's time in a register", "same-steps-same-run"),
        Of(Flaw.ReadsTheHostsRandomness, "shows the host's randomness in a register", "same-steps-same-run"),
        Of(Flaw.CountsInAStatic, "counts in a static field", "devices-share-nothing"),
        Of(Flaw.KnowsItsClocksClass, "asks for the class of what it is given", "decorators-are-transparent"),
        Of(Flaw.Throws, "throws on an access of four bytes", "hostile-guest-is-answered"),
        Of(Flaw.NeverStopsTicking, "arms its timer for now, again and again", "hostile-guest-is-answered"),
        Of(Flaw.Allocates, "allocates on reads", "accesses-allocate-nothing"),
        Of(Flaw.DebugReadCounts, "a debugger's read has the side effect of a read", "debug-reads-change-nothing"),
        Of(Flaw.InspectionClears, "inspection clears a register", "debug-reads-change-nothing"),
        Of(Flaw.ResetKeepsTheCount, "a power-on reset forgets one register", "cold-reset-equals-fresh"),
        Of(Flaw.SaveCounts, "counts its saves in the state", "saving-changes-nothing"),
        Of(Flaw.LoadRounds, "loses a bit of a register while loading", "save-load-save-is-a-fixed-point"),
        Of(Flaw.LeavesTheLineLow, "does not drive its line in Load", "outputs-follow-restore-at-once"),
        Of(Flaw.CancelsItsTimerInLoad, "cancels its timer in Load", "outputs-follow-restore-at-once"),
        Of(Flaw.SendsAMessageInLoad, "sends a message in Load", "outputs-follow-restore-at-once"),
        Of(Flaw.ForgetsAField, "does not save a field", "restored-twin-goes-on-the-same"),
        Of(Flaw.HasStateInSpiteOfNoState, "has state in spite of its [NoState]", "restored-twin-goes-on-the-same"),
        Of(Flaw.TrustsItsState, "takes an index from the state unchecked", "hostile-state-is-refused"),
        Of(Flaw.TakesAnyLength, "takes a byte field of any length from the state", "state-is-bounded"),
        Of(Flaw.TakesAnyNumber, "takes any number of elements from the state", "state-is-bounded"),
        Of(Flaw.RefusesUnknownFields, "refuses fields that it does not know", "unknown-fields-are-ignored"),
        Of(Flaw.LostATag, "does not read a field of a version that was shipped", DeviceSuite.RecordedStates),
        Of(Flaw.CountsOnAThread, "changes a register on a timer of the host", "pause-drains"),
        Of(Flaw.NeverDrains, "never says that it has drained", "pause-drains"),
        Of(Flaw.RaisesItsLineFromAThread, "drives its line on a thread of its own", "stays-on-its-strand"),
        new("device", "leaves a delegate in a static event", "detached-plugin-is-collected", () =>
            Try("detached-plugin-is-collected", new SubscribingFactory())),
        new("device", "leaves a thread behind", "detached-plugin-is-collected", () =>
            Try("detached-plugin-is-collected", new ThreadingFactory())),
    ];

    private static Defect Of(Flaw flaw, string name, string check) =>
        new("device", name, check, () => Try(check, new MeterFactory(flaw)));

    private static CheckResult Try(string check, IDeviceFactory factory) =>
        DeviceSuite.Default.RunCheck(check, Subject(factory), ConformanceOptions.Quick);

    internal static DeviceSubject Subject(IDeviceFactory factory) =>
        new() { Factory = factory, Setup = Small, States = [Shipped] };
}
