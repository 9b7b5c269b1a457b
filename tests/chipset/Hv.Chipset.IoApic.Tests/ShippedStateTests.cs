using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Chipset.IoApic.Tests;

public sealed class ShippedStateTests() : ShippedStates<IoApicPlugin>()
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };
}
