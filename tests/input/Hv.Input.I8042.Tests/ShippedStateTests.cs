using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Input.I8042.Tests;

public sealed class ShippedStateTests() : ShippedStates<I8042Plugin>()
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };
}
