using System.Text.Json;
using Hv.Sdk.FaultRules;
using Hv.Sdk.Faults;

namespace Hv;

/// <summary>What the faults of a run did, for its result.</summary>
internal static class FaultReport
{
    /// <summary>Writes the member <c>faults</c>; nothing when there were none.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<FaultRule> rules)
    {
        if (rules.Count == 0)
        {
            return;
        }

        json.WriteStartArray("faults");
        foreach (FaultRule rule in rules)
        {
            json.WriteStartObject();
            json.WriteString("name", rule.Name);
            json.WriteString("fault", rule.Kind);
            json.WriteString("where", rule.Where.Text);
            json.WriteStartArray("places");
            foreach (FaultSite site in rule.Sites)
            {
                json.WriteStringValue(site.ToString());
            }

            json.WriteEndArray();
            json.WriteNumber("opportunities", rule.Opportunities);
            json.WriteNumber("fired", rule.Fired);
            json.WriteStartArray("firings");
            foreach (FaultFiring firing in rule.Firings)
            {
                json.WriteStartObject();
                json.WriteString("place", firing.Site.ToString());
                json.WriteNumber("virtualNs", firing.At.Nanoseconds);
                json.WriteString("evidence", firing.Evidence);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
