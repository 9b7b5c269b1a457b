using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Hv.Interop;

/// <summary>Zeroed memory that is mapped shared: a memfd on Linux, so that other processes and engines can map the same
/// pages, and what the host's operating system has for shared memory elsewhere. Pages take host memory when they are
/// first written.</summary>
public sealed unsafe class SharedMemory : IDisposable
{
    private readonly MemoryMappedFile? file;
    private readonly MemoryMappedViewAccessor? view;
    private nint address;

    /// <summary>Maps <paramref name="lengthBytes"/> bytes.</summary>
    /// <param name="name">A name for the host's tools (/proc/…/maps).</param>
    /// <param name="lengthBytes">A multiple of 4 KiB.</param>
    /// <exception cref="IOException">The host has not enough memory or address space.</exception>
    public SharedMemory(string name, ulong lengthBytes)
    {
        LengthBytes = lengthBytes;
        if (!OperatingSystem.IsLinux())
        {
            file = MemoryMappedFile.CreateNew(null, (long)lengthBytes);
            view = file.CreateViewAccessor();
            byte* pointer = null;
            // SAFETY: released in Dispose; the view lives as long as this object.
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            address = (nint)pointer;
            return;
        }
        FileDescriptor = Libc.MemfdCreate(name, Libc.MemfdCloseOnExec);
        if (FileDescriptor < 0) throw Failed("memfd_create");
        if (Libc.Truncate(FileDescriptor, (long)lengthBytes) != 0) throw Failed("ftruncate");
        // SAFETY: a fresh mapping at an address that the kernel chooses; unmapped in Dispose only.
        address = Libc.Map(0, (nuint)lengthBytes, Libc.ProtectReadWrite, Libc.MapShared | Libc.MapNoReserve,
            FileDescriptor, 0);
        if (address == -1) throw Failed("mmap");
    }

    /// <summary>Host address of the first byte.</summary>
    public nint Address => address;
    /// <summary>Length in bytes.</summary>
    public ulong LengthBytes { get; }
    /// <summary>The memfd; −1 where there is none.</summary>
    public int FileDescriptor { get; private set; } = -1;

    /// <summary>Gives the pages of a range back to the host; they read as zeroes afterwards. Both are multiples of 4
    /// KiB. False when the host cannot.</summary>
    public bool Discard(ulong offset, ulong lengthBytes) => FileDescriptor >= 0
        && Libc.Allocate(FileDescriptor, Libc.PunchHole | Libc.KeepSize, (long)offset, (long)lengthBytes) == 0;

    /// <summary>Maps memory that another process made, by the descriptor that was inherited from it. Linux
    /// only.</summary>
    /// <exception cref="IOException">It cannot be mapped, or is shorter than that.</exception>
    public static SharedMemory Adopt(int fileDescriptor, ulong lengthBytes) => new(fileDescriptor, lengthBytes);

    private SharedMemory(int inherited, ulong lengthBytes)
    {
        LengthBytes = lengthBytes;
        FileDescriptor = inherited;
        if (Libc.Seek(inherited, 0, Libc.SeekEnd) < (long)lengthBytes) throw Failed("lseek");
        _ = Libc.DescriptorControl(inherited, Libc.SetDescriptorFlags, Libc.CloseOnExec);
        // SAFETY: as in the constructor above; the length was checked, so no access lies behind the file's end.
        address = Libc.Map(0, (nuint)lengthBytes, Libc.ProtectReadWrite, Libc.MapShared, inherited, 0);
        if (address == -1) throw Failed("mmap");
    }

    private IOException Failed(string call)
    {
        int error = Marshal.GetLastPInvokeError();
        Dispose();
        return new IOException(
            $"cannot reserve {LengthBytes >> 20} MiB of memory: {call}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Unmaps the memory. Nobody may use it any more.</summary>
    public void Dispose()
    {
        if (view is not null)
        {
            if (address != 0) view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            file!.Dispose();
        }
        else if (address is not 0 and not -1)
        {
            _ = Libc.Unmap(address, (nuint)LengthBytes);
        }
        address = 0;
        if (FileDescriptor >= 0) _ = Libc.Close(FileDescriptor);
        FileDescriptor = -1;
    }
}
