using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.Pit8254.Tests;

public sealed class ShippedStateTests() : ShippedStates<Pit8254Plugin>()
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };
}
