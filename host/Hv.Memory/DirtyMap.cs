using System.Runtime.InteropServices;

namespace Hv.Memory;

/// <summary>One byte per page of the memory file, 1 where the page was written. Engines and DMA set marks, consumers
/// clear them. Byte stores are atomic; a page is marked before and after it is written, so that a consumer that clears
/// a mark and then copies the page either sees the bytes or finds the mark again.</summary>
public sealed unsafe class DirtyMap : IDisposable
{
    private const int PageShift = 12;
    private byte* marks;

    /// <summary>A map of clean pages for <paramref name="memoryBytes"/> of memory.</summary>
    public DirtyMap(ulong memoryBytes)
    {
        PageCount = (long)(memoryBytes >> PageShift);
        // SAFETY: freed in Dispose only; every index below is checked against PageCount.
        marks = (byte*)NativeMemory.AllocZeroed((nuint)Math.Max(1, PageCount));
    }

    /// <summary>Number of pages.</summary>
    public long PageCount { get; }

    /// <summary>Host address of the mark of the page at an offset in the memory file.</summary>
    public nint AddressOf(ulong fileOffset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fileOffset >> PageShift, (ulong)PageCount);
        return (nint)(marks + (fileOffset >> PageShift));
    }

    /// <summary>Hot path: marks every page that a range touches.</summary>
    public void Mark(ulong fileOffset, ulong lengthBytes)
    {
        if (lengthBytes == 0) return;
        ulong last = (fileOffset + lengthBytes - 1) >> PageShift;
        if (last >= (ulong)PageCount) ThrowOutside();
        for (ulong page = fileOffset >> PageShift; page <= last; page++) Volatile.Write(ref marks[page], 1);
    }

    /// <summary>Whether a page is marked.</summary>
    public bool IsMarked(long page)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)page, (ulong)PageCount);
        return Volatile.Read(ref marks[page]) != 0;
    }

    /// <summary>Clears a page's mark; whether it was set.</summary>
    public bool TestAndClear(long page)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)page, (ulong)PageCount);
        if (marks[page] == 0) return false;
        Volatile.Write(ref marks[page], 0);
        Interlocked.MemoryBarrier();
        return true;
    }

    /// <summary>Marks all pages.</summary>
    public void MarkAll() => NativeMemory.Fill(marks, (nuint)PageCount, 1);

    private static void ThrowOutside() => throw new ArgumentException("the range lies outside the memory file");

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(marks);
        marks = null;
    }
}
