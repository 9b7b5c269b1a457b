using Hv.Sdk.FaultRules;
using Hv.Sdk.TestKit.Fakes;

namespace Hv.Sdk.TestKit;

public sealed partial class DeviceBench
{
    private readonly BenchFaultHost faultHost;
    private readonly FaultPlan faults;

    /// <summary>The faults of <see cref="BenchSetup.Faults"/> with what they counted, in their order.</summary>
    public IReadOnlyList<FaultRule> Faults => faults.Rules;

    /// <summary>Adds a fault to a bench that takes them later (<see cref="BenchSetup.TakesFaults"/>).</summary>
    /// <exception cref="ContractException">The words are wrong, or there is no such place.</exception>
    public FaultRule AddFault(BenchFault fault)
    {
        if (isAttached && !faults.IsOpen) throw new ContractException("set BenchSetup.TakesFaults to add faults later");
        Dictionary<string, string> words = WordsOf(fault.Words);
        string place = words.Remove("where", out string? given) ? given : "*";
        string kind =
            fault.Factory.GetType().GetCustomAttributes(typeof(FaultAttribute), false) is [FaultAttribute named]
            ? named.Name : fault.Factory.GetType().Name;
        string name = words.Remove("name", out string? chosen) ? chosen : FreeName(kind);
        try
        {
            FaultWhen when = FaultWhen.From(OptionTexts.Bind(FaultWhen.Schema, Take(words, FaultWhen.Schema)));
            OptionValues options = OptionTexts.Bind(fault.Factory.Options, words);
            FaultPattern where = new(place == "*" || place.StartsWith(Path, StringComparison.Ordinal)
                ? place : $"{Path}:{place}");
            FaultRule rule = faults.Add(name, kind, where, when, fault.Factory.Create(options));
            if (isAttached) CheckPlace(rule);
            return rule;
        }
        catch (ConfigurationException e)
        {
            throw new ContractException($"fault '{name}': {e.Message}");
        }
    }

    private void CheckPlace(FaultRule rule)
    {
        if (rule.Sites.Count > 0) return;
        throw new ContractException(
            $"the fault '{rule.Name}' can break nothing at '{rule.Where}'; there is {string.Join(", ", faults.Sites)}");
    }

    private static Dictionary<string, string> WordsOf(string text)
    {
        Dictionary<string, string> words = [];
        foreach (string word in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] halves = word.Split('=', 2);
            if (!words.TryAdd(halves[0], halves.Length == 2 ? halves[1] : "on"))
                throw new ContractException($"'{halves[0]}' stands twice in '{text}'");
        }
        return words;
    }

    private static Dictionary<string, string> Take(Dictionary<string, string> words, OptionSchema schema)
    {
        Dictionary<string, string> taken = [];
        foreach (OptionInfo option in schema.Options)
        {
            if (words.Remove(option.Name, out string? value)) taken.Add(option.Name, value);
        }
        return taken;
    }

    private string FreeName(string kind)
    {
        string name = kind;
        for (int i = 2; faults.Rules.Any(r => r.Name == name); i++) name = $"{kind}-{i}";
        return name;
    }
}
