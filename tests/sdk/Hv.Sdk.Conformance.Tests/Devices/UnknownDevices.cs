using Hv.Sdk.Conformance.Device;
using Hv.Sdk.TestKit.Conformance;
using Hv.Storage.VirtioBlk;

namespace Hv.Sdk.Conformance.Tests.Devices;

/// <summary>Devices of which only the class is known, as <c>hv plugin test</c> meets them.</summary>
public sealed class UnknownDevices
{
    private static readonly Dictionary<string, string> NoOptions = [];
    private static readonly string[] Checks = ["is-described", "same-steps-same-run", "outputs-follow-restore-at-once"];

    [Fact]
    public void Device_OnNoBus_IsTriedWhereItAttaches()
    {
        DeviceSubject subject = Assert.Single(DeviceSubjects.Of(new MeterFactory(), [], NoOptions));
        Assert.Equal("meter", subject.Name);
        RequireConforming(subject);
    }

    [Fact]
    public void Device_WithVirtio_IsDrivenOnEachBus()
    {
        IReadOnlyList<DeviceSubject> subjects = DeviceSubjects.Of(new VirtioBlkPlugin(), ["pci", "mmio"], NoOptions);
        Assert.Equal(["virtio-blk on PCI", "virtio-blk on MMIO"], subjects.Select(s => s.Name));
        Assert.All(subjects, RequireConforming);
    }

    private static void RequireConforming(DeviceSubject subject)
    {
        ConformanceReport report = DeviceSuite.Default.Run(subject, ConformanceOptions.Quick, only: Checks);
        Assert.True(report.IsConforming, report.ToString());
        Assert.Equal(Checks.Length, report.Count(CheckOutcome.Passed));
    }
}
