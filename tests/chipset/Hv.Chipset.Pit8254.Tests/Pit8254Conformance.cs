using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.Pit8254.Tests;

public sealed class Pit8254Conformance : DeviceConformance<Pit8254Plugin>
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };

    protected override void Prepare(DeviceBench bench, Random random)
    {
        for (uint counter = 0; counter < 3; counter++)
        {
            bench.Out(0x43, counter << 6 | 0x30 | (uint)random.Next(16));
            bench.Out((ushort)(0x40 + counter), (uint)random.Next(256));
            bench.Out((ushort)(0x40 + counter), (uint)random.Next(8));
        }
        bench.Out(0x61, (uint)random.Next(4));
    }
}
