using System.IO.Compression;
using Hv.Diagnostics;
using ZstdSharp;

namespace Hv.Guests;

/// <summary>Undoes the compressions that distributions use for kernels and modules. xz is left to the program of that
/// name.</summary>
public static class Decompressor
{
    /// <summary>Reads a file whole, decompressed if its beginning says that it is compressed.</summary>
    /// <exception cref="DiagnosticException">Nothing here can decompress it.</exception>
    public static byte[] ReadFile(string path) => Decompress(File.ReadAllBytes(path), path);

    /// <summary>Decompresses, or gives the bytes back when they are not compressed. Bytes after the end of the stream
    /// are let be.</summary>
    /// <exception cref="DiagnosticException">Nothing here can decompress them.</exception>
    public static byte[] Decompress(byte[] bytes, string source)
    {
        ReadOnlySpan<byte> head = bytes;
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]))
        {
            using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
            return ReadAll(gzip);
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]))
        {
            using var zstd = new DecompressionStream(new MemoryStream(bytes));
            return ReadAll(zstd);
        }

        if (!head.StartsWith((ReadOnlySpan<byte>)[0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]))
        {
            return bytes;
        }

        string? tool = new[] { "xz", "busybox" }.FirstOrDefault(ExternalTool.Exists)
            ?? throw new DiagnosticException(new Diagnostic(Codes.BadPackage, Place.Of(source),
                "the file is compressed with xz, and this machine has no xz to undo it", "install xz-utils"));
        string[] arguments = tool == "xz" ? ["-dc", "--single-stream"] : ["xz", "-dc"];
        return ExternalTool.Filter(tool, arguments, bytes);
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var all = new MemoryStream();
        stream.CopyTo(all);
        return all.ToArray();
    }
}
