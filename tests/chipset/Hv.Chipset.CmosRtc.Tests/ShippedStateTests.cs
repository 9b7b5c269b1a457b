using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Chipset.CmosRtc.Tests;

public sealed class ShippedStateTests() : ShippedStates<CmosRtcPlugin>()
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };
}
