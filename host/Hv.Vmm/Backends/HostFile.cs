using Hv.Interop;
using Hv.Sdk.Block;
using Hv.Vmm.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hv.Vmm.Backends;

/// <summary>A file or block device of the host, locked against a second writer while it is open.</summary>
internal sealed class HostFile : IHostFile
{
    private const int ZeroPieceBytes = 256 << 10;
    private static readonly byte[] Zeroes = new byte[ZeroPieceBytes];

    private static readonly Callee Storage = Callee.Of("the host's storage", CalleeKind.Host);

    private readonly SafeFileHandle handle;
    private readonly FileLock? ownership;

    private HostFile(string path, SafeFileHandle handle, FileLock? ownership)
    {
        Path = path;
        this.handle = handle;
        this.ownership = ownership;
        SectorBytes = FileControl.SectorBytes(handle);
        CanPunchHoles = OperatingSystem.IsLinux();
    }

    public string Path { get; }
    public long LengthBytes => FileControl.Length(handle);
    public int SectorBytes { get; }
    public bool CanPunchHoles { get; }

    /// <summary>Opens and locks a file: exclusively for writing, shared for reading.</summary>
    /// <param name="path">The file.</param>
    /// <param name="readOnly">Writes will be refused.</param>
    /// <param name="owner">The machine's name, told to whoever finds the file locked.</param>
    /// <exception cref="Hv.Sdk.ConfigurationException">It is not there, may not be opened, or is in use; the message
    /// says by whom.</exception>
    public static HostFile Open(string path, bool readOnly, string owner)
    {
        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, readOnly ? FileAccess.Read : FileAccess.ReadWrite,
                OperatingSystem.IsWindows() && !readOnly ? FileShare.Read : FileShare.ReadWrite | FileShare.Delete);
        }
        catch (IOException e) when (IsSharingViolation(e))
        {
            throw FileLock.InUse(path); // .NET takes a shared lock of its own when it opens a file
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string problem = e switch
            {
                FileNotFoundException or DirectoryNotFoundException => "there is no such file",
                UnauthorizedAccessException when Directory.Exists(path) => "it is a directory",
                UnauthorizedAccessException => readOnly ? "no permission to read it"
                    : "no permission to write it (add readonly or discard-writes to open it for reading)",
                _ => e.Message,
            };
            throw new Hv.Sdk.ConfigurationException($"cannot open the disk image '{path}': {problem}");
        }
        try
        {
            return new HostFile(path, handle, FileLock.Take(path, handle, exclusive: !readOnly, owner));
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public BlockStatus Read(long offsetBytes, Span<byte> to)
    {
        using CallScope scope = CallRecord.Enter(Storage);
        try
        {
            while (to.Length > 0)
            {
                int length = RandomAccess.Read(handle, to, offsetBytes);
                if (length == 0)
                {
                    to.Clear();
                    break;
                }
                to = to[length..];
                offsetBytes += length;
            }
            return BlockStatus.Ok;
        }
        catch (IOException e)
        {
            return Status(e);
        }
    }

    public BlockStatus Write(long offsetBytes, ReadOnlySpan<byte> from)
    {
        using CallScope scope = CallRecord.Enter(Storage);
        try
        {
            RandomAccess.Write(handle, from, offsetBytes);
            return BlockStatus.Ok;
        }
        catch (IOException e)
        {
            return Status(e);
        }
        catch (UnauthorizedAccessException)
        {
            return BlockStatus.ReadOnly;
        }
    }

    public BlockStatus Flush()
    {
        using CallScope scope = CallRecord.Enter(Storage);
        return FileControl.SyncData(handle) ? BlockStatus.Ok : BlockStatus.IoError;
    }

    public BlockStatus Resize(long lengthBytes)
    {
        using CallScope scope = CallRecord.Enter(Storage);
        try
        {
            RandomAccess.SetLength(handle, lengthBytes);
            return BlockStatus.Ok;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return e is IOException io ? Status(io) : BlockStatus.Unsupported;
        }
    }

    public BlockStatus PunchHole(long offsetBytes, long lengthBytes)
    {
        using CallScope scope = CallRecord.Enter(Storage);
        return FileControl.PunchHole(handle, offsetBytes, lengthBytes) ? BlockStatus.Ok : BlockStatus.Unsupported;
    }

    public BlockStatus WriteZeroes(long offsetBytes, long lengthBytes)
    {
        using CallScope scope = CallRecord.Enter(Storage);
        if (FileControl.ZeroRange(handle, offsetBytes, lengthBytes)) return BlockStatus.Ok;
        while (lengthBytes > 0)
        {
            int length = (int)Math.Min(lengthBytes, ZeroPieceBytes);
            BlockStatus status = Write(offsetBytes, Zeroes.AsSpan(0, length));
            if (status != BlockStatus.Ok) return status;
            offsetBytes += length;
            lengthBytes -= length;
        }
        return BlockStatus.Ok;
    }

    private static bool IsSharingViolation(IOException e)
    {
        const int WouldBlock = 11; // Linux; macOS has 35, Windows ERROR_SHARING_VIOLATION 32
        return (e.HResult & 0xffff) is WouldBlock or 35 or 32;
    }

    private static BlockStatus Status(IOException e)
    {
        const int NoSpaceOnDevice = 28;
        const int QuotaExceeded = 122;
        return (e.HResult & 0xffff) is NoSpaceOnDevice or QuotaExceeded ? BlockStatus.NoSpace : BlockStatus.IoError;
    }

    /// <summary>Changes when somebody else has written the file since: its length and time of change.</summary>
    public string Generation()
    {
        DateTime changed = File.GetLastWriteTimeUtc(handle);
        return $"{LengthBytes}:{changed.Ticks}";
    }

    public void Dispose()
    {
        ownership?.Dispose();
        handle.Dispose();
    }
}
