using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Input.I8042.Tests;

public sealed class ShippedStateTests() : ShippedStates<I8042Plugin>()
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };
}
