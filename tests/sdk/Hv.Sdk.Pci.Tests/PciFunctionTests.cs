using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.Io;
using Hv.Sdk.State;
using Hv.Sdk.TestKit;

namespace Hv.Sdk.Pci.Tests;

/// <summary>The probe at its place, as every test here begins.</summary>
public abstract class ProbeBench : IDisposable
{
    protected static BenchSetup Setup { get; } = new() { Placement = new Placement { Pci = new PciAddress(0, 2, 0) } };

    protected DeviceBench Bench { get; } = DeviceBench.Create(new ProbePlugin(), Setup);
    protected ProbeDevice Probe => (ProbeDevice)Bench.Device;

    public void Dispose() => Bench.Dispose();

    protected int Capability(byte id)
    {
        for (int at = (int)Bench.ReadConfig(0x34, 1); at != 0; at = (int)Bench.ReadConfig(at + 1, 1))
            if (Bench.ReadConfig(at, 1) == id) return at;
        throw new InvalidOperationException($"no capability {id:x}h");
    }

    protected void Command(uint bits) => Bench.WriteConfig(4, bits, 2);
}

public sealed class HeaderTests : ProbeBench
{
    [Fact]
    public void Read_Identity_IsAsDeclared()
    {
        Assert.Equal(0x5678_1234u, Bench.ReadConfig(0x00));
        Assert.Equal(0x0c03_3007u, Bench.ReadConfig(0x08));
        Assert.Equal(0x4321_abcdu, Bench.ReadConfig(0x2c));
        Assert.Equal(0u, Bench.ReadConfig(0x0e, 1)); // header type 0, one function
        Assert.Equal(1u, Bench.ReadConfig(0x3d, 1));
    }

    [Fact]
    public void Write_ReadOnlyRegisters_ChangesNothing()
    {
        foreach (int offset in (int[])[0x00, 0x08, 0x2c, 0x34])
        {
            uint before = Bench.ReadConfig(offset);
            Bench.WriteConfig(offset, ~before);
            Assert.Equal(before, Bench.ReadConfig(offset));
        }
    }

    [Fact]
    public void Write_Command_KeepsImplementedBitsOnly()
    {
        Command(0xffff);
        Assert.Equal(0x0547u, Bench.ReadConfig(4, 2));
        Assert.Equal(0x10u, Bench.ReadConfig(6, 2)); // capabilities; errors were never set
    }

    [Fact]
    public void Access_OutOfBoundsOrUnaligned_ReadsZeroAndWritesNothing()
    {
        Assert.Equal(0u, Bench.ReadConfig(0x100));
        Assert.Equal(0u, Bench.ReadConfig(0xffc));
        Assert.Equal(0u, Bench.Pci!.Function!.ReadConfig(1, 4));
        Assert.Equal(0u, Bench.Pci.Function.ReadConfig(-4, 4));
        Assert.Equal(0u, Bench.Pci.Function.ReadConfig(0, 3));
        Bench.Pci.Function.WriteConfig(0x3e, 4, uint.MaxValue);
        Assert.Equal(0u, Bench.ReadConfig(0x3c, 1));
    }

    [Fact]
    public void Write_PartOfARegister_LeavesTheRest()
    {
        Bench.WriteConfig(0x3c, 0x0b, 1);
        Assert.Equal(0x0000_010bu, Bench.ReadConfig(0x3c));
    }

    [Fact]
    public void Capabilities_Walked_AreAllThereAndEnd()
    {
        List<uint> ids = [];
        for (int at = (int)Bench.ReadConfig(0x34, 1); at != 0; at = (int)Bench.ReadConfig(at + 1, 1))
        {
            Assert.Equal(0, at & 3);
            ids.Add(Bench.ReadConfig(at, 1));
        }
        Assert.Equal([0x11u, 0x05u, 0x09u, 0x10u], ids);
    }

    [Fact]
    public void Write_Capability_ObeysItsMask()
    {
        int at = Probe.VendorCapability;
        Bench.WriteConfig(at, 0xffff_ffff);
        Assert.Equal(0xf211u, Bench.ReadConfig(at + 2, 2));
    }
}

public sealed class BarTests : ProbeBench
{
    private ulong Size(int bar, bool isWide)
    {
        Bench.WriteConfig(0x10 + 4 * bar, 0xffff_ffff);
        if (isWide) Bench.WriteConfig(0x14 + 4 * bar, 0xffff_ffff);
        ulong value = Bench.ReadConfig(0x10 + 4 * bar);
        if (isWide) value |= (ulong)Bench.ReadConfig(0x14 + 4 * bar) << 32;
        else value |= 0xffff_ffff_0000_0000;
        return ~(value & ~((value & 1) != 0 ? 3ul : 15ul)) + 1;
    }

    [Fact] // PCI 3.0, 6.2.5.1: write ones, read back, clear the type bits, invert, add one
    public void Sizing_EachKind_GivesItsLength()
    {
        Assert.Equal(32u, Size(ProbeDevice.IoBar, false));
        Assert.Equal(4096u, Size(ProbeDevice.Memory32Bar, false));
        Assert.Equal(ProbeDevice.WideBytes, Size(ProbeDevice.WideBar, true));
        Assert.Equal(4096u, Size(ProbeDevice.PrefetchableBar, true));
        Assert.Equal([1u, 0u, 4u, 12u], new[] { 0, 1, 2, 4 }.Select(i => Bench.ReadConfig(0x10 + 4 * i) & 15));
    }

    [Fact]
    public void Sizing_WhileDecoding_MapsNothing()
    {
        Command(3);
        foreach (int i in (int[])[0, 1, 2, 3, 4, 5]) Bench.WriteConfig(0x10 + 4 * i, 0xffff_ffff);
        Assert.All(Bench.Regions, r => Assert.False(r.IsMapped));
    }

    [Fact]
    public void Decoding_FollowsEnablesAndMoves()
    {
        Bench.WriteConfig(0x10, 0xc000);
        Bench.WriteConfig(0x20, 0x8000_000c);
        Bench.WriteConfig(0x24, 0x12);
        Assert.All(Bench.Regions, r => Assert.False(r.IsMapped));
        Command(1);
        Assert.Equal(0x100u, Bench.In(0xc000, 4));
        Command(2);
        Assert.Equal(uint.MaxValue, Bench.In(0xc000, 4));
        Assert.Equal(0x103u, Bench.ReadMmio(0x12_8000_0000));
        Bench.WriteConfig(0x24, 0x13);
        Assert.Equal(uint.MaxValue, Bench.ReadMmio(0x12_8000_0000));
        Assert.Equal(0x103u, Bench.ReadMmio(0x13_8000_0000));
    }

    [Fact]
    public void Reset_AfterMapping_TakesRegionsOffTheBus()
    {
        Bench.WriteConfig(0x10, 0xc000);
        Command(1);
        Bench.Reset(ResetKind.Warm);
        Assert.All(Bench.Regions, r => Assert.False(r.IsMapped));
        Assert.Equal(1u, Bench.ReadConfig(0x10));
    }

    [Theory]
    [InlineData(BarKind.Memory32, 24)]
    [InlineData(BarKind.Memory32, 8)]
    [InlineData(BarKind.Io, 512)]
    [InlineData(BarKind.Io, 2)]
    public void AddBar_ImpossibleLength_IsRefused(BarKind kind, int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Probe.Pci.AddBar(3, kind, (ulong)length, Probe, 0));
}

public sealed class InterruptTests : ProbeBench
{
    private const ulong Registers = 0x8000_0000;
    private const ulong Table = 0x9000_0000;

    public InterruptTests()
    {
        Bench.WriteConfig(0x14, (uint)Table);
        Bench.WriteConfig(0x20, (uint)Registers);
        Command(6);
    }

    private void RaiseMsix(int vector) => Bench.WriteMmio(Registers + 4, (ulong)vector);
    private void RaiseMsi(int vector) => Bench.WriteMmio(Registers + 8, (ulong)vector);
    private void Intx(bool level) => Bench.WriteMmio(Registers, level ? 1u : 0u);

    private void SetVector(int vector, uint control)
    {
        Bench.WriteMmio(Table + 16u * (uint)vector, 0xfee0_1000);
        Bench.WriteMmio(Table + 16u * (uint)vector + 4, 0);
        Bench.WriteMmio(Table + 16u * (uint)vector + 8, 0x80u + (uint)vector);
        Bench.WriteMmio(Table + 16u * (uint)vector + 12, control);
    }

    private ulong Pending(int vector)
    {
        uint offset = Bench.ReadConfig(Capability(0x11) + 8) & ~7u;
        return Bench.ReadMmio(Table + offset + 8u * (uint)(vector / 64), 8) >> (vector % 64) & 1;
    }

    [Fact]
    public void Intx_Set_DrivesPinAndStatus()
    {
        Intx(true);
        Assert.True(Bench.Line("intxa").Level);
        Assert.Equal(8u, Bench.ReadConfig(6, 2) & 8);
        Intx(false);
        Assert.False(Bench.Line("intxa").Level);
        Assert.Equal(0u, Bench.ReadConfig(6, 2) & 8);
    }

    [Fact] // PCI 3.0, 6.2.2: bit 10 holds the pin, 6.2.3: the status bit shows the state all the same
    public void Intx_Disabled_ShowsInStatusOnly()
    {
        Intx(true);
        Command(0x406);
        Assert.False(Bench.Line("intxa").Level);
        Assert.Equal(8u, Bench.ReadConfig(6, 2) & 8);
        Command(6);
        Assert.True(Bench.Line("intxa").Level);
    }

    [Fact]
    public void Intx_WhileMessagesAreOn_StaysLow()
    {
        Intx(true);
        Bench.WriteConfig(Capability(0x11) + 2, 0x8000, 2);
        Assert.False(Bench.Line("intxa").Level);
        Bench.WriteConfig(Capability(0x11) + 2, 0, 2);
        Assert.True(Bench.Line("intxa").Level);
    }

    [Fact]
    public void Msix_AfterReset_IsOffAndMasked()
    {
        Assert.Equal(39u, Bench.ReadConfig(Capability(0x11) + 2, 2));
        Assert.Equal(1u, Bench.ReadMmio(Table + 12));
        RaiseMsix(0);
        Assert.Equal(0, Bench.Msi.Count);
        Assert.Equal(0ul, Pending(0));
    }

    [Fact]
    public void Msix_Enabled_SendsTheEntry()
    {
        SetVector(39, 0);
        Bench.WriteConfig(Capability(0x11) + 2, 0x8000, 2);
        RaiseMsix(39);
        Assert.Equal(1, Bench.Msi.Count);
        Assert.Equal(0xfee0_1000ul, Bench.Msi.Last!.Value.Address);
        Assert.Equal(0xa7u, Bench.Msi.Last.Value.Data);
        RaiseMsix(40);
        Assert.Equal(1, Bench.Msi.Count);
    }

    [Fact] // PCI 3.0, 6.8.3.4: masked vectors wait, and go once when unmasked
    public void Msix_MaskedVector_WaitsAndGoesOnce()
    {
        SetVector(33, 1);
        Bench.WriteConfig(Capability(0x11) + 2, 0x8000, 2);
        RaiseMsix(33);
        RaiseMsix(33);
        Assert.Equal(0, Bench.Msi.Count);
        Assert.Equal(1ul, Pending(33));
        Bench.WriteMmio(Table + 16 * 33 + 8, 0x55 | 0ul << 32, 8);
        Assert.Equal(1, Bench.Msi.Count);
        Assert.Equal(0x55u, Bench.Msi.Last!.Value.Data);
        Assert.Equal(0ul, Pending(33));
    }

    [Theory]
    [InlineData(0xc000u, 6u)] // function mask
    [InlineData(0x8000u, 2u)] // may not master the bus
    public void Msix_FunctionCannotSend_WaitsUntilItCan(uint control, uint command)
    {
        SetVector(1, 0);
        SetVector(35, 0);
        Bench.WriteConfig(Capability(0x11) + 2, control, 2);
        Command(command);
        RaiseMsix(1);
        RaiseMsix(35);
        Assert.Equal(0, Bench.Msi.Count);
        Bench.WriteConfig(Capability(0x11) + 2, 0x8000, 2);
        Command(6);
        Assert.Equal(2, Bench.Msi.Count);
    }

    [Fact]
    public void Msix_PendingBits_AreReadOnly()
    {
        uint offset = Bench.ReadConfig(Capability(0x11) + 8) & ~7u;
        Bench.WriteMmio(Table + offset, ulong.MaxValue, 8);
        Assert.Equal(0ul, Bench.ReadMmio(Table + offset, 8));
        Assert.Equal(IoStatus.BadSize, Bench.Access(AddressSpace.Memory, Table, 2, 0, IoFlags.None, false, 0, out _));
    }

    private void EnableMsi(int grantedLog2)
    {
        int at = Capability(0x05);
        Bench.WriteConfig(at + 4, 0xfee0_3000);
        Bench.WriteConfig(at + 12, 0x4a, 2);
        Bench.WriteConfig(at + 2, (uint)(1 | grantedLog2 << 4), 2);
    }

    [Fact] // PCI 3.0, 6.8.1.3 and 6.8.1.6: low bits of the data are the vector, as far as granted
    public void Msi_Enabled_ChangesLowBitsOfTheData()
    {
        Assert.Equal(0x0184u, Bench.ReadConfig(Capability(0x05) + 2, 2)); // 4 vectors, 64-bit, maskable
        EnableMsi(2);
        RaiseMsi(3);
        Assert.Equal(0x4bu, Bench.Msi.Last!.Value.Data);
        EnableMsi(0);
        RaiseMsi(3);
        Assert.Equal(0x4au, Bench.Msi.Last!.Value.Data);
        Assert.Equal(0xfee0_3000ul, Bench.Msi.Last.Value.Address);
    }

    [Fact]
    public void Msi_Masked_WaitsAndGoesOnUnmask()
    {
        int at = Capability(0x05);
        EnableMsi(2);
        Bench.WriteConfig(at + 16, 0xffff_ffff);
        Assert.Equal(0xfu, Bench.ReadConfig(at + 16));
        RaiseMsi(2);
        Assert.Equal(4u, Bench.ReadConfig(at + 20));
        Bench.WriteConfig(at + 20, 0); // pending bits are read-only
        Assert.Equal(0, Bench.Msi.Count);
        Bench.WriteConfig(at + 16, 0);
        Assert.Equal(1, Bench.Msi.Count);
        Assert.Equal(0u, Bench.ReadConfig(at + 20));
    }

    [Fact]
    public void BusMaster_Changed_TellsTheDeviceOnce()
    {
        Command(6);
        Command(2);
        Command(2);
        Assert.Equal([true, false], Probe.BusMasterChanges);
    }

    [Fact]
    public void Load_StateOfAnotherFunction_IsRefused()
    {
        PciFunctionState other =
            new() { Config = [.. Probe.Pci.State.Config], MsixTable = [.. Probe.Pci.State.MsixTable],
                MsixPending = [.. Probe.Pci.State.MsixPending] };
        Probe.Pci.Load(other);
        other.Config[0] ^= 1;
        Assert.Contains("another PCI function", Assert.Throws<StateException>(() => Probe.Pci.Load(other)).Message,
            StringComparison.Ordinal);
        Assert.Throws<StateException>(() => Probe.Pci.Load(new PciFunctionState()));
    }
}

/// <summary>The checks that every device must pass, on BARs mapped or not.</summary>
public sealed class PciConformance : DeviceConformance<ProbePlugin>
{
    protected override BenchSetup Setup { get; } =
        new() { Placement = new Placement { Pci = new PciAddress(0, 2, 0) } };

    protected override void Prepare(DeviceBench bench, Random random)
    {
        bench.WriteConfig(0x10, 0xc000);
        bench.WriteConfig(0x14, 0x9000_0000);
        bench.WriteConfig(0x20, 0x8000_0000);
        bench.WriteConfig(4, 7, 2);
        if (random.Next(2) == 0) bench.WriteConfig(0x42, 0x8000, 2);
    }
}
