using System.Buffers.Binary;
using Hv.Sdk.Acpi;
using Hv.Sdk.Firmware;

namespace Hv.Firmware.Platform;

/// <summary>ACPI tables at their addresses.</summary>
public sealed class AcpiImage
{
    /// <summary>Where <see cref="Bytes"/> goes; the RSDP is its first byte.</summary>
    public required ulong Address { get; init; }
    /// <summary>All tables.</summary>
    public required byte[] Bytes { get; init; }
    /// <summary>Each table by signature, for tests and dumps.</summary>
    public required IReadOnlyList<(string Signature, byte[] Table)> Tables { get; init; }
}

/// <summary>Builds RSDP, XSDT, FADT, FACS, DSDT, MADT and what devices contribute (ACPI 6.5, chapter 5).</summary>
public static class AcpiTables
{
    private const int FacsBytes = 64;

    /// <summary>Builds all tables for a machine.</summary>
    /// <exception cref="Sdk.ConfigurationException">They do not fit into <paramref name="room"/> bytes.</exception>
    public static AcpiImage Build(IFirmwareContext context, ulong address, int room)
    {
        AcpiBuilder builder = new();
        foreach (IAcpiContributor contributor in context.AcpiContributors) contributor.Contribute(builder);

        TablePlacer placer = new(address + 64);
        ulong facs = placer.Add("FACS", Facs());
        ulong dsdt = placer.Add("DSDT", builder.Dsdt());
        List<ulong> roots = [placer.Add("FACP", Fadt(builder.Fadt, facs, dsdt)), placer.Add("APIC", builder.Madt())];
        foreach (byte[] table in builder.Tables)
            roots.Add(placer.Add(System.Text.Encoding.ASCII.GetString(table, 0, 4), AcpiTable.Seal(table)));
        AcpiTable xsdt = new("XSDT", 1);
        foreach (ulong root in roots) _ = xsdt.UInt64(root);
        ulong xsdtAddress = placer.Add("XSDT", xsdt.ToArray());

        byte[] image = new byte[placer.End - address];
        if (image.Length > room)
            throw new Sdk.ConfigurationException($"the ACPI tables need {image.Length} bytes and there is room for {room}: use fewer devices or vCPUs");
        Rsdp(xsdtAddress).CopyTo(image, 0);
        foreach ((ulong at, byte[] table) in placer.Placed) table.CopyTo(image, (int)(at - address));
        return new AcpiImage { Address = address, Bytes = image, Tables = placer.Named };
    }

    /// <summary>Root System Description Pointer, revision 2 (5.2.5.3).</summary>
    private static byte[] Rsdp(ulong xsdt)
    {
        byte[] rsdp = new byte[36];
        "RSD PTR "u8.CopyTo(rsdp);
        "HV    "u8.CopyTo(rsdp.AsSpan(9));
        rsdp[15] = 2;
        BinaryPrimitives.WriteUInt32LittleEndian(rsdp.AsSpan(20), 36);
        BinaryPrimitives.WriteUInt64LittleEndian(rsdp.AsSpan(24), xsdt);
        rsdp[8] = AcpiTable.Checksum(rsdp.AsSpan(0, 20));
        rsdp[32] = AcpiTable.Checksum(rsdp);
        return rsdp;
    }

    /// <summary>Firmware ACPI Control Structure, version 2 (5.2.10): no wake vector, no global lock held.</summary>
    private static byte[] Facs()
    {
        byte[] facs = new byte[FacsBytes];
        "FACS"u8.CopyTo(facs);
        facs[4] = FacsBytes;
        facs[32] = 2;
        return facs;
    }

    /// <summary>Fixed ACPI Description Table, revision 6 (5.2.9).</summary>
    private static byte[] Fadt(FadtFacts facts, ulong facs, ulong dsdt)
    {
        // Fixed-feature flags (table 5.10): WBINVD, C1 works, no fixed sleep button, RTC wake not in fixed hardware.
        uint flags = 1u << 0 | 1u << 2 | 1u << 5 | 1u << 6;
        if (facts.IsPmTimer32Bit) flags |= 1u << 8;
        if (facts.ResetPort != 0) flags |= 1u << 10;
        // IA-PC boot architecture flags (table 5.11).
        int boot = 1 | (facts.HasKeyboardController ? 2 : 0) | (facts.HasVga ? 0 : 4) | (facts.HasRtc ? 0 : 0x20);
        bool hasPm = facts.Pm1aEventPort != 0;
        int timerBits = facts.PmTimerPort != 0 ? 32 : 0;
        return new AcpiTable("FACP", 6)
            .UInt32((uint)facs).UInt32((uint)dsdt)
            .UInt8(0).UInt8(0)
            .UInt16(facts.SciInterrupt).UInt32(facts.SmiCommandPort)
            .UInt8(facts.AcpiEnable).UInt8(facts.AcpiDisable).UInt8(0).UInt8(0)
            .UInt32(facts.Pm1aEventPort).UInt32(0).UInt32(facts.Pm1aControlPort).UInt32(0).UInt32(0)
            .UInt32(facts.PmTimerPort).UInt32(facts.Gpe0Port).UInt32(0)
            .UInt8(hasPm ? 4 : 0).UInt8(hasPm ? 2 : 0).UInt8(0).UInt8(timerBits / 8)
            .UInt8(facts.Gpe0Bytes).UInt8(0).UInt8(0).UInt8(0)
            .UInt16(0xffff).UInt16(0xffff) // C2 and C3 latencies: not supported
            .UInt16(0).UInt16(0).UInt8(0).UInt8(0).UInt8(0).UInt8(0)
            .UInt8(facts.CenturyIndex).UInt16(boot).UInt8(0)
            .UInt32(flags)
            .Address(isIo: true, facts.ResetPort != 0 ? 8 : 0, facts.ResetPort).UInt8(facts.ResetValue)
            .UInt16(0).UInt8(5)
            .UInt64(facs).UInt64(dsdt)
            .Address(isIo: true, hasPm ? 32 : 0, facts.Pm1aEventPort).Address(isIo: true, 0, 0)
            .Address(isIo: true, hasPm ? 16 : 0, facts.Pm1aControlPort).Address(isIo: true, 0, 0)
            .Address(isIo: true, 0, 0)
            .Address(isIo: true, timerBits, facts.PmTimerPort)
            .Address(isIo: true, facts.Gpe0Bytes * 8, facts.Gpe0Port).Address(isIo: true, 0, 0)
            .Address(isIo: true, 0, 0).Address(isIo: true, 0, 0)
            .UInt64(0)
            .ToArray();
    }

    /// <summary>Gives each table an address: 64-byte aligned, which is what the FACS needs.</summary>
    private sealed class TablePlacer(ulong start)
    {
        public List<(ulong Address, byte[] Table)> Placed { get; } = [];
        public List<(string Signature, byte[] Table)> Named { get; } = [];
        public ulong End { get; private set; } = start;

        public ulong Add(string signature, byte[] table)
        {
            ulong address = (End + 63) & ~63UL;
            Placed.Add((address, table));
            Named.Add((signature, table));
            End = address + (ulong)table.Length;
            return address;
        }
    }
}
