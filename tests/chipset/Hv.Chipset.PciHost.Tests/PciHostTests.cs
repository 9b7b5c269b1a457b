using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.Pci;
using Hv.Sdk.TestKit;

namespace Hv.Chipset.PciHost.Tests;

public sealed class PciHostConformance : DeviceConformance<PciHostPlugin>
{
    internal static BenchSetup OnPci { get; } = new()
    {
        Placement = new Placement { Pci = new PciAddress(0, 0, 0) },
        Options = new Dictionary<string, string> { ["ecam"] = "0xe0000000" },
    };

    protected override BenchSetup Setup => OnPci;

    protected override void Prepare(DeviceBench bench, Random random)
    {
        bench.Out(0xcf8, 0x80000000 | (uint)random.Next(0x100), 4);
    }
}

public sealed class PciHostTests : IDisposable
{
    private readonly DeviceBench bench = DeviceBench.Create(new PciHostPlugin(), PciHostConformance.OnPci);
    private readonly Log function = new();

    public PciHostTests() => bench.Service<IPciBus>().Plug(new PciAddress(0, 3, 1), function);

    public void Dispose() => bench.Dispose();

    private sealed class Log : IPciFunction
    {
        public List<(int Offset, int Size, uint Value)> Writes { get; } = [];
        public uint ReadConfig(int offset, int size) => (uint)(0x11223344 >> (8 * (offset & 3)));
        public void WriteConfig(int offset, int size, uint value) => Writes.Add((offset, size, value));
    }

    private void Select(int device, int function, int register, bool enable = true) =>
        bench.Out(0xcf8, (enable ? 0x80000000u : 0) | (uint)(device << 11 | function << 8 | register), 4);

    [Fact]
    public void OwnFunction_IsThe440FxHostBridge()
    {
        Assert.Equal(0x12378086u, bench.ReadConfig(0));
        Assert.Equal(0x060000u, bench.ReadConfig(8) >> 8);
    }

    [Fact]
    public void Data_ReachesTheSelectedFunctionWithByteLanes()
    {
        Select(3, 1, 0x40);
        Assert.Equal(0x11223344u, bench.In(0xcfc, 4));
        Assert.Equal(0x22u, bench.In(0xcfe));
        bench.Out(0xcfe, 0xbeef, 2);
        bench.Out(0xcfd, 0xabcd, 2);
        Assert.Equal([(0x42, 2, 0xbeefu), (0x41, 1, 0xabcdu), (0x42, 1, 0xabu)], function.Writes);
    }

    [Fact]
    public void Data_WithoutEnableOrFunction_ReadsOnes()
    {
        Select(3, 1, 0, enable: false);
        Assert.Equal(uint.MaxValue, bench.In(0xcfc, 4));
        Select(9, 0, 0);
        Assert.Equal(uint.MaxValue, bench.In(0xcfc, 4));
        bench.Out(0xcf8, 0x80010000, 4);
        Assert.Equal(uint.MaxValue, bench.In(0xcfc, 4));
    }

    [Fact]
    public void Address_TakesDoublewordsOnly()
    {
        Select(3, 1, 0x40);
        bench.Out(0xcf8, 0, 1);
        bench.Out(0xcfa, 0, 2);
        Assert.Equal(0x80001940u, bench.In(0xcf8, 4));
        Assert.Equal(0xffu, bench.In(0xcf8));
    }

    [Fact]
    public void ResetControl_InsideTheAddressPort_Resets()
    {
        bench.Out(0xcf9, 0x06);
        Assert.Equal(1, bench.Machine.Resets);
        Assert.Equal(0x02u, bench.In(0xcf9));
    }

    [Fact]
    public void Ecam_ReachesTheSameFunctions()
    {
        Assert.Equal(0x11223344ul, bench.ReadMmio(0xe0019000 + 0x100));
        bench.WriteMmio(0xe0019000 + 0x104, 7);
        Assert.Equal([(0x104, 4, 7u)], function.Writes);
        Assert.Equal(uint.MaxValue, bench.ReadMmio(0xe0100000));
    }

    [Fact]
    public void Plug_AtATakenPlace_IsRefused()
    {
        ConfigurationException e = Assert.Throws<ConfigurationException>(
            () => bench.Service<IPciBus>().Plug(new PciAddress(0, 3, 1), function));
        Assert.Contains("00:03.1", e.Message, StringComparison.Ordinal);
    }
}
