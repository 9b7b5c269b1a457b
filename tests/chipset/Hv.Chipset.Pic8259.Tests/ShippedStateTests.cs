using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Chipset.Pic8259.Tests;

public sealed class ShippedStateTests() : ShippedStates<Pic8259Plugin>()
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };
}
