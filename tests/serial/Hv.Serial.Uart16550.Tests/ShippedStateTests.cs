using Hv.Sdk.Conformance.Xunit;

namespace Hv.Serial.Uart16550.Tests;

public sealed class ShippedStateTests() : ShippedStates<Uart16550Plugin>();
