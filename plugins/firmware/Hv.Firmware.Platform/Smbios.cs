using System.Buffers.Binary;
using System.Text;
using Hv.Sdk.Acpi;

namespace Hv.Firmware.Platform;

/// <summary>Builds SMBIOS 3.x tables (DSP0134 3.6): entry point, BIOS, system, chassis, processors, memory and
/// end.</summary>
public static class Smbios
{
    /// <summary>The entry point at <paramref name="address"/> with its structures behind it.</summary>
    /// <param name="address">Guest physical, 16-byte aligned, in F0000h–FFFFFh.</param>
    /// <param name="machineId">The system's UUID.</param>
    /// <param name="board">The product name.</param>
    /// <param name="vcpuCount">Processors, one socket each.</param>
    /// <param name="memoryBytes">All RAM.</param>
    public static byte[] Build(ulong address, Guid machineId, string board, int vcpuCount, ulong memoryBytes)
    {
        List<byte> structures = [];
        ushort handle = 0;
        void Add(byte type, Action<List<byte>> body, params string[] strings)
        {
            List<byte> formatted = [type, 0, (byte)handle, (byte)(handle >> 8)];
            body(formatted);
            formatted[1] = (byte)formatted.Count;
            handle++;
            structures.AddRange(formatted);
            foreach (string s in strings)
            {
                structures.AddRange(Encoding.ASCII.GetBytes(s));
                structures.Add(0);
            }
            if (strings.Length == 0) structures.Add(0);
            structures.Add(0);
        }

        // BIOS information (7.1): ACPI is not "characteristics not supported"; bit 3 of extension 2 is "virtual
        // machine"
        Add(0, b =>
            b.AddRange([1, 2, 0, 0, 3, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0x08, 0, 1, 0xff, 0xff, 0, 0]),
            "Hv", "0.1", "01/01/2026");
        Add(1, b => // System information (7.2)
        {
            b.AddRange([1, 2, 3, 0]);
            b.AddRange(machineId.ToByteArray());
            b.AddRange([6, 0, 0]);
        }, "Hv", "Hv " + board, "1.0");
        // Chassis (7.4): other, all safe
        Add(3, b => b.AddRange([1, 1, 0, 0, 0, 3, 3, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0]), "Hv");
        for (int i = 0; i < vcpuCount; i++)
        {
            Add(4, b => // Processor (7.5): central, family "other", populated and enabled
                b.AddRange([1, 3, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x41, 1,
                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 1, 1, 4, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]),
                "CPU " + i, "Hv");
        }
        ushort arrayHandle = handle;
        Add(16, b => // Physical memory array (7.17): system board, system memory, no ECC
        {
            b.AddRange([1, 3, 3]);
            UInt32(b, 0x80000000);
            b.AddRange([0xfe, 0xff, 1, 0]);
            UInt64(b, memoryBytes);
        });
        Add(17, b => // Memory device (7.18)
        {
            ulong mebibytes = memoryBytes >> 20;
            b.AddRange([(byte)arrayHandle, (byte)(arrayHandle >> 8), 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff]);
            UInt16(b, (ushort)(mebibytes < 0x7fff ? mebibytes : 0x7fff));
            b.AddRange([9, 0, 1, 0, 7, 2, 0, 0, 0, 2, 0, 0, 0, 0]);
            UInt32(b, (uint)mebibytes);
            b.AddRange([0, 0, 0, 0, 0, 0, 0, 0]);
        }, "DIMM 0", "Hv");
        Add(19, b => // Memory array mapped address (7.20)
        {
            UInt32(b, uint.MaxValue);
            UInt32(b, uint.MaxValue);
            b.AddRange([(byte)arrayHandle, (byte)(arrayHandle >> 8), 1]);
            UInt64(b, 0);
            UInt64(b, memoryBytes - 1);
        });
        Add(32, b => b.AddRange([0, 0, 0, 0, 0, 0, 0])); // System boot (7.33): no errors
        Add(127, _ => { });

        byte[] entry = new byte[32 + structures.Count]; // entry point (5.2.2), 24 bytes, padded to 32
        "_SM3_"u8.CopyTo(entry);
        entry[6] = 24;
        entry[7] = 3;
        entry[8] = 6;
        entry[10] = 1;
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(12), (uint)structures.Count);
        BinaryPrimitives.WriteUInt64LittleEndian(entry.AsSpan(16), address + 32);
        entry[5] = AcpiTable.Checksum(entry.AsSpan(0, 24));
        structures.CopyTo(entry, 32);
        return entry;
    }

    private static void UInt16(List<byte> to, ushort value) => to.AddRange([(byte)value, (byte)(value >> 8)]);

    private static void UInt32(List<byte> to, uint value)
    {
        UInt16(to, (ushort)value);
        UInt16(to, (ushort)(value >> 16));
    }

    private static void UInt64(List<byte> to, ulong value)
    {
        UInt32(to, (uint)value);
        UInt32(to, (uint)(value >> 32));
    }
}
