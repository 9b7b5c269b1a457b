using System.Buffers.Binary;
using Hv.Firmware.Platform;
using Hv.Sdk;

namespace Hv.Firmware.LinuxBoot;

/// <summary>An ELF kernel with a PVH entry (Xen, docs/misc/pvh.pandoc and public/arch-x86/hvm/start_info.h): entered in
/// 32-bit protected mode without paging, EBX at the start info.</summary>
internal sealed class PvhKernel : KernelImage
{
    private const uint StartInfoMagic = 0x336ec578;
    private const uint NotePhys32Entry = 18;
    private const uint SegmentLoad = 1;
    private const uint SegmentNote = 4;
    private const ulong ModuleListAddress = BootImage.StartInfoAddress + 0x40;
    private const ulong MemoryMapAddress = BootImage.StartInfoAddress + 0x100;
    private const int MaxCommandLineBytes = 0xffff;
    private const long MaxNoteBytes = 1 << 20;

    private readonly List<Segment> segments = [];
    private readonly ulong entry;

    private readonly record struct Segment(long Offset, ulong Address, long FileBytes, ulong MemoryBytes);

    public PvhKernel(string path, FileStream file)
        : base(path)
    {
        byte[] header = ReadAt(file, 0, 64);
        bool is64 = header[4] == 2;
        if (header[5] != 1 || header[4] is not (1 or 2)) throw Bad("is not a little-endian ELF file");
        long tableOffset = is64 ? (long)UInt64(header, 32) : UInt32(header, 28);
        int entryBytes = UInt16(header, is64 ? 54 : 42);
        int count = UInt16(header, is64 ? 56 : 44);
        if (entryBytes < (is64 ? 56 : 32)) throw Bad("has program headers of a wrong size");
        for (int i = 0; i < count; i++)
        {
            byte[] row = ReadAt(file, tableOffset + ((long)i * entryBytes), entryBytes);
            uint type = UInt32(row, 0);
            Segment segment = is64
                ? new Segment((long)UInt64(row, 8), UInt64(row, 24), (long)UInt64(row, 32), UInt64(row, 40))
                : new Segment(UInt32(row, 4), UInt32(row, 12), UInt32(row, 16), UInt32(row, 20));
            if (type is not (SegmentLoad or SegmentNote) || segment.FileBytes < 0 || segment.Offset < 0) continue;
            if (segment.FileBytes > file.Length - segment.Offset) throw Truncated(
                file.Length, segment.Offset + segment.FileBytes);
            if (type == SegmentLoad) segments.Add(segment);
            else if (FindEntry(ReadAt(file, segment.Offset, (int)Math.Min(segment.FileBytes, MaxNoteBytes)))
                is ulong found) entry = found;
        }
        if (entry == 0) throw Bad("is an ELF file without a PVH entry note (XEN_ELFNOTE_PHYS32_ENTRY)");
        if (segments.Count == 0) throw Bad("has nothing to load");
    }

    public override void CheckCommandLine(string commandLine)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(commandLine) > MaxCommandLineBytes)
            throw new ConfigurationException(
                $"the kernel command line is longer than {MaxCommandLineBytes} bytes: shorten --append") { Option =
                    "append" };
    }

    public override void Load(BootImage boot)
    {
        ulong end = 0;
        using (FileStream file = InputFile.Open(Path, "kernel"))
        {
            foreach (Segment segment in segments)
            {
                ulong segmentEnd = segment.Address + segment.MemoryBytes;
                if (segmentEnd < segment.Address || segmentEnd > boot.LowRamEnd)
                    throw boot.TooSmall($"{Path}: a segment goes up to 0x{segmentEnd:x}");
                boot.WriteFile(segment.Address, file, segment.Offset, segment.FileBytes, Path);
                end = Math.Max(end, segmentEnd);
            }
        }
        (ulong initrd, ulong initrdBytes) = boot.LoadInitrd(0, end);
        boot.WriteCommandLine();
        boot.Write(BootImage.StartInfoAddress, StartInfo(boot, initrd, initrdBytes), "the start info");
        boot.StartIn32BitMode(entry, esi: 0, ebx: BootImage.StartInfoAddress);
    }

    private static byte[] StartInfo(BootImage boot, ulong initrd, ulong initrdBytes)
    {
        byte[] info = new byte[0x100 + (24 * boot.MemoryMap.Count)];
        Put32(0, StartInfoMagic);
        Put32(4, 1); // version: with a memory map
        Put32(12, initrdBytes != 0 ? 1u : 0u);
        Put64(16, initrdBytes != 0 ? ModuleListAddress : 0);
        Put64(24, BootImage.CommandLineAddress);
        Put64(32, boot.AcpiAddress);
        Put64(40, MemoryMapAddress);
        Put32(48, (uint)boot.MemoryMap.Count);
        Put64(0x40, initrd);
        Put64(0x48, initrdBytes);
        for (int i = 0; i < boot.MemoryMap.Count; i++)
        {
            Put64(0x100 + (24 * i), boot.MemoryMap[i].Start);
            Put64(0x108 + (24 * i), boot.MemoryMap[i].LengthBytes);
            Put32(0x110 + (24 * i), (uint)boot.MemoryMap[i].Type);
        }
        return info;

        void Put32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(offset), value);
        void Put64(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(info.AsSpan(offset), value);
    }

    /// <summary>Walks ELF notes: name length, description length, type, both padded to 4 bytes.</summary>
    private static ulong? FindEntry(byte[] notes)
    {
        long i = 0;
        while (i + 12 <= notes.Length)
        {
            uint nameBytes = UInt32(notes, (int)i);
            uint descriptionBytes = UInt32(notes, (int)i + 4);
            uint type = UInt32(notes, (int)i + 8);
            long name = i + 12;
            long description = name + ((nameBytes + 3L) & ~3L);
            i = description + ((descriptionBytes + 3L) & ~3L);
            if (i > notes.Length || type != NotePhys32Entry || nameBytes != 4) continue;
            if (!notes.AsSpan((int)name, 4).SequenceEqual("Xen\0"u8)) continue;
            return descriptionBytes >= 8
                ? UInt64(notes, (int)description) & uint.MaxValue : UInt32(notes, (int)description);
        }
        return null;
    }

    private byte[] ReadAt(FileStream file, long offset, int length)
    {
        if (offset < 0 || offset + length > file.Length) throw Truncated(file.Length, offset + length);
        byte[] bytes = new byte[length];
        file.Position = offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    private ConfigurationException Bad(string problem) =>
        new($"{Path}: {problem}; --kernel takes a bzImage (vmlinuz) or an ELF kernel with a PVH note") { Option =
            "kernel" };

    private static ushort UInt16(byte[] from, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(from.AsSpan(offset));
    private static uint UInt32(byte[] from, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(from.AsSpan(offset));
    private static ulong UInt64(byte[] from, int offset) =>
        BinaryPrimitives.ReadUInt64LittleEndian(from.AsSpan(offset));
}
