using Hv.Diagnostics;
using Hv.Sdk;
using Hv.Sdk.FaultRules;
using Hv.Sdk.Faults;
using Hv.Vmm.Description;

namespace Hv.Vmm.Faults;

/// <summary>Turns descriptions of faults into rules of a machine. Every mistake is found, each at its place.</summary>
internal sealed class FaultInstaller(IExtensions extensions, Hardware hardware)
{
    private readonly Dictionary<FaultRule, FaultDescription> sources = [];

    /// <summary>Adds the rules of the description, before contracts are wired.</summary>
    public void AddAll(IEnumerable<FaultDescription> faults)
    {
        DiagnosticBag bag = new();
        foreach (FaultDescription fault in faults)
        {
            try
            {
                _ = Add(fault);
            }
            catch (ConfigurationException e)
            {
                bag.Error(Codes.Refused, fault.Place, e.Message);
            }
        }
        if (bag.HasErrors) throw new DiagnosticException(bag.Items);
    }

    /// <summary>Adds one rule.</summary>
    /// <exception cref="ConfigurationException">The rule is at fault.</exception>
    /// <exception cref="PluginException">Its plugin is.</exception>
    public FaultRule Add(FaultDescription description)
    {
        string kind = description.Fault.Name;
        IFaultFactory factory = extensions.Fault(kind);
        OptionValues options = OptionBinder.Bind(factory.Options, description.Fault.Options, $"fault {kind}");
        OptionValues when = OptionBinder.Bind(FaultWhen.Schema, description.When, $"fault {kind}");
        IFault fault;
        try
        {
            fault = factory.Create(options);
        }
        catch (Exception e) when (e is not ConfigurationException)
        {
            throw new PluginException($"fault {kind} failed while it was made: {e.GetType().Name}: {e.Message}", e);
        }
        string name = description.Name ?? FreeName(kind);
        FaultRule rule = hardware.Faults.Add(
            name, kind, new FaultPattern(description.Where), FaultWhen.From(when), fault);
        sources.Add(rule, description);
        return rule;
    }

    /// <summary>Adds a rule to a machine that stands, and takes it back when it addresses nothing.</summary>
    public FaultRule AddRunning(FaultDescription description)
    {
        if (!hardware.Faults.IsOpen)
        {
            throw new InvalidOperationException(
                "the machine takes no faults while it runs: build it with MachineDescription.TakesFaults");
        }
        FaultRule rule = Add(description);
        List<Diagnostic> mistakes = [.. Misplaced(rule), .. Misconditioned(rule)];
        if (mistakes.Count == 0) return rule;
        hardware.Faults.Remove(rule);
        throw new ConfigurationException(string.Join('\n', mistakes.Select(m => $"{m.Problem}: {m.Remedy}")));
    }

    /// <summary>Checks, when all is wired, that every rule addresses something.</summary>
    /// <exception cref="DiagnosticException">Rules that do not, with what they may have meant.</exception>
    public void CheckPlaces()
    {
        Diagnostic[] mistakes = [.. hardware.Faults.Rules.SelectMany(Misplaced)];
        if (mistakes.Length > 0) throw new DiagnosticException(mistakes);
    }

    /// <summary>Checks, when devices have been reset, that the states that rules wait for exist.</summary>
    /// <exception cref="DiagnosticException">Rules whose state does not.</exception>
    public void CheckConditions()
    {
        Diagnostic[] mistakes = [.. hardware.Faults.Rules.SelectMany(Misconditioned)];
        if (mistakes.Length > 0) throw new DiagnosticException(mistakes);
    }

    private IEnumerable<Diagnostic> Misplaced(FaultRule rule)
    {
        if (rule.Sites.Count > 0) yield break;
        Place place = sources[rule].Place;
        FaultSite[] meant = [.. hardware.Faults.Sites.Where(s => rule.Where.Matches(s))];
        if (meant.Length > 0)
        {
            yield return new Diagnostic(Codes.NoFaultSite, place,
                $"the fault '{rule.Kind}' can break nothing at '{rule.Where}'",
                    $"hv fault help {rule.Kind} says what it breaks");
            yield break;
        }
        // Of a device that is there its points are told, otherwise the devices.
        FaultPattern device = new(rule.Where.Text.Split(':')[0]);
        string[] points = [.. hardware.Faults.Sites.Where(s => device.Matches(s)).Select(s => s.ToString())];
        string[] known = points.Length > 0 ? points : [.. hardware.Faults.Sites.Select(s => s.Path).Distinct()];
        yield return new Diagnostic(Codes.NoFaultSite, place, $"this machine has no place '{rule.Where}' for a fault",
            Suggestion.Remedy(rule.Where.Text, known));
    }

    private IEnumerable<Diagnostic> Misconditioned(FaultRule rule)
    {
        if (rule.When.While is not { } condition) yield break;
        FaultHost host = hardware.FaultHost;
        foreach (string path in condition.Path is { } one ? [one] : rule.Sites.Select(s => s.Path).Distinct())
        {
            if (host.FieldsOf(path) is not { } fields)
            {
                yield return new Diagnostic(
                    Codes.NoFaultState, sources[rule].Place, $"'while' looks at '{path}', which is no device",
                    Suggestion.Remedy(path, [.. hardware.Devices.Select(d => d.Path)]));
            }
            else if (!fields.Contains(condition.Field))
            {
                yield return new Diagnostic(Codes.NoFaultState, sources[rule].Place,
                    $"the device {path} shows no state '{condition.Field}'",
                    fields.Count == 0 ? "it shows none" : Suggestion.Remedy(condition.Field, [.. fields]));
            }
        }
    }

    private string FreeName(string kind)
    {
        string name = kind;
        for (int i = 2; hardware.Faults.Rules.Any(r => r.Name == name); i++) name = $"{kind}-{i}";
        return name;
    }
}
