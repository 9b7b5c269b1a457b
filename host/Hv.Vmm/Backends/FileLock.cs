using System.Security.Cryptography;
using System.Text;
using Hv.Interop;
using Hv.Sdk;
using Microsoft.Win32.SafeHandles;

namespace Hv.Vmm.Backends;

/// <summary>Keeps a second writer off a file, and tells it who the first one is. The lock is the operating system's and
/// goes with the process; the owner's name lies in a small file of the user's runtime directory.</summary>
internal sealed class FileLock : IDisposable
{
    private readonly string? note;

    private FileLock(string? note) => this.note = note;

    /// <summary>Takes the lock of an open file.</summary>
    /// <exception cref="ConfigurationException">Another machine has it; named.</exception>
    public static FileLock Take(string path, SafeFileHandle handle, bool exclusive, string owner)
    {
        string note = NotePath(path);
        if (!FileControl.TryLock(handle, exclusive)) throw InUse(path);
        if (!exclusive) return new FileLock(null);
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(note)!);
            File.WriteAllText(note, $"the machine '{owner}' (process {Environment.ProcessId})");
            return new FileLock(note);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new FileLock(null); // the lock holds; only the name will be missing
        }
    }

    /// <summary>Somebody else has the lock; the message says who.</summary>
    public static ConfigurationException InUse(string path) => new(
        $"the disk image '{path}' is in use by {ReadNote(NotePath(path))}; end it first, or open the image with readonly in both");

    private static string ReadNote(string note)
    {
        try
        {
            string text = File.ReadAllText(note);
            return text.Length is > 0 and < 512 ? text : "another program";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "another program";
        }
    }

    private static string NotePath(string path)
    {
        string root = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } dir
            ? dir : System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"hv-{Environment.UserName}");
        string full = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName
            ?? System.IO.Path.GetFullPath(path);
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(full));
        return System.IO.Path.Combine(root, "hv", "locks", Convert.ToHexStringLower(hash.AsSpan(0, 16)));
    }

    public void Dispose()
    {
        if (note is null) return;
        try
        {
            File.Delete(note);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A note without a lock misleads nobody: it is read only when the lock is taken.
        }
    }
}
