using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Tests;

/// <summary>A mistake that was put into a model on purpose, and the check that must find it.</summary>
/// <param name="Kind">The suite.</param>
/// <param name="Name">The mistake, in a few words; unique within its kind.</param>
/// <param name="Check">The check that kills it.</param>
/// <param name="Try">Runs that check on the model with the mistake.</param>
public sealed record Defect(string Kind, string Name, string Check, Func<CheckResult> Try)
{
    /// <summary>All of them, in the order of the page.</summary>
    public static IReadOnlyList<Defect> All { get; } =
        [.. Devices.MeterDefects.All, .. Disks.GridDefects.All, .. Nets.MirrorDefects.All, .. Chars.PipeDefects.All,
        .. FrontEnds.PlainDefects.All, .. Engines.EngineDefects.All];

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}: {Name}";
}
