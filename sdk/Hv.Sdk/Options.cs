namespace Hv.Sdk;

/// <summary>The kinds of value that an option takes.</summary>
public enum OptionType : byte
{
    /// <summary>Any text.</summary>
    Text,
    /// <summary>on/off, true/false, yes/no.</summary>
    Flag,
    /// <summary>A whole number, decimal or 0x…; bounds in <see cref="OptionInfo"/>.</summary>
    Number,
    /// <summary>A number of bytes with an optional K, M, G or T (powers of 1024).</summary>
    Size,
    /// <summary>A span of time with ns, us, ms, s or m, kept in nanoseconds.</summary>
    Duration,
    /// <summary>One of <see cref="OptionInfo.Choices"/>.</summary>
    Choice,
    /// <summary>A host file.</summary>
    Path,
}

/// <summary>One option: what <c>hv device help</c>, the JSON schema and validation know of it.</summary>
public sealed class OptionInfo
{
    /// <summary>Name as typed: lower case, words joined by '-'.</summary>
    public required string Name { get; init; }
    /// <summary>Kind of value.</summary>
    public required OptionType Type { get; init; }
    /// <summary>What it does, one line.</summary>
    public required string Summary { get; init; }
    /// <summary>Default as text; null when there is none.</summary>
    public string? Default { get; init; }
    /// <summary>True when it must be given.</summary>
    public bool IsRequired { get; init; }
    /// <summary>Smallest number, size or duration.</summary>
    public ulong Minimum { get; init; }
    /// <summary>Largest number, size or duration.</summary>
    public ulong Maximum { get; init; } = ulong.MaxValue;
    /// <summary>The choices of <see cref="OptionType.Choice"/>.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];
}

/// <summary>All options of one extension. Written by the options generator from an <see cref="OptionsAttribute"/>
/// record.</summary>
public sealed class OptionSchema
{
    /// <summary>No options.</summary>
    public static OptionSchema Empty { get; } = new([]);
    /// <summary>A schema of these options.</summary>
    public OptionSchema(IReadOnlyList<OptionInfo> options) => Options = options;
    /// <summary>The options in their order.</summary>
    public IReadOnlyList<OptionInfo> Options { get; }
}

/// <summary>Option values after the host has validated them against the schema: values are in range, defaults are
/// filled in. Numbers, sizes and durations are kept as <see cref="ulong"/>, flags as 0 or 1, all else as
/// text.</summary>
public sealed class OptionValues
{
    private readonly IReadOnlyDictionary<string, string> values;
    /// <summary>No values.</summary>
    public static OptionValues Empty { get; } = new(new Dictionary<string, string>());
    /// <summary>Values in canonical text: decimal numbers, <c>0</c>/<c>1</c> flags.</summary>
    public OptionValues(IReadOnlyDictionary<string, string> values) => this.values = values;
    /// <summary>Whether the option has a value.</summary>
    public bool Has(string name) => values.ContainsKey(name);
    /// <summary>The text, or null.</summary>
    public string? Text(string name) => values.TryGetValue(name, out string? v) ? v : null;
    /// <summary>The number, or <paramref name="fallback"/>.</summary>
    public ulong Number(string name, ulong fallback = 0) =>
        values.TryGetValue(name, out string? v)
            ? ulong.Parse(v, System.Globalization.CultureInfo.InvariantCulture) : fallback;
    /// <summary>The flag, or <paramref name="fallback"/>.</summary>
    public bool Flag(string name, bool fallback = false) =>
        values.TryGetValue(name, out string? v) ? v == "1" : fallback;
    /// <summary>All values.</summary>
    public IReadOnlyDictionary<string, string> All => values;
}

/// <summary>Marks a partial record whose properties are options: the generator writes <c>static OptionSchema Schema</c>
/// and
/// <c>static T Bind(OptionValues)</c>. Property types: string, bool, byte to ulong, an enum; <c>required</c> makes it
/// required.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class OptionsAttribute : Attribute;

/// <summary>Describes one property of an options record. The option's name is the property's in lower case with '-'
/// between words.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OptionAttribute(string summary) : Attribute
{
    /// <summary>What it does, one line.</summary>
    public string Summary { get; } = summary;
    /// <summary>Reads the value as a <see cref="OptionType.Size"/>, <see cref="OptionType.Duration"/> or
    /// <see cref="OptionType.Path"/>; otherwise the property's type decides.</summary>
    public OptionType Type { get; init; }
    /// <summary>Smallest value.</summary>
    public ulong Minimum { get; init; }
    /// <summary>Largest value.</summary>
    public ulong Maximum { get; init; } = ulong.MaxValue;
}
