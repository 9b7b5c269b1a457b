using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.PciHost.Tests;

public sealed class ShippedStateTests() : ShippedStates<PciHostPlugin>()
{
    protected override BenchSetup Setup => PciHostConformance.OnPci;
}
