using System.Globalization;
using Hv.Diagnostics;
using Hv.Sdk;

namespace Hv.Vmm.Description;

/// <summary>One mistake in a set of options.</summary>
/// <param name="Option">The option at fault; for one that is missing, its name.</param>
/// <param name="Kind">What sort of mistake it is: one of <see cref="Codes"/>.</param>
/// <param name="Problem">What is wrong.</param>
/// <param name="Remedy">What would be right; null when nothing near is known.</param>
public sealed record OptionProblem(string Option, string Kind, string Problem, string? Remedy)
{
    /// <summary>Both in one line.</summary>
    public string Message => Remedy is null ? Problem : $"{Problem}: {Remedy}";
}

/// <summary>Turns options as typed into <see cref="OptionValues"/>: checks names, kinds and ranges, fills defaults in.
/// Pure.</summary>
public static class OptionBinder
{
    /// <summary>Binds; every mistake is added to <paramref name="problems"/>.</summary>
    public static OptionValues Bind(
        OptionSchema schema, IReadOnlyDictionary<string, string> given, ICollection<OptionProblem> problems)
    {
        Dictionary<string, string> values = [];
        foreach (string name in given.Keys)
        {
            if (!schema.Options.Any(o => o.Name == name))
                problems.Add(new(name, Codes.UnknownOption, $"there is no option '{name}'",
                    Suggestion.Remedy(name, [.. schema.Options.Select(o => o.Name)])));
        }
        foreach (OptionInfo option in schema.Options)
        {
            bool isGiven = given.TryGetValue(option.Name, out string? text);
            text ??= option.Default;
            if (text is null)
            {
                if (option.IsRequired)
                    problems.Add(new(option.Name, Codes.MissingOption, $"'{option.Name}' must be given",
                        option.Summary));
                continue;
            }
            if (Canonical(option, text, out string canonical, out string why)) values[option.Name] = canonical;
            else problems.Add(new(
                option.Name, KindOf(option, text), $"'{option.Name}' is '{text}'{(isGiven ? "" : " by default")}",
                    why));
        }
        return new OptionValues(values);
    }

    /// <summary>Binds.</summary>
    /// <exception cref="ConfigurationException">Names <paramref name="owner"/> and every mistake.</exception>
    public static OptionValues Bind(OptionSchema schema, IReadOnlyDictionary<string, string> given, string owner)
    {
        List<OptionProblem> problems = [];
        OptionValues values = Bind(schema, given, problems);
        if (problems.Count == 0) return values;
        throw new ConfigurationException($"{owner}: {string.Join("; ", problems.Select(p => p.Message))}")
        {
            Option = problems[0].Option,
        };
    }

    private static string KindOf(OptionInfo option, string text)
    {
        if (option.Type == OptionType.Choice) return Codes.NotAChoice;
        bool isValue = option.Type switch
        {
            OptionType.Number => TryNumber(text, out _),
            OptionType.Size => TrySize(text, out _),
            OptionType.Duration => TryDuration(text, out _),
            _ => false,
        };
        return isValue ? Codes.OutOfRange : Codes.BadValue;
    }

    private static bool Canonical(OptionInfo option, string text, out string canonical, out string why)
    {
        canonical = text;
        why = "";
        switch (option.Type)
        {
            case OptionType.Flag:
                bool? flag = text switch
                {
                    "on" or "true" or "yes" or "1" => true,
                    "off" or "false" or "no" or "0" => false,
                    _ => null,
                };
                canonical = flag == true ? "1" : "0";
                why = "give on or off";
                return flag is not null;
            case OptionType.Choice:
                why = Suggestion.Closest(text, option.Choices) is { } near
                    ? $"did you mean '{near}'?" : $"give one of {string.Join(", ", option.Choices)}";
                return option.Choices.Contains(text);
            case OptionType.Number:
                return Bounded(option, TryNumber(text, out ulong number), number, "a whole number", out canonical,
                    out why);
            case OptionType.Size:
                return Bounded(option, TrySize(text, out ulong size), size, "a size such as 512M", out canonical,
                    out why);
            case OptionType.Duration:
                return Bounded(option, TryDuration(text, out ulong ns), ns, "a duration such as 10ms", out canonical,
                    out why);
            default:
                return true;
        }
    }

    private static bool Bounded(
        OptionInfo option, bool isValid, ulong value, string what, out string canonical, out string why)
    {
        canonical = value.ToString(CultureInfo.InvariantCulture);
        why = option.Maximum == ulong.MaxValue && option.Minimum == 0
            ? $"give {what}" : $"give {what} from {Text(option, option.Minimum)} to {Text(option, option.Maximum)}";
        return isValid && value >= option.Minimum && value <= option.Maximum;
    }

    /// <summary>A bound in the largest unit that keeps it exact.</summary>
    private static string Text(OptionInfo option, ulong value)
    {
        (ulong Unit, string Suffix)[] units = option.Type switch
        {
            OptionType.Size => [(1UL << 40, "T"), (1UL << 30, "G"), (1UL << 20, "M"), (1UL << 10, "K")],
            OptionType.Duration => [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns")],
            _ => [],
        };
        foreach ((ulong unit, string suffix) in units)
        {
            if (value >= unit && value % unit == 0) return string.Create(
                CultureInfo.InvariantCulture, $"{value / unit}{suffix}");
        }
        return value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Reads a whole number, decimal or 0x….</summary>
    public static bool TryNumber(string text, out ulong value) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <summary>Reads a number of bytes with an optional K, M, G or T (powers of 1024; a following iB or B is
    /// allowed).</summary>
    public static bool TrySize(string text, out ulong bytes)
    {
        string t = text.EndsWith("iB", StringComparison.Ordinal) ? text[..^2]
            : text.EndsWith('B') ? text[..^1] : text;
        int shift = t.Length == 0
            ? 0 : char.ToUpperInvariant(t[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 };
        bool isNumber = TryNumber(shift == 0 ? t : t[..^1], out bytes) && bytes <= ulong.MaxValue >> shift;
        bytes <<= shift;
        return isNumber;
    }

    /// <summary>Reads a span of time with ns, us, ms, s, m or h; the result is in nanoseconds.</summary>
    public static bool TryDuration(string text, out ulong ns)
    {
        (string suffix, ulong unit)[] units =
            [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
                ("h", 3_600_000_000_000)];
        ns = 0;
        foreach ((string suffix, ulong unit) in units)
        {
            if (!text.EndsWith(suffix, StringComparison.Ordinal)) continue;
            if (!decimal.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture, out decimal number)) continue;
            decimal product = number > 1_000_000_000_000m ? decimal.MaxValue : number * unit;
            if (product > long.MaxValue) return false;
            ns = (ulong)product;
            return true;
        }
        return false;
    }
}
