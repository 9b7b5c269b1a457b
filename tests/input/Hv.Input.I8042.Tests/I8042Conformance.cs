using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.Input;
using Hv.Sdk.TestKit;

namespace Hv.Input.I8042.Tests;

public sealed class I8042Conformance : DeviceConformance<I8042Plugin>
{
    protected override BenchSetup Setup { get; } = new()
    {
        HasCharPort = false,
        Options = new Dictionary<string, string> { ["mouse"] = "on" },
    };

    protected override void Prepare(DeviceBench bench, Random random)
    {
        bench.Out(0x64, 0x60);
        bench.Out(0x60, random.Next(2) == 0 ? 0x47u : 0x03);
        bench.Out(0x64, 0xd4);
        bench.Out(0x60, 0xf4);
    }

    protected override BenchStep Next(Random random, DeviceBench bench)
    {
        ushort usage = (ushort)random.Next(0x100);
        int right = random.Next(-600, 600), down = random.Next(-600, 600), wheel = random.Next(-20, 20);
        return random.Next(8) switch
        {
            0 => Call($"key {usage:x}", b => b.Service<IKeyboard>().Key(usage, usage % 3 != 0)),
            1 => Call($"move {right} {down}", b => b.Service<IMouse>().Move(right, down, wheel, (byte)usage)),
            2 or 3 => new BenchStep
            {
                Kind = StepKind.Write,
                Space = AddressSpace.Ports,
                Address = random.Next(2) == 0 ? 0x60u : 0x64u,
                Value = random.Next(2) == 0 ? (ulong)random.Next(0xa0, 0x100) : (ulong)random.Next(0x100),
            },
            4 or 5 => new BenchStep { Kind = StepKind.Read, Space = AddressSpace.Ports, Address = 0x60 },
            _ => RandomSteps.Next(random, bench),
        };
    }

    private static BenchStep Call(string name, Action<DeviceBench> call) => new()
    {
        Kind = StepKind.Call,
        Name = name,
        Call = bench =>
        {
            call(bench);
            return 0;
        },
    };
}
