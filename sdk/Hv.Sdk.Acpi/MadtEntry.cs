using System.Buffers.Binary;

namespace Hv.Sdk.Acpi;

/// <summary>Interrupt controller structures of the MADT (ACPI 6.5, 5.2.12).</summary>
public static class MadtEntry
{
    /// <summary>A processor with its local APIC (5.2.12.2); ids up to 254.</summary>
    public static byte[] LocalApic(byte processorUid, byte apicId, bool isEnabled) =>
        [0, 8, processorUid, apicId, (byte)(isEnabled ? 1 : 0), 0, 0, 0];

    /// <summary>An I/O APIC (5.2.12.3).</summary>
    public static byte[] IoApic(byte id, uint address, uint gsiBase)
    {
        byte[] entry = [1, 12, id, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(4), address);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(8), gsiBase);
        return entry;
    }

    /// <summary>An ISA interrupt that is not wired as its number says (5.2.12.5).</summary>
    public static byte[] Override(byte isaIrq, uint gsi, bool isLevel, bool isActiveLow)
    {
        byte[] entry = [2, 10, 0, isaIrq, 0, 0, 0, 0, (byte)((isActiveLow ? 3 : 1) | (isLevel ? 3 : 1) << 2), 0];
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(4), gsi);
        return entry;
    }

    /// <summary>NMI on a local interrupt pin (5.2.12.7); processor 255 is all.</summary>
    public static byte[] LocalApicNmi(byte processorUid, byte pin) => [4, 6, processorUid, 5, 0, pin];
}
