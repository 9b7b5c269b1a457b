using Hv.Sdk.Acpi;

namespace Hv.Firmware.Platform;

/// <summary>Collects what devices contribute.</summary>
internal sealed class AcpiBuilder : IAcpiBuilder
{
    private readonly AmlWriter systemBus = new();
    private readonly AmlWriter root = new();
    private readonly AmlWriter pciRoot = new();
    private readonly List<byte[]> madtEntries = [];
    private bool hasPciRoot;

    public FadtFacts Fadt { get; } = new();

    public List<byte[]> Tables { get; } = [];

    public void SystemBus(ReadOnlySpan<byte> aml) => systemBus.Append(aml);

    public void Root(ReadOnlySpan<byte> aml) => root.Append(aml);

    public void PciRoot(ReadOnlySpan<byte> aml)
    {
        hasPciRoot = true;
        _ = pciRoot.Append(aml);
    }

    public void Table(ReadOnlySpan<byte> table) => Tables.Add(table.ToArray());

    public void MadtEntry(ReadOnlySpan<byte> entry) => madtEntries.Add(entry.ToArray());

    /// <summary>The DSDT, revision 2: 64-bit integers (5.2.11.1).</summary>
    public byte[] Dsdt()
    {
        AmlWriter aml = new();
        _ = aml.Scope("\\_SB", s => s.Append(systemBus.ToArray()));
        if (hasPciRoot) _ = aml.Scope("\\_SB.PCI0", s => s.Append(pciRoot.ToArray()));
        _ = aml.Append(root.ToArray());
        return new AcpiTable("DSDT", 2).Bytes(aml.ToArray()).ToArray();
    }

    /// <summary>The MADT, revision 5 (5.2.12); flag bit 0 says that 8259s are there.</summary>
    public byte[] Madt()
    {
        AcpiTable table = new AcpiTable("APIC", 5)
            .UInt32(Fadt.LocalApicAddress != 0 ? Fadt.LocalApicAddress : 0xfee00000).UInt32(Fadt.HasPic ? 1u : 0u);
        // By type: processors first, as most systems list them, then I/O APICs, overrides and NMIs.
        foreach (byte[] entry in madtEntries.OrderBy(e => e[0])) _ = table.Bytes(entry);
        return table.ToArray();
    }
}
