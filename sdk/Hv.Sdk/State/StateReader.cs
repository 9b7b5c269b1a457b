namespace Hv.Sdk.State;

/// <summary>Reads tagged fields in any order. Unknown tags are skipped; a tag given twice counts the last time, or for
/// each of
/// <see cref="Groups"/>. Anything malformed is a <see cref="StateException"/>.</summary>
public sealed class StateReader
{
    private readonly ReadOnlyMemory<byte> data;

    /// <summary>Reads <paramref name="data"/>, written by layout <paramref name="version"/>; checks its form at
    /// once.</summary>
    /// <exception cref="StateException">The form is damaged.</exception>
    public StateReader(ReadOnlyMemory<byte> data, ushort version)
    {
        this.data = data;
        Version = version;
        for (int i = 0; i < data.Length;) _ = Next(data.Span, ref i, out _, out _);
    }

    /// <summary>The version of the layout that wrote the data.</summary>
    public ushort Version { get; }

    private static ulong Varint(ReadOnlySpan<byte> s, ref int i)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (i >= s.Length) throw new StateException("the state ends in the middle of a field");
            byte b = s[i++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
        throw new StateException("a number in the state is longer than 64 bits");
    }

    private static ulong Next(ReadOnlySpan<byte> s, ref int i, out ulong number, out Range bytes)
    {
        ulong key = Varint(s, ref i);
        number = Varint(s, ref i);
        bytes = default;
        if ((key & 7) == 0) return key;
        if ((key & 7) != 2) throw new StateException($"field {key >> 3} has the unknown wire type {key & 7}");
        if (number > (ulong)(s.Length - i)) throw new StateException($"field {key >> 3} is longer than the state");
        bytes = i..(i + (int)number);
        i += (int)number;
        return key;
    }

    private bool Find(int tag, int wire, out ulong number, out ReadOnlyMemory<byte> bytes)
    {
        bool found = false;
        number = 0;
        bytes = default;
        for (int i = 0; i < data.Length;)
        {
            ulong key = Next(data.Span, ref i, out ulong n, out Range range);
            if (key != ((ulong)tag << 3 | (uint)wire)) continue;
            found = true;
            number = n;
            bytes = data[range];
        }
        return found;
    }

    /// <summary>Whether the tag is there.</summary>
    public bool Has(int tag) => Find(tag, 0, out _, out _) || Find(tag, 2, out _, out _);

    /// <summary>An unsigned number, at most <paramref name="maximum"/>.</summary>
    public ulong UInt(int tag, ulong fallback, ulong maximum)
    {
        if (!Find(tag, 0, out ulong value, out _)) return fallback;
        return value <= maximum ? value : throw new StateException($"field {tag} is {value}, more than {maximum}");
    }

    /// <summary>A signed number.</summary>
    public long Int(int tag, long fallback)
    {
        if (!Find(tag, 0, out ulong z, out _)) return fallback;
        return (long)(z >> 1) ^ -(long)(z & 1);
    }

    /// <summary>A flag.</summary>
    public bool Flag(int tag, bool fallback) => UInt(tag, fallback ? 1u : 0u, 1) != 0;

    /// <summary>Bytes, at most <paramref name="maximumLength"/>; empty when the tag is not there.</summary>
    public ReadOnlyMemory<byte> Bytes(int tag, int maximumLength)
    {
        if (!Find(tag, 2, out _, out ReadOnlyMemory<byte> bytes)) return default;
        return bytes.Length <= maximumLength ? bytes
            : throw new StateException($"field {tag} has {bytes.Length} bytes, more than {maximumLength}");
    }

    /// <summary>UTF-8 text.</summary>
    public string Text(int tag, int maximumLength) =>
        System.Text.Encoding.UTF8.GetString(Bytes(tag, maximumLength).Span);

    /// <summary>Every group with this tag in order, at most <paramref name="maximumCount"/>.</summary>
    public IReadOnlyList<StateReader> Groups(int tag, int maximumCount)
    {
        List<StateReader> groups = [];
        for (int i = 0; i < data.Length;)
        {
            ulong key = Next(data.Span, ref i, out _, out Range range);
            if (key != ((ulong)tag << 3 | 2)) continue;
            if (groups.Count == maximumCount) throw new StateException(
                $"field {tag} is there more than {maximumCount} times");
            groups.Add(new StateReader(data[range], Version));
        }
        return groups;
    }
}
