namespace Hv.Sdk.Acpi;

/// <summary>A device that appears in the ACPI tables.</summary>
public interface IAcpiContributor
{
    /// <summary>Adds what firmware must tell the guest. Called when tables are built; reads wiring, changes
    /// nothing.</summary>
    void Contribute(IAcpiBuilder builder);
}

/// <summary>Collects tables. The kit <c>Hv.Sdk.Acpi</c> encodes AML.</summary>
public interface IAcpiBuilder
{
    /// <summary>Encoded AML terms that go into <c>\_SB</c> of the DSDT.</summary>
    void SystemBus(ReadOnlySpan<byte> aml);
    /// <summary>Encoded AML terms that go to the root of the DSDT.</summary>
    void Root(ReadOnlySpan<byte> aml);
    /// <summary>Encoded AML terms inside the host bridge's device (<c>\_SB.PCI0</c>).</summary>
    void PciRoot(ReadOnlySpan<byte> aml);
    /// <summary>A whole table with its header (HPET, MCFG…); length and checksum are filled in.</summary>
    void Table(ReadOnlySpan<byte> table);
    /// <summary>One interrupt controller structure of the MADT (ACPI 6.5, 5.2.12).</summary>
    void MadtEntry(ReadOnlySpan<byte> entry);
    /// <summary>Facts for the FADT.</summary>
    FadtFacts Fadt { get; }
}

/// <summary>What devices contribute to the FADT (ACPI 6.5, 5.2.9). Zero is "not there".</summary>
public sealed class FadtFacts
{
    /// <summary>SCI's global system interrupt.</summary>
    public ushort SciInterrupt { get; set; }
    /// <summary>Port of PM1a_EVT_BLK, 4 bytes long.</summary>
    public ushort Pm1aEventPort { get; set; }
    /// <summary>Port of PM1a_CNT_BLK, 2 bytes long.</summary>
    public ushort Pm1aControlPort { get; set; }
    /// <summary>Port of PM_TMR_BLK, 4 bytes long.</summary>
    public ushort PmTimerPort { get; set; }
    /// <summary>Port of GPE0_BLK.</summary>
    public ushort Gpe0Port { get; set; }
    /// <summary>Its length in bytes.</summary>
    public byte Gpe0Bytes { get; set; }
    /// <summary>SMI command port; zero: always in ACPI mode.</summary>
    public ushort SmiCommandPort { get; set; }
    /// <summary>Value that switches to ACPI mode.</summary>
    public byte AcpiEnable { get; set; }
    /// <summary>Value that switches back.</summary>
    public byte AcpiDisable { get; set; }
    /// <summary>Port of the reset register.</summary>
    public ushort ResetPort { get; set; }
    /// <summary>Value that resets.</summary>
    public byte ResetValue { get; set; }
    /// <summary>CMOS index of the century byte.</summary>
    public byte CenturyIndex { get; set; }
    /// <summary>A CMOS RTC is there.</summary>
    public bool HasRtc { get; set; }
    /// <summary>An 8042 is there.</summary>
    public bool HasKeyboardController { get; set; }
    /// <summary>VGA is there.</summary>
    public bool HasVga { get; set; }
    /// <summary>A pair of 8259s is there (MADT flag).</summary>
    public bool HasPic { get; set; }
    /// <summary>The timer PM_TMR is 32 bits wide.</summary>
    public bool IsPmTimer32Bit { get; set; }
    /// <summary>Address of the local APICs.</summary>
    public uint LocalApicAddress { get; set; }
}
