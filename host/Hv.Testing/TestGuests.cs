using System.Security.Cryptography;
using Hv.Guests;

namespace Hv.Testing;

/// <summary>Where guests of tests are kept: kernels in the user's cache, as for <c>hv run linux</c>; roots beside them,
/// by content, so that the same root is written once.</summary>
internal static class TestGuests
{
    public static string CacheDirectory { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg)
            ? xdg : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "hv");

    public static string Write(InitramfsBuilder builder)
    {
        using MemoryStream image = new();
        builder.Write(image, isCompressed: false);
        string folder = Directory.CreateDirectory(Path.Combine(CacheDirectory, "test-roots")).FullName;
        string file = Path.Combine(
            folder, Convert.ToHexStringLower(SHA256.HashData(image.GetBuffer().AsSpan(0, (int)image.Length)))[..16]);
        if (File.Exists(file))
        {
            return file;
        }

        string temporary = $"{file}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}";
        File.WriteAllBytes(temporary, image.ToArray());
        File.Move(temporary, file, overwrite: true);
        return file;
    }
}
