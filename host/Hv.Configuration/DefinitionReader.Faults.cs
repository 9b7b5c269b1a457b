using Hv.Diagnostics;
using Hv.PluginHost;
using Hv.Sdk;
using Hv.Sdk.FaultRules;
using Hv.Vmm.Description;

namespace Hv.Configuration;

/// <summary>Rules of fault injection. Their places are checked by the core, which knows the board's own
/// devices.</summary>
public sealed partial class DefinitionReader
{
    /// <summary>Reads one rule as <c>--fault</c> takes it, for a machine that runs.</summary>
    /// <exception cref="DiagnosticException">It has mistakes: all of them, with remedies.</exception>
    public static FaultDescription ReadFault(PluginCatalog catalog, string text)
    {
        DefinitionSettings settings = new();
        settings.AddFlag(DefinitionKeys.Find("fault")!, text);
        DiagnosticBag bag = new();
        DefinitionReader reader = new(catalog, settings, bag);
        reader.ReadFaults();
        return reader.faults is [var fault] ? fault : throw new DiagnosticException(bag.Items);
    }

    private void ReadFaults()
    {
        DefinitionKey key = DefinitionKeys.Find("fault")!;
        Dictionary<string, Place> names = [];
        foreach (JsonValue value in settings[key])
        {
            Compound fault = Compound.Read(value, key, bag);
            string kind = fault.Head.Text;
            if (kind.Length == 0)
            {
                continue;
            }

            if (catalog.Find(ExtensionKind.Fault, kind) is not { } entry)
            {
                Missing(ExtensionKind.Fault, kind, fault.Head.Place);
                continue;
            }

            ReadFault(fault, key, entry);
            if (fault.Parts.TryGetValue("name", out Part name) && !names.TryAdd(name.Text, name.Place))
            {
                bag.Error(Codes.NameTwice, name.Place, $"two faults are called '{name.Text}'",
                    "give each a name of its own");
            }
        }
    }

    private void ReadFault(Compound fault, DefinitionKey key, CatalogEntry entry)
    {
        string kind = fault.Head.Text;
        OptionSchema own = SchemaOf(ExtensionKind.Fault, kind);
        Dictionary<string, string> given = OptionsOf(entry, own, fault);
        Place PlaceOf(string option) => fault.Parts.TryGetValue(option, out Part part) ? part.Place : fault.Place;

        // One schema for both, so that a word that is wrong is compared with all that could be meant.
        int mistakes = bag.Items.Count;
        OptionValues values = Bind(new OptionSchema([.. own.Options, .. key.Parts]), given, PlaceOf);
        if (bag.Items.Count > mistakes)
        {
            return;
        }

        try
        {
            FaultWhen.From(values);
        }
        catch (ConfigurationException e)
        {
            bag.Error(Codes.BadValue, PlaceOf(e.Option ?? ""), e.Message);
        }

        bool IsRuleWord(string option) => key.Parts.Any(p => p.Name == option);
        faults.Add(new FaultDescription
        {
            Name = given.GetValueOrDefault("name"),
            Fault = new ExtensionChoice { Name = kind, Options = given.Where(o => !IsRuleWord(o.Key)).ToDictionary() },
            Where = given["where"],
            When = given.Where(o => FaultWhen.Schema.Options.Any(w => w.Name == o.Key)).ToDictionary(),
            Place = fault.Place,
        });
    }
}
