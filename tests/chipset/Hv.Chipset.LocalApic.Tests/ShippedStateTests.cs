using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.LocalApic.Tests;

public sealed class ShippedStateTests() : ShippedStates<LocalApicPlugin>()
{
    protected override BenchSetup Setup { get; } = ApicBench.Setup(vcpus: 2, virtualWire: true);
}
