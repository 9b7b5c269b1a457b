using System.Text;

namespace Hv.Interop;

/// <summary>What a process is doing, kept in memory that another process can still read when the first one has died:
/// which callbacks of plugins are underway, by name, and a few facts about the run. Writing never fails: what does not
/// fit is left out.</summary>
public sealed unsafe class CrashRecord : IDisposable
{
    /// <summary>The highest number that can have a name.</summary>
    public const int MaxNames = 1024;
    /// <summary>Callers that can be noted at one time.</summary>
    public const int MaxCallers = 256;

    // Layout: a header line, one cache line a caller, the facts, the names, each behind a word that says whether it is
    // usual. Texts carry their length in front.
    private const int LineBytes = 64;
    private const int NameBytes = 128;
    private const int CallersOffset = LineBytes;
    private const int FactsOffset = 32 << 10;
    private const int FactsBytes = 32 << 10;
    private const int NamesOffset = FactsOffset + FactsBytes;
    private const int TotalBytes = NamesOffset + MaxNames * NameBytes;

    private readonly SharedMemory memory;
    private readonly Lock gate = new();
    private readonly Stack<int> freeLines = new();
    private int usedLines;

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

    /// <summary>Gives a number its name. Notes of numbers without a name, and of those above <see cref="MaxNames"/>,
    /// name nobody. Any thread, one at a time for a number.</summary>
    /// <param name="number">From 1.</param>
    /// <param name="name">What it is called; a long one is cut.</param>
    /// <param name="isUsual">Its calls last as long as the run, so it is named after those whose do not.</param>
    public void Name(int number, string name, bool isUsual = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        if (number > MaxNames) return;
        int offset = NamesOffset + (number - 1) * NameBytes;
        Volatile.Write(ref *At(offset), isUsual ? 1 : 0);
        WriteText(offset + sizeof(int), NameBytes - sizeof(int), name);
    }

    /// <summary>A place where one thread notes whom it is calling. Any thread.</summary>
    public CallNote AddCaller()
    {
        lock (gate)
        {
            // The last line is shared by all who come too late: their notes may overwrite each other.
            int line = freeLines.TryPop(out int free) ? free : Math.Min(usedLines++, MaxCallers - 1);
            return new CallNote(At(LineOffset(line)), line);
        }
    }

    /// <summary>Takes a place back: its thread calls nobody any more. Any thread, once a place.</summary>
    public void RemoveCaller(CallNote note)
    {
        note.Set(0);
        lock (gate)
        {
            if (note.Line < MaxCallers - 1) freeLines.Push(note.Line);
        }
    }

    /// <summary>The names that are noted as being called, the usual ones last.</summary>
    public IReadOnlyList<string> Underway()
    {
        List<string> unusual = [], usual = [];
        for (int i = 0; i < MaxCallers; i++)
        {
            int number = Volatile.Read(ref *At(LineOffset(i)));
            if (number is <= 0 or > MaxNames) continue;
            int offset = NamesOffset + (number - 1) * NameBytes;
            List<string> found = Volatile.Read(ref *At(offset)) == 0 ? unusual : usual;
            string text = ReadText(offset + sizeof(int), NameBytes - sizeof(int));
            if (text.Length > 0 && !found.Contains(text)) found.Add(text);
        }
        return [.. unusual, .. usual];
    }

    private static int LineOffset(int line) => CallersOffset + line * LineBytes;

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
    internal CallNote(int* word, int line)
    {
        this.word = word;
        Line = line;
    }

    /// <summary>Its place in the record.</summary>
    internal int Line { get; }

    /// <summary>Hot path: notes the number of who is being called; 0 is nobody.</summary>
    public void Set(int number)
    {
        if (word != null) Volatile.Write(ref *word, number);
    }
}
