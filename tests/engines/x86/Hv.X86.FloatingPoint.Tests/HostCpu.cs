using System.Runtime.InteropServices;

namespace Hv.X86.FloatingPoint.Tests;

/// <summary>Runs short machine-code sequences on the host's processor.</summary>
internal static class HostCpu
{
    /// <summary>Why the host cannot be the oracle, or null.</summary>
    public static string? Unusable { get; } =
        RuntimeInformation.ProcessArchitecture == Architecture.X64 && OperatingSystem.IsLinux()
            ? null
            : "the oracle is the host's processor: x86-64 Linux only";
}

/// <summary>A fact that needs the host's processor as oracle; it is reported as skipped elsewhere.</summary>
internal sealed class HostFactAttribute : FactAttribute
{
    public HostFactAttribute() => Skip = HostCpu.Unusable;
}

/// <summary>A theory that needs the host's processor as oracle; it is reported as skipped elsewhere.</summary>
internal sealed class HostTheoryAttribute : TheoryAttribute
{
    public HostTheoryAttribute() => Skip = HostCpu.Unusable;
}

/// <summary>One page of executable code called as <c>void f(void* cases, long count)</c>.</summary>
internal sealed unsafe partial class HostCode : IDisposable
{
    private const int PageBytes = 4096;
    private readonly byte* page;

    public HostCode(ReadOnlySpan<byte> code)
    {
        const int ReadWrite = 3, ReadExecute = 5, PrivateAnonymous = 0x22;
        // SAFETY: a fresh private mapping of one page, released in Dispose; the code fits (checked by CopyTo's span).
        page = (byte*)MemoryMap(0, PageBytes, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)page == -1)
        {
            throw new InvalidOperationException("mmap failed");
        }
        code.CopyTo(new Span<byte>(page, PageBytes));
        if (MemoryProtect((nint)page, PageBytes, ReadExecute) != 0)
        {
            throw new InvalidOperationException("mprotect failed");
        }
    }

    /// <summary>Runs the code over all cases.</summary>
    public void Run<T>(Span<T> cases) where T : unmanaged
    {
        // SAFETY: the code follows the System V calling convention, restores MXCSR and the x87 control word, and stays inside
        // the cases, whose size it was emitted for.
        fixed (T* first = cases)
        {
            ((delegate* unmanaged[SuppressGCTransition]<void*, long, void>)page)(first, cases.Length);
        }
    }

    public void Dispose() => _ = MemoryUnmap((nint)page, PageBytes);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint MemoryMap(nint address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int MemoryProtect(nint address, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int MemoryUnmap(nint address, nint length);
}
