using System.Net.Sockets;

namespace Hv.Control;

/// <summary>Where the sockets of running machines are: a directory that only its owner can enter.</summary>
public static class ControlDirectory
{
    private const string Extension = ".sock";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The socket of a machine of that name.</summary>
    public static string SocketOf(string directory, string name)
    {
        string safe = string.Concat(
            name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_')).TrimStart('.');
        return Path.Combine(directory, (safe.Length == 0 ? "vm" : safe) + Extension);
    }

    /// <summary>Makes the directory, or makes sure that it is the owner's alone.</summary>
    /// <exception cref="IOException">It cannot be had.</exception>
    /// <exception cref="UnauthorizedAccessException">It is somebody else's.</exception>
    public static void Prepare(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
            return;
        }

        Directory.CreateDirectory(directory, OwnerOnly);
        if ((File.GetUnixFileMode(directory) & ~OwnerOnly) != 0)
        {
            File.SetUnixFileMode(directory, OwnerOnly);
        }
    }

    /// <summary>Names of machines that answer at their sockets, sorted.</summary>
    public static IReadOnlyList<string> List(string directory) => !Directory.Exists(directory)
        ? []
        : [.. Directory.EnumerateFiles(directory, $"*{Extension}").Where(IsAnswered)
            .Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    /// <summary>Connects to a socket; null when nobody listens there.</summary>
    public static Socket? Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            return null;
        }
    }

    private static bool IsAnswered(string path)
    {
        using Socket? socket = Connect(path);
        return socket is not null;
    }
}
