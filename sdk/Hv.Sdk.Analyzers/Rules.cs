using Microsoft.CodeAnalysis;

namespace Hv.Sdk.Analyzers;

/// <summary>The rules, each with what to do instead. They are explained in docs/sdk/analyzers.md.</summary>
internal static class Rules
{
    private const string Determinism = "Hv.Determinism";
    private const string State = "Hv.State";
    private const string Performance = "Hv.Performance";
    private const string Boundary = "Hv.Boundary";

    public static readonly DiagnosticDescriptor HostClock = new("HVA0001", "Guest-facing code reads the host's clock",
        "'{0}' is the host's time, which no replay sees again: use {1}", Determinism, DiagnosticSeverity.Warning, true);

    public static readonly DiagnosticDescriptor Randomness =
        new("HVA0002", "Guest-facing code uses the host's randomness",
        "'{0}' differs from run to run: use {1}", Determinism, DiagnosticSeverity.Warning, true);

    public static readonly DiagnosticDescriptor Threads =
        new("HVA0003", "Guest-facing code makes, blocks or leaves threads",
        "'{0}' works outside the device's strand or holds it up: use {1}", Determinism, DiagnosticSeverity.Warning,
            true);

    public static readonly DiagnosticDescriptor StaticState = new("HVA0004", "Guest-facing code keeps static state",
        "'{0}' is shared by every machine of the process and is in no snapshot: {1}", Determinism,
            DiagnosticSeverity.Warning, true);

    public static readonly DiagnosticDescriptor DuplicateTag = new("HVA0005", "A state tag is written twice",
        "Tag {0} is already written in '{1}', so a restore would lose a value: use {2}", State,
            DiagnosticSeverity.Error, true);

    public static readonly DiagnosticDescriptor Allocation = new("HVA0006", "An access path allocates",
        "{0} allocates on a path that every guest access takes ({1}): {2}", Performance, DiagnosticSeverity.Warning,
            true);

    public static readonly DiagnosticDescriptor ForeignType =
        new("HVA0007", "A type that is not the SDK's crosses the boundary",
        "'{0}' is not a type of Hv.Sdk, and each plugin has its own copy of everything else: '{1}' never meets its counterpart; use a contract of Hv.Sdk",
        Boundary, DiagnosticSeverity.Error, true);

    public static readonly DiagnosticDescriptor FieldOutsideState =
        new("HVA0008", "A device's field is not in its state",
        "'{0}' can change but is not in the state, so a restored machine forgets it: move it into the [DeviceState] type with a [Field] tag, or make it readonly",
        State, DiagnosticSeverity.Warning, true);

    public static readonly DiagnosticDescriptor Surroundings =
        new("HVA0009", "Guest-facing code looks at the host's surroundings",
        "'{0}' belongs to the host's process: use {1}", Determinism, DiagnosticSeverity.Warning, true);

    public static readonly DiagnosticDescriptor HostContract =
        new("HVA0010", "A plugin implements what only the host implements",
        "'{0}' is implemented by the host alone and grows with it, so that '{1}' would not load on a later host: use the fakes of Hv.Sdk.TestKit in tests",
        Boundary, DiagnosticSeverity.Warning, true);

    public static readonly DiagnosticDescriptor SilentAboutState =
        new("HVA0011", "A device does not say whether it has state",
        "A machine with '{0}' cannot be saved: implement IStateful over a [DeviceState] type, or mark the device [NoState]",
        State, DiagnosticSeverity.Warning, true);
}
