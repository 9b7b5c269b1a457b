using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.Signals;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.Pic8259.Tests;

public sealed class Pic8259Conformance : DeviceConformance<Pic8259Plugin>
{
    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };

    protected override void Prepare(DeviceBench bench, Random random)
    {
        foreach (ushort port in new ushort[] { 0x20, 0xa0 })
        {
            bench.Out(port, 0x11);
            bench.Out((ushort)(port + 1), port == 0x20 ? 0x20u : 0x28u);
            bench.Out((ushort)(port + 1), port == 0x20 ? 4u : 2u);
            bench.Out((ushort)(port + 1), random.Next(3) switch { 0 => 3u, 1 => 0x11u, _ => 1u });
            bench.Out((ushort)(port + 1), 0);
        }
    }

    protected override BenchStep Next(Random random, DeviceBench bench) => random.Next(4) == 0
        ? new BenchStep { Kind = StepKind.Call, Name = "acknowledge", Call = b =>
            b.Service<IInterruptAcknowledge>().Acknowledge() }
        : RandomSteps.Next(random, bench);
}
