using System.Globalization;

namespace Hv.Sdk.TestKit;

/// <summary>Turns options as typed into the canonical values that the host would give a factory.</summary>
public static class OptionTexts
{
    /// <summary>Validates <paramref name="texts"/> and fills in defaults.</summary>
    /// <exception cref="ContractException">An option is unknown, missing or out of range: a mistake of the test or of
    /// the schema.</exception>
    public static OptionValues Bind(OptionSchema schema, IReadOnlyDictionary<string, string> texts)
    {
        foreach (string name in texts.Keys)
            if (!schema.Options.Any(o => o.Name == name)) throw new ContractException($"no option '{name}'");
        Dictionary<string, string> values = [];
        foreach (OptionInfo option in schema.Options)
        {
            if ((texts.TryGetValue(option.Name, out string? text) ? text : option.Default) is { } given)
                values[option.Name] = Canonical(option, given);
            else if (option.IsRequired) throw new ContractException($"option '{option.Name}' is required");
        }
        return new OptionValues(values);
    }

    private static string Canonical(OptionInfo option, string text)
    {
        switch (option.Type)
        {
            case OptionType.Flag:
                return text is "1" or "on" or "true" or "yes" ? "1" : "0";
            case OptionType.Choice:
                return option.Choices.Contains(text)
                    ? text : throw new ContractException($"'{text}' is no choice of '{option.Name}'");
            case OptionType.Number or OptionType.Size or OptionType.Duration:
                ulong number = Number(option, text);
                return number >= option.Minimum && number <= option.Maximum
                    ? number.ToString(CultureInfo.InvariantCulture)
                    : throw new ContractException(
                        $"'{option.Name}' = {text} is not in {option.Minimum}…{option.Maximum}");
            default:
                return text;
        }
    }

    private static ulong Number(OptionInfo option, string text)
    {
        (string suffix, ulong factor)[] units = option.Type switch
        {
            OptionType.Size => [("K", 1ul << 10), ("M", 1ul << 20), ("G", 1ul << 30), ("T", 1ul << 40)],
            OptionType.Duration =>
                [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000)],
            _ => [],
        };
        foreach ((string suffix, ulong factor) in units)
            if (text.EndsWith(suffix, StringComparison.Ordinal)) return Parse(text[..^suffix.Length]) * factor;
        return Parse(text);

        ulong Parse(string digits) => digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.Parse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            : ulong.Parse(digits, CultureInfo.InvariantCulture);
    }
}
