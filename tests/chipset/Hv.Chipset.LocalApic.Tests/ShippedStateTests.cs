using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Chipset.LocalApic.Tests;

public sealed class ShippedStateTests() : ShippedStates<LocalApicPlugin>()
{
    protected override BenchSetup Setup { get; } = ApicBench.Setup(vcpus: 2, virtualWire: true);
}
