using System.Runtime.InteropServices;

namespace Hv.Interop;

/// <summary>The C library's calls that .NET has no own for. Linux only unless said otherwise; errors as <c>errno</c>
/// through the marshaller.</summary>
// SAFETY (whole class): declarations only; each caller says why its pointers hold.
internal static unsafe partial class Libc
{
    private const string Name = "libc";

    public const int PunchHole = 2;
    public const int KeepSize = 1;
    public const int ZeroRange = 16;
    public const int LockExclusive = 2;
    public const int LockShared = 1;
    public const int LockNoWait = 4;
    public const int MemfdCloseOnExec = 1;
    public const int ProtectReadWrite = 3;
    public const int MapShared = 1;
    public const int MapNoReserve = 0x4000;
    public const int SetTimerSlack = 29;
    public const int FutexWaitBitset = 9;
    public const int FutexWake = 1;
    public const int FutexPrivate = 128;
    public const ulong BlockSectorSize = 0x1268;
    public const int SeekEnd = 2;
    public const int SetDescriptorFlags = 2;
    public const int CloseOnExec = 1;

    public static readonly long FutexNumber = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 98 : 202;

    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelsX;
        public ushort PixelsY;
    }

    [LibraryImport(Name, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MemfdCreate(string name, uint flags);

    [LibraryImport(Name, EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(int fd, long length);

    [LibraryImport(Name, EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport(Name, EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nuint length);

    [LibraryImport(Name, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport(Name, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    [LibraryImport(Name, EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(int fd, int mode, long offset, long length);

    [LibraryImport(Name, EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int SyncData(int fd);

    [LibraryImport(Name, EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(int fd, long offset, int whence);

    [LibraryImport(Name, EntryPoint = "fcntl")]
    public static partial int DescriptorControl(int fd, int command, int value);

    /// <summary>Linux and macOS.</summary>
    [LibraryImport(Name, EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(int fd, int operation);

    [LibraryImport(Name, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int fd, ulong request, void* argument);

    [LibraryImport(Name, EntryPoint = "prctl")]
    public static partial int ProcessControl(int option, ulong a, ulong b, ulong c, ulong d);

    [LibraryImport(Name, EntryPoint = "syscall")]
    public static partial long FutexCall(long number, uint* word, int operation, uint value, TimeSpec* deadline,
        uint* word2, uint bitset);
}
