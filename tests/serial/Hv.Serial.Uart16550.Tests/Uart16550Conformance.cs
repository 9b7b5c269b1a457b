using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Serial.Uart16550.Tests;

public sealed class Uart16550Conformance : DeviceConformance<Uart16550Plugin>
{
    protected override void Prepare(DeviceBench bench, Random random)
    {
        bench.Out(0x3fa, (uint)(0x07 | random.Next(4) << 6));
        bench.Out(0x3f9, 0x0f);
        bench.Out(0x3fc, (uint)(random.Next(4) == 0 ? 0x1f : 0x0b));
    }
}
