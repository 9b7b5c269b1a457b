using Hv.Sdk.Conformance.Xunit;

namespace Hv.Networks.Loopback.Tests;

/// <summary>Frames come back as they are.</summary>
public sealed class LoopbackConformance : NetConformance<LoopbackPlugin>;

/// <summary>Frames come back with their addresses swapped; those too short to have two, or longer than any, as they
/// are.</summary>
public sealed class SwappingLoopbackConformance : NetConformance<LoopbackPlugin>
{
    private const int AddressBytes = 6, LongestFrame = 65_557;

    protected override IReadOnlyDictionary<string, string> Options { get; } =
        new Dictionary<string, string> { ["swap"] = "on" };

    protected override Func<byte[], byte[]> Reflection => static frame =>
        frame.Length is < 2 * AddressBytes or > LongestFrame
        ? frame : [.. frame[AddressBytes..(2 * AddressBytes)], .. frame[..AddressBytes],
            .. frame[(2 * AddressBytes)..]];
}
