using System.Buffers.Binary;
using Hv.Firmware.Platform;
using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Firmware;
using Hv.Sdk.Pci;

namespace Hv.Firmware.LinuxBoot.Tests;

public sealed class PlatformTests
{
    private sealed class Contributor : IAcpiContributor
    {
        public void Contribute(IAcpiBuilder builder)
        {
            builder.Fadt.Pm1aEventPort = 0x600;
            builder.Fadt.Pm1aControlPort = 0x604;
            builder.Fadt.SciInterrupt = 9;
            builder.Fadt.ResetPort = 0xcf9;
            builder.Fadt.ResetValue = 6;
            builder.MadtEntry(MadtEntry.IoApic(0, 0xfec00000, 0));
            builder.MadtEntry(MadtEntry.LocalApic(0, 0, true));
            builder.SystemBus(new AmlWriter().Device("COM1", d => d.HardwareId("PNP0501")
                .Name("_CRS", new ResourceTemplate().Io(0x3f8, 8).Irq(4))).ToArray());
            builder.Table(new AcpiTable("HPET", 1).UInt32(0x8086a201).ToArray());
        }
    }

    private static int Sum(ReadOnlySpan<byte> bytes)
    {
        int sum = 0;
        foreach (byte b in bytes) sum += b;
        return sum & 0xff;
    }

    [Fact]
    public void AcpiTables_PointAtEachOtherWithRightSums()
    {
        FakeMachine machine = new(16, new BootInputs());
        machine.Contributors.Add(new Contributor());
        AcpiImage image = AcpiTables.Build(machine, 0xe0000, 0x10000);
        Assert.Equal(0, Sum(image.Bytes.AsSpan(0, 20)));
        Assert.Equal(0, Sum(image.Bytes.AsSpan(0, 36)));
        ReadOnlySpan<byte> xsdt = At(BinaryPrimitives.ReadUInt64LittleEndian(image.Bytes.AsSpan(24)));
        List<string> found = [];
        for (int i = 36; i < xsdt.Length; i += 8)
        {
            ReadOnlySpan<byte> table = At(BinaryPrimitives.ReadUInt64LittleEndian(xsdt[i..]));
            Assert.Equal(0, Sum(table));
            found.Add(System.Text.Encoding.ASCII.GetString(table[..4]));
        }
        Assert.Equal(["FACP", "APIC", "HPET"], found);
        byte[] fadt = image.Tables.Single(t => t.Signature == "FACP").Table;
        Assert.Equal(276, fadt.Length);
        Assert.Equal(0x600u, BinaryPrimitives.ReadUInt32LittleEndian(fadt.AsSpan(56)));
        Assert.Equal((1, 8, 0xcf9ul, 6),
            (fadt[116], fadt[117], BinaryPrimitives.ReadUInt64LittleEndian(fadt.AsSpan(120)), fadt[128]));
        ReadOnlySpan<byte> dsdt = At(BinaryPrimitives.ReadUInt64LittleEndian(fadt.AsSpan(140)));
        Assert.Equal("DSDT"u8.ToArray(), dsdt[..4].ToArray());
        ReadOnlySpan<byte> facs =
            image.Bytes.AsSpan((int)(BinaryPrimitives.ReadUInt64LittleEndian(fadt.AsSpan(132)) - image.Address));
        Assert.Equal("FACS"u8.ToArray(), facs[..4].ToArray());
        byte[] madt = image.Tables.Single(t => t.Signature == "APIC").Table;
        Assert.Equal((0, 1), (madt[44], madt[52])); // processors before I/O APICs

        ReadOnlySpan<byte> At(ulong address)
        {
            ReadOnlySpan<byte> rest = image.Bytes.AsSpan((int)(address - image.Address));
            return rest[..BinaryPrimitives.ReadInt32LittleEndian(rest[4..])];
        }
    }

    [Fact]
    public void AcpiTables_ThatDoNotFit_AreRefused()
    {
        FakeMachine machine = new(16, new BootInputs());
        for (int i = 0; i < 20; i++) machine.Contributors.Add(new Contributor());
        Assert.Throws<ConfigurationException>(() => AcpiTables.Build(machine, 0xe0000, 1024));
    }

    [Fact]
    public void E820_CoversRamWithoutOverlap()
    {
        IReadOnlyList<E820Entry> map = E820.Build(
        [
            new MemoryRange { LengthBytes = 0xa0000 },
            new MemoryRange { Start = new(0xc0000), LengthBytes = 0xc0000000 - 0xc0000 },
            new MemoryRange { Start = new(0x100000000), LengthBytes = 1UL << 30 },
        ]);
        for (int i = 1; i < map.Count; i++) Assert.True(map[i - 1].Start + map[i - 1].LengthBytes <= map[i].Start);
        Assert.Equal(new E820Entry(0x100000, 0xbff00000, E820Type.Usable), map[^2]);
        Assert.Equal(new E820Entry(0x100000000, 1UL << 30, E820Type.Usable), map[^1]);
    }

    [Fact]
    public void Smbios_EntryPointAndStructuresAreWellFormed()
    {
        byte[] tables = Smbios.Build(0xf0000, Guid.Empty, "pc", 3, 512UL << 20);
        Assert.Equal(0, Sum(tables.AsSpan(0, 24)));
        int length = BinaryPrimitives.ReadInt32LittleEndian(tables.AsSpan(12));
        List<int> types = [];
        List<int> lengths = [];
        int at = 32;
        while (at < 32 + length)
        {
            types.Add(tables[at]);
            lengths.Add(tables[at + 1]);
            at += tables[at + 1];
            while (tables[at] != 0 || tables[at + 1] != 0) at++;
            at += 2;
        }
        Assert.Equal(32 + length, at);
        Assert.Equal([0, 1, 3, 4, 4, 4, 16, 17, 19, 32, 127], types);
        // Formatted lengths by DSP0134 3.6 for the fields that are given (7.1 to 7.33).
        Assert.Equal([26, 27, 21, 50, 50, 50, 23, 40, 31, 11, 4], lengths);
    }

    /// <summary>A function with one BAR register pair, as sizing sees it.</summary>
    private sealed class OneBar(uint flags, ulong size) : IPciFunction
    {
        public ulong Bar { get; private set; } = flags;
        public uint Command { get; private set; }

        public uint ReadConfig(int offset, int length) => offset switch
        {
            0x04 => Command,
            0x10 => (uint)Bar,
            0x14 when (flags & 6) == 4 => (uint)(Bar >> 32),
            _ => 0,
        };

        public void WriteConfig(int offset, int length, uint value)
        {
            ulong mask = ~(size - 1);
            if (offset == 0x04) Command = value;
            if (offset == 0x10) Bar = (Bar & 0xffffffff00000000) | (value & mask & ((flags & 1) != 0 ? ~3u : ~0xfu))
                | flags;
            if (offset == 0x14 && (flags & 6) == 4) Bar = (uint)Bar | ((value & (mask >> 32)) << 32);
        }
    }

    [Fact]
    public void PciSetup_PlacesEachKindOfBarAlignedInItsWindow()
    {
        FakeMachine machine = new(16, new BootInputs())
        {
            PciWindow64 = new MemoryRange { Start = new(0x10_0000_0000), LengthBytes = 1UL << 36 },
        };
        OneBar io = new(1, 32), small = new(0, 0x1000), large = new(0, 0x100000), wide = new(0xc, 0x4000);
        foreach ((int i, OneBar bar) in new[] { (1, io), (2, small), (3, large), (4, wide) })
            machine.Functions[new PciAddress(0, (byte)i, 0)] = bar;
        PciSetup.Assign(machine);
        Assert.Equal(0xc001ul, io.Bar);
        Assert.Equal(0xc0000000ul, small.Bar);
        Assert.Equal(0xc0100000ul, large.Bar);
        Assert.Equal(0x10_0000_000cul, wide.Bar);
        Assert.All([io, small, large, wide], f => Assert.Equal(3u, f.Command));
    }

    [Fact]
    public void PciSetup_WithAFullWindow_SaysSo()
    {
        FakeMachine machine =
            new(16, new BootInputs()) { PciWindow = new MemoryRange { Start = new(0xc0000000), LengthBytes = 0x1000 } };
        machine.Functions[new PciAddress(0, 1, 0)] = new OneBar(0, 0x2000);
        Assert.Throws<ConfigurationException>(() => PciSetup.Assign(machine));
    }
}
