using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.Hpet.Tests;

public sealed class ShippedStateTests() : ShippedStates<HpetPlugin>()
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };
}
