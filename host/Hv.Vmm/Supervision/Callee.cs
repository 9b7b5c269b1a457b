using Hv.Interop;

namespace Hv.Vmm.Supervision;

/// <summary>What a call that has not returned means.</summary>
public enum CalleeKind : byte
{
    /// <summary>Code of a plugin that is to return soon.</summary>
    Callback,
    /// <summary>An engine that runs guest code until it is told to stop.</summary>
    Guest,
    /// <summary>The host: a slow disk, a stopped terminal. Whoever waits for it is not at fault.</summary>
    Host,
}

/// <summary>Who may be called, as a number: a record of calls is written on hot paths and read while it changes. Equal
/// names share a number, so that machines that come and go leave nothing behind. Any thread.</summary>
public readonly record struct Callee
{
    private static readonly Lock Gate = new();
    // Keyed by text and made of classes: collections of structures of our own are compiled at each start.
    private static readonly Dictionary<string, int> Numbers = [];
    private static readonly List<Known> All = [new Known(CalleeKind.Callback, "a part of the core")];
    private static CrashRecord? names;

    private Callee(ushort number) => Number = number;

    /// <summary>Its number in a record.</summary>
    internal ushort Number { get; }

    /// <summary>What it is called in messages.</summary>
    public string Name
    {
        get
        {
            lock (Gate) return All[Number].Name;
        }
    }

    /// <summary>What it means that it does not return.</summary>
    public CalleeKind Kind
    {
        get
        {
            lock (Gate) return All[Number].Kind;
        }
    }

    /// <summary>The callee of a name, which reads well before "has not returned": "a callback of the device
    /// x".</summary>
    public static Callee Of(string name, CalleeKind kind = CalleeKind.Callback)
    {
        string key = $"{(char)('a' + (byte)kind)}{name}";
        lock (Gate)
        {
            if (Numbers.TryGetValue(key, out int number)) return new Callee((ushort)number);
            if (All.Count > ushort.MaxValue) return default;
            number = All.Count;
            All.Add(new Known(kind, name));
            Numbers.Add(key, number);
            if (names is not null) NameIn(names, number);
            return new Callee((ushort)number);
        }
    }

    /// <summary>Names those that there are, and those to come, in a record as well.</summary>
    internal static void NameIn(CrashRecord record)
    {
        lock (Gate)
        {
            names = record;
            for (int number = 1; number < All.Count; number++) NameIn(record, number);
        }
    }

    // The host is nobody's plugin: it stays without a name.
    private static void NameIn(CrashRecord record, int number)
    {
        (CalleeKind kind, string name) = All[number];
        if (kind != CalleeKind.Host) record.Name(number, name, isUsual: kind == CalleeKind.Guest);
    }

    /// <summary>The callee of a number.</summary>
    internal static Callee Of(ushort number) => new(number);

    private sealed record Known(CalleeKind Kind, string Name);
}
