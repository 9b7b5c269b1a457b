using System.Buffers.Binary;
using System.Text;

namespace Hv.Guests.Tests;

/// <summary>A directory of modules: ELF files with nothing in them but a <c>.modinfo</c> section.</summary>
internal sealed class ModuleFixture : IDisposable
{
    private const int HeaderBytes = 64;

    public ModuleFixture() => Root = Directory.CreateTempSubdirectory("hv-modules-").FullName;

    public string Root { get; }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    /// <summary>Adds a module; <paramref name="pack"/> compresses it.</summary>
    public void Add(string path, string information, Func<byte[], byte[]>? pack = null)
    {
        string file = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        byte[] elf = Elf(information);
        File.WriteAllBytes(file, pack is null ? elf : pack(elf));
    }

    private static byte[] Elf(string information)
    {
        byte[] names = "\0.modinfo\0.shstrtab\0"u8.ToArray();
        byte[] modinfo = Encoding.UTF8.GetBytes(information.Replace('|', '\0') + "\0");
        int namesAt = HeaderBytes;
        int modinfoAt = namesAt + names.Length;
        int headersAt = modinfoAt + modinfo.Length;
        byte[] elf = new byte[headersAt + (3 * HeaderBytes)];
        "\u007FELF"u8.CopyTo(elf);
        elf[4] = 2;
        BinaryPrimitives.WriteInt64LittleEndian(elf.AsSpan(0x28), headersAt);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(0x3C), 3);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(0x3E), 2);
        names.CopyTo(elf, namesAt);
        modinfo.CopyTo(elf, modinfoAt);
        Section(elf.AsSpan(headersAt + HeaderBytes), name: 1, modinfoAt, modinfo.Length);
        Section(elf.AsSpan(headersAt + (2 * HeaderBytes)), name: 10, namesAt, names.Length);
        return elf;
    }

    private static void Section(Span<byte> header, uint name, int offset, int size)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, name);
        BinaryPrimitives.WriteInt64LittleEndian(header[0x18..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(header[0x20..], size);
    }
}
