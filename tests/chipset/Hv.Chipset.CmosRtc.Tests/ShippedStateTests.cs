using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.CmosRtc.Tests;

public sealed class ShippedStateTests() : ShippedStates<CmosRtcPlugin>()
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };
}
