using System.Globalization;
using Hv.Sdk.Time;

namespace Hv.Sdk.FaultRules;

/// <summary>When a rule strikes. An opportunity counts when it lies between <see cref="After"/> and <see cref="Until"/>
/// and the state
/// <see cref="While"/> holds; of those that count, <see cref="Nth"/>, <see cref="Every"/> and <see cref="Probability"/>
/// choose.</summary>
public sealed class FaultWhen
{
    /// <summary>The rule language's words with their types and bounds.</summary>
    public static OptionSchema Schema { get; } = new(
    [
        new() { Name = "nth", Type = OptionType.Number, Minimum = 1,
            Summary = "strike at this opportunity only, from 1" },
        new() { Name = "every", Type = OptionType.Number, Minimum = 1,
            Summary = "strike at every so many opportunities" },
        new() { Name = "after", Type = OptionType.Duration, Maximum = long.MaxValue,
            Summary = "nothing counts before this virtual time" },
        new() { Name = "until", Type = OptionType.Duration, Maximum = long.MaxValue,
            Summary = "nothing counts after this virtual time" },
        new()
        {
            Name = "period", Type = OptionType.Duration, Minimum = 1000, Maximum = long.MaxValue,
            Summary = "faults that happen by themselves: an opportunity this often, instead of one",
        },
        new() { Name = "probability", Type = OptionType.Text,
            Summary = "strike by chance, from the VM's seed: 0.01 or 1%" },
        new() { Name = "while", Type = OptionType.Text,
            Summary = "only in this state: [DEVICE.]FIELD=VALUE, also != < > <= >= &" },
        new() { Name = "count", Type = OptionType.Number, Minimum = 1, Summary = "strike at most so often" },
        new() { Name = "optional", Type = OptionType.Flag, Default = "off",
            Summary = "the run need not end with 6 when it never fires" },
    ]);

    /// <summary>Always.</summary>
    public static FaultWhen Always { get; } = new();

    /// <summary>Strikes at this opportunity only; 0 is no bound.</summary>
    public ulong Nth { get; private init; }
    /// <summary>Strikes at every so many; 0 is no bound.</summary>
    public ulong Every { get; private init; }
    /// <summary>From here on.</summary>
    public VmTime After { get; private init; }
    /// <summary>Up to here.</summary>
    public VmTime Until { get; private init; } = VmTime.Never;
    /// <summary>Nanoseconds between two moments; 0 is one moment only.</summary>
    public long PeriodNs { get; private init; }
    /// <summary>From 0 (exclusive) to 1.</summary>
    public double Probability { get; private init; } = 1;
    /// <summary>The state that must hold; null is any.</summary>
    public FaultCondition? While { get; private init; }
    /// <summary>Most strikes.</summary>
    public ulong Count { get; private init; } = ulong.MaxValue;
    /// <summary>It need not fire.</summary>
    public bool IsOptional { get; private init; }

    /// <summary>Takes values over that were validated against <see cref="Schema"/>.</summary>
    /// <exception cref="ConfigurationException">The probability or the state cannot be read, or the words contradict
    /// each other;
    /// <see cref="ConfigurationException.Option"/> names the word.</exception>
    public static FaultWhen From(OptionValues values)
    {
        FaultCondition? condition = null;
        if (values.Text("while") is { } state && !FaultCondition.TryRead(state, out condition))
            throw Wrong("while",
                $"'while' is '{state}'; write FIELD=VALUE or DEVICE.FIELD=VALUE, for example serial0.lcr=3");
        long after = (long)values.Number("after");
        long until = (long)values.Number("until", long.MaxValue);
        if (until < after) throw Wrong("until", "'until' is before 'after': nothing would ever count");
        if (values.Has("nth") && values.Has("every")) throw Wrong(
            "every", "'nth' and 'every' exclude each other: give one of them");
        const ulong PollNs = 1_000_000; // a state is looked for once a virtual millisecond
        return new FaultWhen
        {
            Nth = values.Number("nth"),
            Every = values.Number("every"),
            After = VmTime.FromNs(after),
            Until = VmTime.FromNs(until),
            PeriodNs = (long)values.Number("period", condition is null ? 0UL : PollNs),
            Probability = ReadProbability(values.Text("probability")),
            While = condition,
            Count = values.Number("count", ulong.MaxValue),
            IsOptional = values.Flag("optional"),
        };
    }

    private static double ReadProbability(string? text)
    {
        if (text is null) return 1;
        bool isPercent = text.EndsWith('%');
        bool isNumber = double.TryParse(
            isPercent ? text[..^1] : text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out double value);
        if (isPercent) value /= 100;
        return isNumber && value is > 0 and <= 1 ? value
            : throw Wrong("probability",
                $"'probability' is '{text}'; give a number above 0 and up to 1, or a percentage such as 1%");
    }

    private static ConfigurationException Wrong(string option, string message) => new(message) { Option = option };
}
