using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Chipset.Pit8254.Tests;

public sealed class ShippedStateTests() : ShippedStates<Pit8254Plugin>()
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };
}
