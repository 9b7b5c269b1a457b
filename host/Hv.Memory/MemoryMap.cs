using Hv.Sdk;

namespace Hv.Memory;

/// <summary>The guest-physical map at one moment: immutable, sorted, without overlaps. Replaced as a whole, so that
/// whoever reads it needs no lock.</summary>
public sealed class MemoryMap
{
    /// <summary>Bytes in a page.</summary>
    public const ulong PageBytes = 4096;

    private readonly MemoryPiece[] pieces;

    /// <summary>A map with nothing in it.</summary>
    public static MemoryMap Empty { get; } = new([], 0);

    /// <summary>Checks and sorts <paramref name="pieces"/>; neighbours that continue each other are joined.</summary>
    /// <exception cref="ArgumentException">A piece is not page-aligned, lies outside the file, or overlaps
    /// another.</exception>
    public MemoryMap(IEnumerable<MemoryPiece> pieces, ulong fileBytes)
    {
        List<MemoryPiece> sorted = [.. pieces.OrderBy(p => p.Start.Value)];
        List<MemoryPiece> joined = [];
        foreach (MemoryPiece piece in sorted)
        {
            Check(piece, fileBytes);
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
        this.pieces = [.. joined];
    }

    /// <summary>The pieces, sorted by address.</summary>
    public ReadOnlySpan<MemoryPiece> Pieces => pieces;

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
