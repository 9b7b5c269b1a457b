using System.Text;

namespace Hv.Interop;

/// <summary>What a process is doing, kept in memory that another process can still read when the first one has died:
/// which callbacks of plugins are underway, by name, and a few facts about the run. Writing never fails: what does not
/// fit is left out.</summary>
public sealed unsafe class CrashRecord : IDisposable
{
    /// <summary>Names that fit at most.</summary>
    public const int MaxNames = 1024;
    /// <summary>Callers that can be noted at one time.</summary>
    public const int MaxCallers = 256;

    // Layout: a header line, one cache line a caller, the facts, the names. Texts carry their length in front.
    private const int LineBytes = 64;
    private const int NameBytes = 128;
    private const int CallersOffset = LineBytes;
    private const int FactsOffset = 32 << 10;
    private const int FactsBytes = 32 << 10;
    private const int NamesOffset = FactsOffset + FactsBytes;
    private const int TotalBytes = NamesOffset + MaxNames * NameBytes;

    private readonly SharedMemory memory;
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> names = [];
    private int callers;

    /// <summary>An empty record.</summary>
    public CrashRecord()
        : this(new SharedMemory("hv:crash-record", TotalBytes))
    {
    }

    private CrashRecord(SharedMemory memory) => this.memory = memory;

    /// <summary>The descriptor to hand to the process that is to write it; −1 where the host has none.</summary>
    public int FileDescriptor => memory.FileDescriptor;

    /// <summary>Whether the writer has taken over the signals that are meant for it.</summary>
    public bool IsListening
    {
        get => Volatile.Read(ref *At(0)) != 0;
        set => Volatile.Write(ref *At(0), value ? 1 : 0);
    }

    /// <summary>Whether the writer has come to its end by itself, and not because something in it left without
    /// asking.</summary>
    public bool IsComplete
    {
        get => Volatile.Read(ref *At(sizeof(int))) != 0;
        set => Volatile.Write(ref *At(sizeof(int)), value ? 1 : 0);
    }

    /// <summary>A text of at most 32 KiB that says what the run is; empty when none was set.</summary>
    public string Facts
    {
        get => ReadText(FactsOffset, FactsBytes);
        set => WriteText(FactsOffset, FactsBytes, value);
    }

    /// <summary>Maps the record behind a descriptor that was inherited, and keeps the descriptor from
    /// children.</summary>
    /// <exception cref="IOException">It is not one.</exception>
    public static CrashRecord Adopt(int fileDescriptor) => new(SharedMemory.Adopt(fileDescriptor, TotalBytes));

    /// <summary>Registers a name and gives its number, from 1; 0 when there is no room. Any thread.</summary>
    public int Register(string name)
    {
        lock (gate)
        {
            if (names.TryGetValue(name, out int known)) return known;
            if (names.Count == MaxNames) return 0;
            WriteText(NamesOffset + names.Count * NameBytes, NameBytes, name);
            return names[name] = names.Count + 1;
        }
    }

    /// <summary>A place where one caller at a time notes whom it is calling. Any thread.</summary>
    public CallNote AddCaller()
    {
        lock (gate)
        {
            // The last line is shared by all who come too late: their notes may overwrite each other.
            if (callers < MaxCallers - 1) callers++;
            return new CallNote(At(CallersOffset + callers * LineBytes));
        }
    }

    /// <summary>The names that are noted as being called.</summary>
    public IReadOnlyList<string> Underway()
    {
        List<string> found = [];
        for (int i = 0; i < MaxCallers; i++)
        {
            int name = Volatile.Read(ref *At(CallersOffset + i * LineBytes));
            if (name is <= 0 or > MaxNames) continue;
            string text = ReadText(NamesOffset + (name - 1) * NameBytes, NameBytes);
            if (text.Length > 0 && !found.Contains(text)) found.Add(text);
        }
        return found;
    }

    // SAFETY (whole class): offsets are sums of the constants above and of indexes that were checked, so they lie
    // within the mapping, which lives until Dispose; the owner disposes of the record after its last caller.
    private int* At(int offset) => (int*)(memory.Address + offset);

    private Span<byte> Bytes(int offset, int length) => new((void*)(memory.Address + offset), length);

    private void WriteText(int offset, int room, string text)
    {
        Span<byte> bytes = Bytes(offset + sizeof(int), room - sizeof(int));
        Encoding.UTF8.GetEncoder().Convert(text, bytes, flush: true, out _, out int used, out _);
        Volatile.Write(ref *At(offset), used);
    }

    private string ReadText(int offset, int room)
    {
        int length = Volatile.Read(ref *At(offset));
        return length <= 0 || length > room - sizeof(int)
            ? "" : Encoding.UTF8.GetString(Bytes(offset + sizeof(int), length));
    }

    /// <inheritdoc/>
    public void Dispose() => memory.Dispose();
}

/// <summary>Where one caller notes whom it is calling, for a <see cref="CrashRecord"/>. The default value notes
/// nothing.</summary>
public readonly unsafe struct CallNote
{
    private readonly int* word;

    // SAFETY: one aligned word of the record, which outlives every caller that was added to it.
    internal CallNote(int* word) => this.word = word;

    /// <summary>Hot path: notes a registered name; 0 is nobody.</summary>
    public void Set(int name)
    {
        if (word != null) Volatile.Write(ref *word, name);
    }
}
