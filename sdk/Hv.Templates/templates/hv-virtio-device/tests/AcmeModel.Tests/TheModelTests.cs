using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;
using Hv.Sdk.Virtio.TestKit;

namespace AcmeModel.Tests;

/// <summary>What every device must pass, with a driver that sets queues up and scribbles over them: on PCI…</summary>
public sealed class TheModelOnPciConformance : VirtioConformance<TheModelPlugin>
{
    protected override int QueueCount => 1;
    protected override Placement Placement => OnPci;
}

/// <summary>…and on MMIO.</summary>
public sealed class TheModelOnMmioConformance : VirtioConformance<TheModelPlugin>
{
    protected override int QueueCount => 1;
    protected override Placement Placement => OnMmio;
}

/// <summary>What this device does.</summary>
public sealed class TheModelTests : IDisposable
{
    private readonly DeviceBench bench = DeviceBench.Create(new TheModelPlugin(), new BenchSetup
    {
        MemoryBytes = 128 * 1024,
        Placement = new Placement { Pci = new PciAddress(0, 5, 0) },
    });

    public void Dispose() => bench.Dispose();

    [Fact]
    public void Buffer_ComesBackInCapitals()
    {
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);

        byte[] answer = guest.Exchange(0, "hello, 1 guest"u8, 14, out uint written);

        Assert.Equal(14u, written);
        Assert.Equal("HELLO, 1 GUEST"u8, answer);
    }

    [Fact]
    public void Buffer_LongerThanItsAnswer_IsAnsweredInPart()
    {
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);

        guest.Exchange(0, "hello"u8, 3, out uint written);

        Assert.Equal(3u, written);
    }
}
