using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.Pic8259.Tests;

public sealed class ShippedStateTests() : ShippedStates<Pic8259Plugin>()
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };
}
