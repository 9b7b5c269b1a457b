using System.Buffers.Binary;

namespace Hv.Firmware.LinuxBoot.Tests;

/// <summary>Kernel images made by hand, just enough of each.</summary>
internal static class KernelFiles
{
    public const int SetupSectors = 2;

    public static byte[] BzImage(bool has64BitEntry, uint initBytes = 0x100000)
    {
        byte[] image = new byte[((SetupSectors + 1) * 512) + 4096];
        image[0x1f1] = SetupSectors;
        Put32(image, 0x1f4, 4096 / 16);
        image[0x201] = 0x6a;
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x206), 0x020f);
        image[0x211] = 1;
        Put32(image, 0x22c, 0x7fffffff);
        image[0x236] = (byte)(has64BitEntry ? 1 : 0);
        Put32(image, 0x238, 2047);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(0x258), 0x1000000);
        Put32(image, 0x260, initBytes);
        image.AsSpan((SetupSectors + 1) * 512).Fill(0x90);
        return image;
    }

    public static byte[] PvhElf(uint entry)
    {
        byte[] elf = new byte[0x1000];
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(elf, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(56), 2);
        Segment(64, type: 1, offset: 0x200, address: 0x100000, fileBytes: 0x100, memoryBytes: 0x2000);
        Segment(120, type: 4, offset: 0x400, address: 0, fileBytes: 20, memoryBytes: 20);
        Put32(elf, 0x400, 4);
        Put32(elf, 0x404, 4);
        Put32(elf, 0x408, 18);
        "Xen\0"u8.CopyTo(elf.AsSpan(0x40c));
        Put32(elf, 0x410, entry);
        elf.AsSpan(0x200, 0x100).Fill(0xcc);
        return elf;

        void Segment(int at, uint type, ulong offset, ulong address, ulong fileBytes, ulong memoryBytes)
        {
            Put32(elf, at, type);
            BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(at + 8), offset);
            BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(at + 24), address);
            BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(at + 32), fileBytes);
            BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(at + 40), memoryBytes);
        }
    }

    private static void Put32(byte[] to, int offset, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(to.AsSpan(offset), value);
}
