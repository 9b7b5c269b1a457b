using System.Buffers.Binary;
using System.Text;

namespace Hv.Sdk.Acpi;

/// <summary>A system description table: the 36-byte header of ACPI 6.5, 5.2.6 and a body. Cold.</summary>
public sealed class AcpiTable
{
    private const int HeaderBytes = 36;
    private readonly List<byte> bytes;

    /// <summary>Begins a table.</summary>
    /// <param name="signature">Four characters.</param>
    /// <param name="revision">Of this table's layout.</param>
    public AcpiTable(string signature, byte revision)
    {
        bytes = [.. new byte[HeaderBytes]];
        Ascii(0, signature, 4);
        bytes[8] = revision;
        Ascii(10, "HV", 6);
        Ascii(16, "HVTABLE", 8);
        bytes[24] = 1;
        Ascii(28, "HV", 4);
        bytes[32] = 1;
    }

    /// <summary>Appends one byte.</summary>
    public AcpiTable UInt8(int value)
    {
        bytes.Add((byte)value);
        return this;
    }

    /// <summary>Appends 16 bits.</summary>
    public AcpiTable UInt16(int value) => Append((ulong)(uint)value, 2);

    /// <summary>Appends 32 bits.</summary>
    public AcpiTable UInt32(uint value) => Append(value, 4);

    /// <summary>Appends 64 bits.</summary>
    public AcpiTable UInt64(ulong value) => Append(value, 8);

    /// <summary>Appends bytes.</summary>
    public AcpiTable Bytes(ReadOnlySpan<byte> value)
    {
        bytes.AddRange(value);
        return this;
    }

    /// <summary>Appends a Generic Address Structure (ACPI 6.5, 5.2.3.2) with an access of the register's own
    /// width.</summary>
    /// <param name="isIo">Port space; else memory.</param>
    /// <param name="bits">Register width in bits; 0 writes an absent register.</param>
    /// <param name="address">Where it is.</param>
    public AcpiTable Address(bool isIo, int bits, ulong address)
    {
        if (bits == 0) return Bytes(new byte[12]);
        int access = bits switch { 8 => 1, 16 => 2, 32 => 3, _ => 4 };
        return UInt8(isIo ? 1 : 0).UInt8(bits).UInt8(0).UInt8(access).UInt64(address);
    }

    /// <summary>The table with length and checksum.</summary>
    public byte[] ToArray() => Seal([.. bytes]);

    /// <summary>Fills in length and checksum of a table that is complete otherwise.</summary>
    public static byte[] Seal(byte[] table)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(4), (uint)table.Length);
        table[9] = 0;
        table[9] = Checksum(table);
        return table;
    }

    /// <summary>The byte that makes the sum of all bytes zero.</summary>
    public static byte Checksum(ReadOnlySpan<byte> data)
    {
        int sum = 0;
        foreach (byte b in data) sum += b;
        return (byte)-sum;
    }

    private AcpiTable Append(ulong value, int count)
    {
        for (int i = 0; i < count; i++) bytes.Add((byte)(value >> (8 * i)));
        return this;
    }

    private void Ascii(int offset, string text, int length)
    {
        byte[] raw = Encoding.ASCII.GetBytes(text.PadRight(length));
        for (int i = 0; i < length; i++) bytes[offset + i] = raw[i];
    }
}
