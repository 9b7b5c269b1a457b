using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.AcpiPm.Tests;

public sealed class ShippedStateTests() : ShippedStates<AcpiPmPlugin>()
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };
}
