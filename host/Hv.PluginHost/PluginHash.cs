using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Hv.PluginHost;

/// <summary>The hash of a plugin's folder: SHA-256 over its files in the order of their paths, for each the path
/// (UTF-8, '/' between folders), a zero byte, the length in eight bytes (little-endian) and the contents. What is
/// added, changed, renamed or removed changes it; dates and permissions do not.</summary>
public static class PluginHash
{
    private const string Prefix = "sha256:";
    private const int BufferBytes = 128 * 1024;

    /// <summary>The hash as text: <c>sha256:</c> and 64 hexadecimal digits.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static string Of(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[BufferBytes];
        byte[] length = new byte[sizeof(long)];
        foreach (string path in Files(folder))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(path + '\0'));
            using FileStream file = File.OpenRead(Path.Combine(folder, path));
            BinaryPrimitives.WriteInt64LittleEndian(length, file.Length);
            hash.AppendData(length);
            for (int count; (count = file.Read(buffer)) > 0;)
            {
                hash.AppendData(buffer, 0, count);
            }
        }

        return Prefix + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Whether a text has the form of a hash.</summary>
    public static bool IsHash(string text) =>
        text.StartsWith(Prefix, StringComparison.Ordinal) && text.Length == Prefix.Length + (2 * SHA256.HashSizeInBytes)
        && text.AsSpan(Prefix.Length).IndexOfAnyExcept("0123456789abcdef") < 0;

    /// <summary>The files of a folder and those below it, with '/' between folders, in the order of their characters'
    /// codes.</summary>
    public static IReadOnlyList<string> Files(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(folder, f).Replace(Path.DirectorySeparatorChar, '/'))
            .Order(StringComparer.Ordinal)];
}
