using Hv.Sdk;
using Hv.Vmm;

namespace Hv.Testing;

/// <summary>One message.</summary>
/// <param name="Source">A device's path or a part of the core.</param>
/// <param name="Level">How important it is.</param>
/// <param name="Message">The message.</param>
public sealed record VmLogEntry(string Source, LogLevel Level, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Level} {Source}: {Message}";
}

/// <summary>Keeps the newest messages of a VM.</summary>
internal sealed class VmLog : IMachineLog
{
    private const int MaxEntries = 10_000;

    private readonly Queue<VmLogEntry> entries = new();

    public IReadOnlyList<VmLogEntry> Entries
    {
        get
        {
            lock (entries) return [.. entries];
        }
    }

    public bool IsEnabled(string source, LogLevel level) => level >= LogLevel.Info;

    public void Write(string source, LogLevel level, string message, Exception? exception)
    {
        if (!IsEnabled(source, level)) return;
        lock (entries)
        {
            if (entries.Count == MaxEntries) entries.Dequeue();
            entries.Enqueue(new VmLogEntry(source, level, exception is null ? message : $"{message}: {exception}"));
        }
    }
}
