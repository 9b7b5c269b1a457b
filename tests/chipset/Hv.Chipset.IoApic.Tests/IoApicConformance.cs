using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.IoApic.Tests;

public sealed class IoApicConformance : DeviceConformance<IoApicPlugin>
{
    private const ulong Base = 0xfec0_0000;

    protected override BenchSetup Setup { get; } = new() { HasCharPort = false };

    protected override void Prepare(DeviceBench bench, Random random)
    {
        for (uint i = 0; i < 48; i++)
        {
            bench.WriteMmio(Base, 0x10 + i);
            bench.WriteMmio(Base + 0x10, (uint)random.Next() & 0x0000_ffff);
        }
    }

    protected override BenchStep Next(Random random, DeviceBench bench) =>
        random.Next(4) != 0 ? RandomSteps.Next(random, bench)
        : new BenchStep
        {
            Kind = random.Next(4) == 0 ? StepKind.Read : StepKind.Write,
            Space = AddressSpace.Memory,
            Address = Base + (ulong)(random.Next(3) switch { 0 => 0, 1 => 0x10, _ => 0x40 }),
            Size = 4,
            Value = random.Next(2) == 0 ? (ulong)random.Next(0x40) : RandomSteps.Value(random),
        };
}
