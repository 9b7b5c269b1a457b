using System.Globalization;
using System.Text;

namespace Hv.Guests;

/// <summary>Writes a cpio archive in the "newc" format that Linux takes as an initramfs
/// (Documentation/driver-api/early-userspace/buffer-format.rst). Everything belongs to root and is dated 0, so that the
/// same contents give the same bytes. Paths have no leading slash; parents must be added before what is in
/// them.</summary>
public sealed class CpioWriter(Stream to)
{
    private const int HeaderBytes = 110;
    private const int BlockBytes = 512;
    private const uint DirectoryType = 0x4000;
    private const uint CharacterType = 0x2000;
    private const uint FileType = 0x8000;
    private const uint LinkType = 0xA000;

    private long position;
    private uint nextInode = 1;

    /// <summary>Adds a directory with these permission bits.</summary>
    public void AddDirectory(string path, uint permissions) =>
        Add(path, DirectoryType | permissions, [], links: 2, device: (0, 0));

    /// <summary>Adds a file with these permission bits.</summary>
    public void AddFile(string path, uint permissions, ReadOnlySpan<byte> contents) =>
        Add(path, FileType | permissions, contents, links: 1, device: (0, 0));

    /// <summary>Adds a text file.</summary>
    public void AddText(string path, uint permissions, string text) =>
        AddFile(path, permissions, Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n")));

    /// <summary>Adds a symbolic link.</summary>
    public void AddLink(string path, string target) =>
        Add(path, LinkType | 0x1FF, Encoding.UTF8.GetBytes(target), links: 1, device: (0, 0));

    /// <summary>Adds a character device node.</summary>
    public void AddCharacterDevice(string path, uint permissions, uint major, uint minor) =>
        Add(path, CharacterType | permissions, [], links: 1, device: (major, minor));

    /// <summary>Writes the end of the archive.</summary>
    public void Finish()
    {
        nextInode = 0;
        Add("TRAILER!!!", 0, [], links: 1, device: (0, 0));
        Pad(BlockBytes);
    }

    private void Add(string path, uint mode, ReadOnlySpan<byte> contents, uint links, (uint Major, uint Minor) device)
    {
        byte[] name = Encoding.UTF8.GetBytes(path);
        var header = new StringBuilder("070701", HeaderBytes);
        uint inode = nextInode == 0 ? 0 : nextInode++;
        ReadOnlySpan<uint> fields =
        [
            inode, mode, 0, 0, links, 0, (uint)contents.Length, 0, 0, device.Major, device.Minor, (uint)name.Length + 1,
            0,
        ];
        foreach (uint field in fields)
        {
            header.Append(CultureInfo.InvariantCulture, $"{field:X8}");
        }

        Write(Encoding.ASCII.GetBytes(header.ToString()));
        Write(name);
        Write([0]);
        Pad(4);
        Write(contents);
        Pad(4);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        to.Write(bytes);
        position += bytes.Length;
    }

    private void Pad(int alignment)
    {
        ReadOnlySpan<byte> zeroes = stackalloc byte[BlockBytes];
        Write(zeroes[..(int)((alignment - (position % alignment)) % alignment)]);
    }
}
