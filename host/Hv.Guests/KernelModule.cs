using System.Buffers.Binary;
using System.Text;
using Hv.Diagnostics;

namespace Hv.Guests;

/// <summary>A kernel module: its uncompressed ELF file, and what its <c>.modinfo</c> section says of it.</summary>
public sealed class KernelModule
{
    private const int SectionHeaderBytes = 64;

    private KernelModule(string path, byte[] image, ILookup<string, string> information)
    {
        RelativePath = path;
        Image = image;
        Aliases = [.. information["alias"]];
        Depends = [.. information["depends"].SelectMany(
            d => d.Split(',', StringSplitOptions.RemoveEmptyEntries)).Select(CanonicalName)];
        LoadedBefore = [.. information["softdep"].Where(s => s.StartsWith("pre: ", StringComparison.Ordinal))
            .SelectMany(s => s["pre: ".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(
                CanonicalName)];
    }

    /// <summary>Its path below <c>/lib/modules/VERSION</c>, ending in <c>.ko</c>.</summary>
    public string RelativePath { get; }
    /// <summary>The ELF file.</summary>
    public byte[] Image { get; }
    /// <summary>The name that the kernel knows it by.</summary>
    public string Name => NameOf(RelativePath);
    /// <summary>Names of modules whose symbols it needs.</summary>
    public IReadOnlyList<string> Depends { get; }
    /// <summary>Names of modules that should be there first: soft dependencies.</summary>
    public IReadOnlyList<string> LoadedBefore { get; }
    /// <summary>What else it is found by, for example <c>fs-ext4</c> or <c>virtio:d00000002v*</c>.</summary>
    public IReadOnlyList<string> Aliases { get; }

    /// <summary>Reads a file, which may be compressed.</summary>
    /// <exception cref="DiagnosticException">It is no module, or nothing here can decompress it.</exception>
    public static KernelModule Read(string file, string relativePath)
    {
        byte[] image = Decompressor.ReadFile(file);
        string path = relativePath[..(relativePath.LastIndexOf(".ko", StringComparison.Ordinal) + 3)];
        return new KernelModule(path, image, ParseInformation(Section(image, ".modinfo", file)));
    }

    /// <summary>The name of a module file: <c>virtio-rng.ko.xz</c> is <c>virtio_rng</c>.</summary>
    public static string NameOf(string path)
    {
        string file = Path.GetFileName(path);
        int end = file.IndexOf(".ko", StringComparison.Ordinal);
        return CanonicalName(end < 0 ? file : file[..end]);
    }

    /// <summary>The kernel takes '-' and '_' for the same.</summary>
    public static string CanonicalName(string name) => name.Replace('-', '_');

    /// <summary>NUL-terminated <c>key=value</c> texts.</summary>
    private static ILookup<string, string> ParseInformation(ReadOnlySpan<byte> section) =>
        Encoding.UTF8.GetString(section).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(e => e.Split('=', 2))
            .Where(e => e.Length == 2)
            .ToLookup(e => e[0], e => e[1]);

    /// <summary>A section by its name (System V ABI, ELF-64 object file format, sections 4 and 5).</summary>
    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> elf, string name, string file)
    {
        if (elf.Length >= 64 && elf.StartsWith("\u007FELF"u8) && elf[4] == 2)
        {
            long headers = BinaryPrimitives.ReadInt64LittleEndian(elf[0x28..]);
            int count = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3C..]);
            int namesIndex = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3E..]);
            if (headers > 0 && headers <= elf.Length - ((long)count * SectionHeaderBytes) && namesIndex < count)
            {
                ReadOnlySpan<byte> table = elf.Slice((int)headers, count * SectionHeaderBytes);
                ReadOnlySpan<byte> names = Contents(elf, table[(namesIndex * SectionHeaderBytes)..]);
                byte[] wanted = [.. Encoding.ASCII.GetBytes(name), 0];
                for (int i = 0; i < count; i++)
                {
                    ReadOnlySpan<byte> header = table[(i * SectionHeaderBytes)..];
                    uint at = BinaryPrimitives.ReadUInt32LittleEndian(header);
                    if (at < names.Length && names[(int)at..].StartsWith(wanted))
                    {
                        return Contents(elf, header);
                    }
                }
            }
        }

        throw new DiagnosticException(
            new Diagnostic(Codes.BadPackage, Place.Of(file), "this is not a kernel module", null));
    }

    private static ReadOnlySpan<byte> Contents(ReadOnlySpan<byte> elf, ReadOnlySpan<byte> header)
    {
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(header[0x18..]);
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(header[0x20..]);
        return offset <= (ulong)elf.Length && size <= (ulong)elf.Length - offset
            ? elf.Slice((int)offset, (int)size) : [];
    }
}
