using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.CmosRtc.Tests;

public sealed class CmosRtcConformance : DeviceConformance<CmosRtcPlugin>
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };

    protected override void Prepare(DeviceBench bench, Random random)
    {
        bench.Out(0x70, (uint)(0x0a | 0x20 << 8 | random.Next(16) << 8), 2);
        bench.Out(0x70, (uint)(0x0b | random.Next(0x80) << 8), 2);
    }

    // Index and data in one access, as a word: cells of the clock are reached often that way.
    protected override BenchStep Next(Random random, DeviceBench bench) =>
        random.Next(3) != 0 ? RandomSteps.Next(random, bench)
        : new BenchStep
        {
            Kind = StepKind.Write,
            Space = AddressSpace.Ports,
            Address = 0x70,
            Size = random.Next(3) == 0 ? 1 : 2,
            Value = (uint)random.Next(14) | RandomSteps.Value(random) << 8,
        };
}
