using System.Globalization;
using System.Text.RegularExpressions;

namespace Hv.Sdk.FaultRules;

/// <summary>A state that must hold for a rule to apply: <c>[DEVICE.]FIELD OP VALUE</c>. Fields are what the device
/// shows as an
/// <see cref="IInspectable"/>, those of a part after a slash (<c>virtio/status</c>). Operators: <c>=</c>, <c>!=</c>,
/// <c>&lt;</c>,
/// <c>&gt;</c>, <c>&lt;=</c>, <c>&gt;=</c>, and <c>&amp;</c>: any of these bits is set.</summary>
public sealed partial class FaultCondition
{
    private readonly string comparison;
    private readonly string text;
    private readonly ulong? number;

    private FaultCondition(string? path, string field, string comparison, string text)
    {
        Path = path;
        Field = field;
        this.comparison = comparison;
        this.text = text;
        number = TryNumber(text, out ulong value) ? value : null;
    }

    /// <summary>The device whose state is looked at; null is the one that the fault is put on.</summary>
    public string? Path { get; }
    /// <summary>The field's name.</summary>
    public string Field { get; }

    /// <summary>Reads a condition.</summary>
    public static bool TryRead(string source, out FaultCondition condition)
    {
        Match match = Form().Match(source);
        string? path = match.Groups["path"].Success ? match.Groups["path"].Value : null;
        condition = new FaultCondition(
            path, match.Groups["field"].Value, match.Groups["op"].Value, match.Groups["value"].Value);
        // An order and a mask need a number.
        return match.Success && (condition.number is not null || condition.comparison is "=" or "!=");
    }

    /// <summary>Whether it holds. On the strand of the device.</summary>
    public bool Holds(IInspectable device)
    {
        FieldProbe probe = new(Field);
        device.Inspect(probe);
        if (probe.Number is { } actual) return number is { } wanted && Compare(actual, wanted);
        return probe.Text is not null && probe.Text == text == (comparison == "=");
    }

    /// <summary>Names of all fields that a device shows. On its strand.</summary>
    public static IReadOnlyList<string> FieldsOf(IInspectable device)
    {
        FieldProbe probe = new("");
        device.Inspect(probe);
        return probe.Seen;
    }

    private bool Compare(ulong actual, ulong wanted) => comparison switch
    {
        "=" => actual == wanted,
        "!=" => actual != wanted,
        "<" => actual < wanted,
        ">" => actual > wanted,
        "<=" => actual <= wanted,
        ">=" => actual >= wanted,
        _ => (actual & wanted) != 0,
    };

    private static bool TryNumber(string source, out ulong value) =>
        source.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(source.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : ulong.TryParse(source, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    [GeneratedRegex(@"^(?:(?<path>[A-Za-z0-9_-]+)\.)?(?<field>[A-Za-z0-9_/.-]+?)(?<op>!=|<=|>=|=|<|>|&)(?<value>.+)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    private sealed class FieldProbe(string wanted) : IInspector
    {
        private string prefix = "";

        public List<string> Seen { get; } = [];
        public ulong? Number { get; private set; }
        public string? Text { get; private set; }

        void IInspector.Field(string name, ulong value)
        {
            if (IsWanted(name)) Number = value;
        }

        void IInspector.Field(string name, string value)
        {
            if (IsWanted(name)) Text = value;
        }

        void IInspector.Child(string name, IInspectable child)
        {
            string outer = prefix;
            prefix += name + "/";
            if (wanted.Length == 0 || wanted.StartsWith(prefix, StringComparison.Ordinal)) child.Inspect(this);
            prefix = outer;
        }

        // Without a field to look for, names are collected; with one, nothing is allocated for the others of the same
        // part.
        private bool IsWanted(string name)
        {
            if (wanted.Length == 0) Seen.Add(prefix + name);
            return wanted.Length == prefix.Length + name.Length && wanted.EndsWith(name, StringComparison.Ordinal)
                && wanted.StartsWith(prefix, StringComparison.Ordinal);
        }
    }
}
