using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.IoApic.Tests;

public sealed class ShippedStateTests() : ShippedStates<IoApicPlugin>()
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };
}
