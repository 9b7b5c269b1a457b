using Microsoft.Win32.SafeHandles;

namespace Hv.Interop;

/// <summary>What files can do beyond .NET's calls. Each answers false where the host or the file system
/// cannot.</summary>
public static unsafe class FileControl
{
    /// <summary>Locks an open file against other opens, advisory, until it is closed. False when another open holds
    /// it.</summary>
    public static bool TryLock(SafeFileHandle file, bool exclusive)
    {
        if (OperatingSystem.IsWindows()) return true; // FileShare keeps others out there
        return Libc.Lock(Fd(file), (exclusive ? Libc.LockExclusive : Libc.LockShared) | Libc.LockNoWait) == 0;
    }

    /// <summary>Makes written data durable.</summary>
    public static bool SyncData(SafeFileHandle file)
    {
        if (OperatingSystem.IsLinux()) return Libc.SyncData(Fd(file)) == 0;
        try
        {
            RandomAccess.FlushToDisk(file);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Makes a directory's entries durable after a rename; best effort.</summary>
    public static void SyncDirectory(string path)
    {
        if (!OperatingSystem.IsLinux()) return;
        int fd = Libc.Open(path, 0);
        if (fd < 0) return;
        _ = Libc.SyncData(fd);
        _ = Libc.Close(fd);
    }

    /// <summary>Gives a range's space back; it reads as zeroes.</summary>
    public static bool PunchHole(SafeFileHandle file, long offset, long length) => OperatingSystem.IsLinux()
        && Libc.Allocate(Fd(file), Libc.PunchHole | Libc.KeepSize, offset, length) == 0;

    /// <summary>Makes a range read as zeroes, keeping its space.</summary>
    public static bool ZeroRange(SafeFileHandle file, long offset, long length) => OperatingSystem.IsLinux()
        && Libc.Allocate(Fd(file), Libc.ZeroRange | Libc.KeepSize, offset, length) == 0;

    /// <summary>Length of a file or block device in bytes.</summary>
    public static long Length(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux()) return RandomAccess.GetLength(file);
        long end = Libc.Seek(Fd(file), 0, Libc.SeekEnd);
        return end >= 0 ? end : RandomAccess.GetLength(file);
    }

    /// <summary>Logical sector size of a block device in bytes; 512 for files.</summary>
    public static int SectorBytes(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux()) return 512;
        int bytes = 0;
        // SAFETY: BLKSSZGET writes one int.
        return Libc.Control(Fd(file), Libc.BlockSectorSize, &bytes) == 0 && bytes is 512 or 4096 ? bytes : 512;
    }

    // The callers hold the handle open for the length of the call.
    private static int Fd(SafeFileHandle file) => (int)file.DangerousGetHandle();
}
