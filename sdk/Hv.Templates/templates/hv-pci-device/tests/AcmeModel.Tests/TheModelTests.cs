using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;

namespace AcmeModel.Tests;

/// <summary>What every device must pass, a test for each check.</summary>
public sealed class TheModelConformance : DeviceConformance<TheModelPlugin>
{
    internal static BenchSetup OnPci { get; } = new() { Placement = new Placement { Pci = new PciAddress(0, 3, 0) } };

    protected override BenchSetup Setup => OnPci;

    protected override void Prepare(DeviceBench bench, Random random) => Driver.Start(bench);
}

/// <summary>What a driver does first.</summary>
internal static class Driver
{
    public const uint Bar = 0xe000_0000;
    public const ulong MessageAddress = 0xfee0_0000;
    public const uint MessageData = 0x41;

    public static void Start(DeviceBench bench)
    {
        int msi = (int)bench.ReadConfig(0x34, 1);           // PCI 3.0, 6.7: the only capability
        bench.WriteConfig(0x10, Bar);
        bench.WriteConfig(msi + 4, (uint)MessageAddress);
        bench.WriteConfig(msi + 12, MessageData, 2);
        bench.WriteConfig(msi + 2, 1, 2);                   // 6.8.1.3: MSI enable
        bench.WriteConfig(0x04, 0x0006, 2);                 // 6.2.2: memory space, bus master
    }
}

/// <summary>What this device does.</summary>
public sealed class TheModelTests : IDisposable
{
    private const uint Delay = Driver.Bar;
    private const uint Status = Driver.Bar + 4;
    private readonly DeviceBench bench = DeviceBench.Create(new TheModelPlugin(), TheModelConformance.OnPci);

    public TheModelTests() => Driver.Start(bench);

    public void Dispose() => bench.Dispose();

    [Fact]
    public void Delay_WhenItHasPassed_SendsTheMessage()
    {
        bench.WriteMmio(Delay, 5);

        bench.Advance(4_999);
        Assert.Equal(0, bench.Msi.Count);
        bench.Advance(1);

        Assert.Equal(1ul, bench.ReadMmio(Status));
        Assert.Equal((Driver.MessageAddress, Driver.MessageData),
            (bench.Msi.Last!.Value.Address, bench.Msi.Last.Value.Data));
    }

    [Fact]
    public void Delay_OfZero_StopsTheTimer()
    {
        bench.WriteMmio(Delay, 5);
        bench.WriteMmio(Delay, 0);

        bench.Advance(1_000_000);

        Assert.Equal(0, bench.Msi.Count);
    }

    [Fact]
    public void Status_IsClearedByWritingOne()
    {
        bench.WriteMmio(Delay, 1);
        bench.Advance(1_000);

        bench.WriteMmio(Status, 1);

        Assert.Equal(0ul, bench.ReadMmio(Status));
    }
}
