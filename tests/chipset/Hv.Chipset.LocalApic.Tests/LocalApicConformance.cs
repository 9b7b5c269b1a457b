using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.Engines;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.LocalApic.Tests;

public sealed class LocalApicConformance : DeviceConformance<LocalApicPlugin>
{
    private static readonly int[] HotOffsets =
        [0x080, 0x0b0, 0x0d0, 0x0e0, 0x0f0, 0x280, 0x300, 0x310, 0x320, 0x350, 0x360, 0x370, 0x380, 0x390, 0x3e0];

    protected override BenchSetup Setup => ApicBench.Setup(vcpus: 3, virtualWire: true);

    protected override void Prepare(DeviceBench bench, Random random)
    {
        for (int vcpu = 0; vcpu < 3; vcpu++)
        {
            if (random.Next(3) == 0) bench.EnterX2apic(vcpu);
            _ = bench.Apic(vcpu).WriteMsr(0x80f, 0x1ff);
            if ((bench.Apic(vcpu).ApicBase & 0x400) == 0) bench.Enable(vcpu);
        }
    }

    protected override BenchStep Next(Random random, DeviceBench bench)
    {
        int vcpu = random.Next(3);
        ulong value = RandomSteps.Value(random);
        switch (random.Next(12))
        {
            case 0:
                return Call("acknowledge", b => (ulong)b.Apic(vcpu).AcknowledgeInterrupt());
            case 1:
                return Call("pending", b => (ulong)b.Apic(vcpu).Pending);
            case 2:
                VcpuSignals signal = (VcpuSignals)(1 << random.Next(1, 5));
                return Call($"take {signal}", b =>
                {
                    b.Apic(vcpu).Take(signal, out byte vector);
                    return vector;
                });
            case 3:
                return Call($"msi {value:x}", b =>
                {
                    b.Msi(0xfee0_0000 | (value & 0xff00c), (uint)(value >> 32) & 0xcfff);
                    return 0;
                });
            case 4:
                uint msr = random.Next(8) == 0
                    ? (random.Next(2) == 0 ? 0x1bu : 0x6e0) : 0x800u + (uint)random.Next(0x40);
                return Call($"wrmsr {msr:x} {value:x}", b => (ulong)b.Apic(vcpu).WriteMsr(msr, value));
            case 5:
                uint from = random.Next(8) == 0
                    ? (random.Next(2) == 0 ? 0x1bu : 0x6e0) : 0x800u + (uint)random.Next(0x40);
                return Call($"rdmsr {from:x}", b => (ulong)b.Apic(vcpu).ReadMsr(from, out ulong read) ^ read);
            case 6:
                return random.Next(8) == 0 ? Call("init", b =>
                {
                    b.Apic(vcpu).OnInit();
                    return 0;
                }) : Call("cr8", b => b.Apic(vcpu).Cr8 = (byte)(value & 15));
            case < 10:
                return new BenchStep
                {
                    Kind = random.Next(4) == 0 ? StepKind.Read : StepKind.Write,
                    Space = Hv.Sdk.AddressSpace.Memory,
                    Address = ApicBench.Base + (ulong)HotOffsets[random.Next(HotOffsets.Length)],
                    Size = 4,
                    Value = value,
                    Vcpu = vcpu,
                };
            default:
                return RandomSteps.Next(random, bench);
        }
    }

    private static BenchStep Call(string name, Func<DeviceBench, ulong> call) =>
        new() { Kind = StepKind.Call, Name = name, Call = call };
}
