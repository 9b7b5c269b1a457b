using Hv.Sdk;

namespace Hv.Memory;

/// <summary>The guest-physical map at one moment: immutable, sorted, without overlaps within a view. Replaced as a
/// whole, so that whoever reads it needs no lock. Lookups see what DMA sees: everything but
/// <see cref="SmmPieces"/>.</summary>
public sealed class MemoryMap
{
    /// <summary>Bytes in a page.</summary>
    public const ulong PageBytes = 4096;

    private readonly MemoryPiece[] pieces;
    private readonly MemoryPiece[] smmPieces;

    /// <summary>A map with nothing in it.</summary>
    public static MemoryMap Empty { get; } = new([], 0);

    /// <summary>Checks and sorts <paramref name="pieces"/>; neighbours that continue each other are joined.</summary>
    /// <exception cref="ArgumentException">A piece is not page-aligned, lies outside the file, or overlaps
    /// another that is seen in the same mode.</exception>
    public MemoryMap(IEnumerable<MemoryPiece> pieces, ulong fileBytes)
    {
        List<MemoryPiece> all = [.. pieces];
        foreach (MemoryPiece piece in all) Check(piece, fileBytes);
        this.pieces = Join(all.Where(p => !p.IsSmmOnly));
        smmPieces = Join(all.Where(p => p.IsSmmOnly));
    }

    /// <summary>The pieces that everybody sees outside system-management mode, sorted by address.</summary>
    public ReadOnlySpan<MemoryPiece> Pieces => pieces;

    /// <summary>What vCPUs in system-management mode see instead of whatever else lies there, sorted by
    /// address.</summary>
    public ReadOnlySpan<MemoryPiece> SmmPieces => smmPieces;

    /// <summary>Hot path: finds where <paramref name="lengthBytes"/> bytes at an address lie in the memory file, when
    /// they lie in one piece (and, for <paramref name="write"/>, in RAM).</summary>
    public bool TryResolve(ulong address, ulong lengthBytes, bool write, out ulong fileOffset)
    {
        foreach (ref readonly MemoryPiece piece in pieces.AsSpan())
        {
            ulong into = address - piece.Start.Value; // wraps to something huge below the piece
            if (into >= piece.LengthBytes) continue;
            fileOffset = piece.FileOffset + into;
            return lengthBytes <= piece.LengthBytes - into && !(write && piece.IsReadOnly);
        }
        fileOffset = 0;
        return false;
    }

    /// <summary>Hot path: how many bytes from an address on lie in the same piece; 0 when it is not memory (or ROM, for
    /// writes).</summary>
    public ulong RunLength(ulong address, bool write)
    {
        foreach (ref readonly MemoryPiece piece in pieces.AsSpan())
        {
            ulong into = address - piece.Start.Value;
            if (into < piece.LengthBytes) return write && piece.IsReadOnly ? 0 : piece.LengthBytes - into;
        }
        return 0;
    }

    /// <summary>The whole map as runs that are each seen as a whole or not at all in either mode: what
    /// <see cref="SmmPieces"/> covers is cut out of <see cref="Pieces"/>. Sorted by address.</summary>
    internal IReadOnlyList<Run> Runs()
    {
        List<Run> runs = [];
        foreach (MemoryPiece piece in pieces)
        {
            ulong at = piece.Start.Value, end = at + piece.LengthBytes;
            foreach (MemoryPiece smm in smmPieces)
            {
                ulong from = Math.Max(at, smm.Start.Value), to = Math.Min(end, smm.Start.Value + smm.LengthBytes);
                if (from >= to) continue;
                if (from > at) runs.Add(new Run(Part(piece, at, from), IsHiddenInSmm: false));
                runs.Add(new Run(Part(piece, from, to), IsHiddenInSmm: true));
                at = to;
            }
            if (at < end) runs.Add(new Run(Part(piece, at, end), IsHiddenInSmm: false));
        }
        foreach (MemoryPiece smm in smmPieces) runs.Add(new Run(smm, IsHiddenInSmm: false));
        runs.Sort((a, b) => a.Piece.Start.Value.CompareTo(b.Piece.Start.Value));
        return runs;
    }

    /// <summary>A part of the map.</summary>
    internal sealed record Run(MemoryPiece Piece, bool IsHiddenInSmm);

    private static MemoryPiece Part(in MemoryPiece piece, ulong from, ulong to) => piece with
    {
        Start = new GuestPhysicalAddress(from),
        LengthBytes = to - from,
        FileOffset = piece.FileOffset + (from - piece.Start.Value),
    };

    private static MemoryPiece[] Join(IEnumerable<MemoryPiece> pieces)
    {
        List<MemoryPiece> joined = [];
        foreach (MemoryPiece piece in pieces.OrderBy(p => p.Start.Value))
        {
            if (joined.Count == 0)
            {
                joined.Add(piece);
                continue;
            }
            MemoryPiece last = joined[^1];
            ulong end = last.Start.Value + last.LengthBytes;
            if (piece.Start.Value < end)
                throw new ArgumentException($"memory at {piece.Start} overlaps memory at {last.Start}", nameof(pieces));
            bool continues = piece.Start.Value == end && piece.FileOffset == last.FileOffset + last.LengthBytes
                && piece.IsReadOnly == last.IsReadOnly;
            if (continues) joined[^1] = last with { LengthBytes = last.LengthBytes + piece.LengthBytes };
            else joined.Add(piece);
        }
        return [.. joined];
    }

    private static void Check(in MemoryPiece piece, ulong fileBytes)
    {
        ulong start = piece.Start.Value;
        if (((start | piece.LengthBytes | piece.FileOffset) & (PageBytes - 1)) != 0 || piece.LengthBytes == 0)
            throw new ArgumentException($"memory at {piece.Start} is not made of whole pages");
        if (start + piece.LengthBytes < start)
            throw new ArgumentException($"memory at {piece.Start} goes beyond the address space");
        if (piece.FileOffset > fileBytes || piece.LengthBytes > fileBytes - piece.FileOffset)
            throw new ArgumentException($"memory at {piece.Start} lies outside the machine's {fileBytes >> 20} MiB");
    }
}
