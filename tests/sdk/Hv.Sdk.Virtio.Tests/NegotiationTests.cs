using Hv.Sdk.Acpi;
using Hv.Sdk.Io;
using Hv.Sdk.TestKit;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Sdk.Virtio.Tests;

public sealed class NegotiationTests
{
    public static TheoryData<bool> Transports { get; } = [true, false];

    [Theory, MemberData(nameof(Transports))]
    public void Start_AllFeatures_IsLive(bool onPci)
    {
        using DeviceBench bench = Benches.Create(onPci);
        VirtioGuest guest = VirtioGuest.Start(bench, ulong.MaxValue, 16);
        Assert.Equal(VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.FeaturesOk | VirtioStatus.DriverOk,
            guest.Registers.Status);
        Assert.True(bench.Echo().Endpoint.IsLive);
        Assert.Equal(2, guest.Queues.Count);
        Assert.Equal(VirtioFeature.Version1 | VirtioFeature.EventIndex | VirtioFeature.IndirectDescriptors
            | VirtioFeature.RingReset
            | VirtioFeature.PackedRing | 3, guest.Features);
    }

    [Theory, MemberData(nameof(Transports))] // virtio 1.2, 6.1: a driver without VERSION_1 is a legacy driver
    public void FeaturesOk_WithoutVersion1_IsRefused(bool onPci)
    {
        using DeviceBench bench = Benches.Create(onPci);
        GuestRegisters registers = GuestRegisters.Of(bench);
        registers.Status = VirtioStatus.Acknowledge | VirtioStatus.Driver;
        registers.SetDriverFeatures(2);
        registers.Status |= VirtioStatus.FeaturesOk;
        Assert.Equal(VirtioStatus.Acknowledge | VirtioStatus.Driver, registers.Status);
    }

    [Theory]
    [InlineData(1ul << 33)]                     // not offered
    [InlineData(EchoDevice.DependentFeature)]   // needs another
    public void FeaturesOk_ImpossibleFeatures_IsRefused(ulong features)
    {
        using DeviceBench bench = Benches.Create(true);
        GuestRegisters registers = GuestRegisters.Of(bench);
        registers.Status = VirtioStatus.Acknowledge | VirtioStatus.Driver;
        registers.SetDriverFeatures(features | VirtioFeature.Version1);
        registers.Status |= VirtioStatus.FeaturesOk;
        Assert.Equal(VirtioStatus.None, registers.Status & VirtioStatus.FeaturesOk);
    }

    [Theory, MemberData(nameof(Transports))]
    public void DriverFeatures_AfterFeaturesOk_StayAsTheyAre(bool onPci)
    {
        using DeviceBench bench = Benches.Create(onPci);
        VirtioGuest guest = VirtioGuest.Start(bench, EchoDevice.NeededFeature, 16);
        guest.Registers.SetDriverFeatures(ulong.MaxValue);
        Assert.False(bench.Echo().Endpoint.Has(VirtioFeature.EventIndex));
        Assert.True(bench.Echo().Endpoint.Has(EchoDevice.NeededFeature));
    }

    [Theory, MemberData(nameof(Transports))]
    public void DriverOk_WithoutFeaturesOk_IsIgnored(bool onPci)
    {
        using DeviceBench bench = Benches.Create(onPci);
        GuestRegisters registers = GuestRegisters.Of(bench);
        registers.Status = VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.DriverOk;
        Assert.Equal(VirtioStatus.Acknowledge | VirtioStatus.Driver, registers.Status);
        Assert.False(bench.Echo().Endpoint.IsLive);
    }

    [Theory, MemberData(nameof(Transports))] // 2.1.1: bits are never cleared one by one; NEEDS_RESET is the device's
    public void Status_WrittenLess_KeepsItsBits(bool onPci)
    {
        using DeviceBench bench = Benches.Create(onPci);
        GuestRegisters registers = VirtioGuest.Start(bench, 0, 16).Registers;
        VirtioStatus before = registers.Status;
        registers.Status = VirtioStatus.Acknowledge | VirtioStatus.NeedsReset;
        Assert.Equal(before, registers.Status);
    }

    [Theory, MemberData(nameof(Transports))]
    public void Reset_ByTheDriver_ForgetsAllButIdentity(bool onPci)
    {
        using DeviceBench bench = Benches.Create(onPci);
        VirtioGuest guest = Benches.Start(bench, false);
        _ = guest.Exchange(0, "abc"u8, 3, out _);
        guest.Registers.Status = VirtioStatus.None;
        Assert.Equal(VirtioStatus.None, guest.Registers.Status);
        Assert.All(bench.Echo().Endpoint.Queues, q => Assert.False(q.IsEnabled));
        Assert.Equal(256, guest.Registers.QueueMaximum(0));
        guest = Benches.Start(bench, true);
        Assert.Equal("xyz"u8.ToArray(), guest.Exchange(0, "xyz"u8, 3, out _));
    }

    [Theory, MemberData(nameof(Transports))] // 2.4.1: buffers are the driver's again when the write returns
    public void Reset_WithRequestsInFlight_IsOverAtOnce(bool onPci)
    {
        using DeviceBench bench = Benches.Create(onPci);
        VirtioGuest guest = Benches.Start(bench, false);
        guest.Queues[1].TryAdd([new GuestSegment(guest.Allocate(8), 8, true)], null);
        guest.Queues[1].Kick();
        guest.Registers.Status = VirtioStatus.None;
        Assert.Equal(VirtioStatus.None, guest.Registers.Status);
        bench.Advance(2000);
        Assert.Null(guest.Queues[1].TryTake());
    }

    [Theory, MemberData(nameof(Transports))]
    public void QueueReset_WithRequestsInFlight_IsOverAtOnce(bool onPci)
    {
        using DeviceBench bench = Benches.Create(onPci);
        VirtioGuest guest = Benches.Start(bench, true);
        guest.Queues[1].TryAdd([new GuestSegment(guest.Allocate(8), 8, true)], null);
        guest.Queues[1].Kick();
        Assert.True(guest.Renew(1));
        Assert.True(bench.Echo().Endpoint.Queues[1].IsLive);
        bench.Advance(2000);
        Assert.Null(guest.Queues[1].TryTake());
        Assert.Equal("q0"u8.ToArray(), guest.Exchange(0, "q0"u8, 2, out _));
    }

    [Fact] // 4.2.2.2: QueueReady written with zero
    public void QueueReady_Cleared_ForgetsWhatIsInFlight()
    {
        using DeviceBench bench = Benches.Create(onPci: false);
        VirtioGuest guest = Benches.Start(bench, false);
        guest.Queues[1].TryAdd([new GuestSegment(guest.Allocate(8), 8, true)], null);
        guest.Queues[1].Kick();
        bench.WriteMmio(0xd000_1030, 1, 4);
        bench.WriteMmio(0xd000_1044, 0, 4);
        Assert.False(bench.Echo().Endpoint.Queues[1].IsEnabled);
        bench.Advance(2000);
        Assert.Null(guest.Queues[1].TryTake());
    }

    [Theory, MemberData(nameof(Transports))]
    public void Config_ReadAndWritten_InAnySize(bool onPci)
    {
        using DeviceBench bench = Benches.Create(onPci);
        GuestRegisters registers = GuestRegisters.Of(bench);
        Assert.Equal(0x1234_5678ul, registers.ReadConfig(0, 4));
        Assert.Equal(0x56ul, registers.ReadConfig(1, 1));
        Assert.Equal(0x1234ul, registers.ReadConfig(2, 2));
        registers.WriteConfig(8, 4, 0xdead_beef);
        Assert.Equal(0xdead_beeful, registers.ReadConfig(8, 4));
        registers.WriteConfig(10, 4, 0);
        Assert.Equal(0xdead_beeful, registers.ReadConfig(8, 4));
        Assert.Equal(0ul, registers.ReadConfig(16, 4));
    }

    [Theory, MemberData(nameof(Transports))]
    public void ConfigChanged_WhileLive_CountsAndInterrupts(bool onPci)
    {
        using DeviceBench bench = Benches.Create(onPci);
        VirtioGuest guest = Benches.Start(bench, false);
        uint before = guest.Registers.ConfigGeneration;
        bench.Run(bench.Echo().Endpoint.ConfigChanged);
        Assert.Equal(before + 1, guest.Registers.ConfigGeneration);
        Assert.Equal(2, guest.Registers.TakeInterrupts());
        Assert.Equal(0, guest.Registers.TakeInterrupts());
    }

    [Theory]
    [InlineData(true, 16, 0x1008ul, 0x2000ul, 0x3000ul)]  // descriptors unaligned
    [InlineData(true, 16, 0x1000ul, 0x2001ul, 0x3000ul)]  // available ring unaligned
    [InlineData(true, 16, 0x1000ul, 0x2000ul, 0x3002ul)]  // used ring unaligned
    [InlineData(true, 24, 0x1000ul, 0x2000ul, 0x3000ul)]  // not a power of two
    [InlineData(false, 512, 0x1000ul, 0x2000ul, 0x3000ul)] // more than the maximum
    [InlineData(false, 0, 0x1000ul, 0x2000ul, 0x3000ul)]
    public void EnableQueue_Malformed_NeedsReset(bool onPci, int size, ulong descriptors, ulong driver, ulong device)
    {
        using DeviceBench bench = Benches.Create(onPci);
        VirtioGuest guest = VirtioGuest.Negotiated(bench, Benches.Features(false))!;
        guest.Registers.EnableQueue(0, size, descriptors, driver, device);
        Assert.NotEqual(VirtioStatus.None, guest.Registers.Status & VirtioStatus.NeedsReset);
        Assert.False(bench.Echo().Endpoint.Queues[0].IsEnabled);
        Assert.True(bench.Log.GuestErrors > 0);
    }

    [Fact]
    public void Pci_Identity_IsThatOfADeviceWithoutLegacyInterface()
    {
        using DeviceBench bench = Benches.Create(true);
        Assert.Equal(0x106a_1af4u, bench.ReadConfig(0)); // 1040h + 42
        Assert.Equal(1u, bench.ReadConfig(8, 1));
        Assert.True(bench.ReadConfig(0x2e, 2) >= 0x40);
    }

    [Fact] // 4.1.4.5: with MSI-X off, the ISR status says why and reading it lowers the pin
    public void Pci_WithoutMsix_UsesThePinAndTheIsrStatus()
    {
        using DeviceBench bench = Benches.Create(true);
        VirtioGuest guest = Benches.Start(bench, false);
        int msix = (int)bench.ReadConfig(0x34, 1);
        bench.WriteConfig(msix + 2, 0, 2);
        _ = guest.Exchange(0, "a"u8, 1, out _);
        Assert.True(bench.Line("intxa").Level);
        Assert.Equal(1u, bench.ReadMmio(PciGuestRegisters.FirstBar + 0x1000, 1));
        Assert.False(bench.Line("intxa").Level);
        Assert.Equal(0u, bench.ReadMmio(PciGuestRegisters.FirstBar + 0x1000, 1));
    }

    [Fact] // 4.1.4.9: firmware without mapped BARs reaches the registers through configuration space
    public void Pci_ConfigurationWindow_ReachesTheRegisters()
    {
        using DeviceBench bench = Benches.Create(true);
        int window = 0;
        for (int at = (int)bench.ReadConfig(0x34, 1); at != 0; at = (int)bench.ReadConfig(at + 1, 1))
            if (bench.ReadConfig(at, 1) == 9 && bench.ReadConfig(at + 3, 1) == 5) window = at;
        void Point(uint offset, uint length)
        {
            bench.WriteConfig(window + 4, 0, 1);
            bench.WriteConfig(window + 8, offset);
            bench.WriteConfig(window + 12, length);
        }
        Point(0x12, 2);
        Assert.Equal(2u, bench.ReadConfig(window + 16, 2));
        Point(0x14, 1);
        bench.WriteConfig(window + 16, 3, 1);
        Assert.Equal(3u, bench.ReadConfig(window + 16, 1));
        Assert.Equal(VirtioStatus.Acknowledge | VirtioStatus.Driver, GuestRegisters.Of(bench).Status);
        Point(0xffff_fffc, 4);
        _ = bench.ReadConfig(window + 16);
        Point(1, 4);
        bench.WriteConfig(window + 16, 0xffff_ffff);
        Assert.Equal(0, bench.Log.GuestErrors);
    }

    [Fact] // PCI 3.0, 6.2.2: without bus mastering the device leaves memory alone
    public void Pci_WithoutBusMaster_WaitsUntilItMay()
    {
        using DeviceBench bench = Benches.Create(true);
        VirtioGuest guest = Benches.Start(bench, false);
        bench.WriteConfig(4, 2, 2);
        ulong at = guest.Place("abcd"u8);
        guest.Queues[0].TryAdd([new GuestSegment(at, 4, false), new GuestSegment(guest.Allocate(4), 4, true)], null);
        guest.Queues[0].Kick();
        Assert.Null(guest.Queues[0].TryTake());
        bench.WriteConfig(4, 6, 2);
        Assert.Equal(4u, guest.Queues[0].TryTake()!.Value.Written);
    }

    [Fact]
    public void Mmio_Identity_IsVersion2()
    {
        using DeviceBench bench = Benches.Create(false);
        ulong at = bench.Setup.Placement.MmioBase!.Value;
        Assert.Equal(0x7472_6976u, bench.ReadMmio(at));
        Assert.Equal(2u, bench.ReadMmio(at + 4));
        Assert.Equal(42u, bench.ReadMmio(at + 8));
        Assert.Equal(uint.MaxValue, bench.ReadMmio(at + 0xb0));
        Assert.Equal(IoStatus.BadSize, bench.Access(AddressSpace.Memory, at, 2, 0, IoFlags.None, false, 0, out _));
    }

    [Fact]
    public void Mmio_Interrupt_StaysUntilAcknowledged()
    {
        using DeviceBench bench = Benches.Create(false);
        VirtioGuest guest = Benches.Start(bench, false);
        _ = guest.Exchange(0, "a"u8, 1, out _);
        bench.Run(bench.Echo().Endpoint.ConfigChanged);
        Assert.True(bench.Line("irq").Level);
        ulong at = bench.Setup.Placement.MmioBase!.Value;
        Assert.Equal(3u, bench.ReadMmio(at + 0x60));
        bench.WriteMmio(at + 0x64, 1);
        Assert.True(bench.Line("irq").Level);
        bench.WriteMmio(at + 0x64, 2);
        Assert.False(bench.Line("irq").Level);
    }

    [Fact]
    public void Mmio_Contribute_DescribesAddressAndInterrupt()
    {
        using DeviceBench bench = Benches.Create(false);
        AmlCollector collector = new();
        bench.Echo().Contribute(collector);
        string aml = System.Text.Encoding.Latin1.GetString(collector.Aml);
        Assert.Contains("LNRO0005", aml, StringComparison.Ordinal);
        // Memory32Fixed (ACPI 6.5, 6.4.3.4)
        Assert.Contains("\x86\x09\x00\x01\x00\x10\x00\xd0\x00\x02\x00\x00", aml, StringComparison.Ordinal);
        Assert.Equal([2, 10, 0, 11, 11, 0, 0, 0, 0x0d, 0], collector.Madt); // level, active high
        using DeviceBench pci = Benches.Create(true);
        AmlCollector none = new();
        pci.Echo().Contribute(none);
        Assert.Empty(none.Aml);
    }

    private sealed class AmlCollector : IAcpiBuilder
    {
        public byte[] Aml { get; private set; } = [];
        public byte[] Madt { get; private set; } = [];
        public FadtFacts Fadt { get; } = new();
        public void SystemBus(ReadOnlySpan<byte> aml) => Aml = aml.ToArray();
        public void Root(ReadOnlySpan<byte> aml) { }
        public void PciRoot(ReadOnlySpan<byte> aml) { }
        public void Table(ReadOnlySpan<byte> table) { }
        public void MadtEntry(ReadOnlySpan<byte> entry) => Madt = entry.ToArray();
    }
}
