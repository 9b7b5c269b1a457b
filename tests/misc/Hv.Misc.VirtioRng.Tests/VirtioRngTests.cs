using Hv.Sdk;
using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.TestKit;
using Hv.Sdk.Virtio;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Misc.VirtioRng.Tests;

public sealed class VirtioRngTests : IDisposable
{
    private static readonly BenchSetup Setup =
        new() { MemoryBytes = 128 * 1024, Placement = new Placement { Pci = new PciAddress(0, 5, 0) } };
    private readonly DeviceBench bench = DeviceBench.Create(new VirtioRngPlugin(), Setup);

    public void Dispose() => bench.Dispose();

    [Fact]
    public void Buffer_IsFilledWithBytesThatDiffer()
    {
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);
        byte[] first = guest.Exchange(0, [], 1000, out uint written);
        byte[] second = guest.Exchange(0, [], 1000, out _);
        Assert.Equal(1000u, written);
        Assert.NotEqual(first, second);
        Assert.True(first.Distinct().Count() > 200);
    }

    [Fact] // virtio 1.2, 5.4.6.2
    public void Buffer_ThatIsVeryLong_IsFilledInPart()
    {
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);
        byte[] bytes = guest.Exchange(0, [], 20_000, out uint written);
        Assert.Equal(4096u, written);
        Assert.All(bytes.Skip(4096), b => Assert.Equal(0, b));
    }

    [Fact]
    public void Bytes_FollowTheSeed()
    {
        using DeviceBench twin = DeviceBench.Create(new VirtioRngPlugin(), Setup);
        byte[] mine = VirtioGuest.Start(bench, 0, 16).Exchange(0, [], 64, out _);
        Assert.Equal(mine, VirtioGuest.Start(twin, 0, 16).Exchange(0, [], 64, out _));
    }

    [Fact]
    public void Buffer_OutsideRam_NeedsReset()
    {
        VirtioGuest guest = VirtioGuest.Start(bench, 0, 16);
        guest.Queues[0].TryAdd([new GuestSegment(0xffff_0000, 16, true)], null);
        guest.Queues[0].Kick();
        Assert.NotEqual(VirtioStatus.None, guest.Registers.Status & VirtioStatus.NeedsReset);
    }

    [Fact]
    public void Packed_IsOfferedWhenAskedFor()
    {
        Assert.Equal(0ul, GuestRegisters.Of(bench).DeviceFeatures & VirtioFeature.PackedRing);
        using DeviceBench packed = DeviceBench.Create(new VirtioRngPlugin(), new BenchSetup
        {
            Placement = Setup.Placement,
            MemoryBytes = Setup.MemoryBytes,
            Options = new Dictionary<string, string> { ["packed"] = "on" },
        });
        Assert.Equal(64, VirtioGuest.Start(packed, ulong.MaxValue, 16).Exchange(0, [], 64, out _).Length);
    }
}

public sealed class VirtioRngOnPciConformance : VirtioConformance<VirtioRngPlugin>
{
    protected override int QueueCount => 1;
    protected override Placement Placement => OnPci;
}

public sealed class VirtioRngOnMmioConformance : VirtioConformance<VirtioRngPlugin>
{
    protected override int QueueCount => 1;
    protected override Placement Placement => OnMmio;
    protected override bool IsPacked => true;
    protected override IReadOnlyDictionary<string, string> Options { get; } =
        new Dictionary<string, string> { ["packed"] = "on" };
}
