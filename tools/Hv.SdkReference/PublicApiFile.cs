using System.Text.Json;

namespace Hv.SdkReference;

/// <summary>The text of a PublicAPI file: what it declared and the compiler still finds, and what the compiler found
/// beyond it.</summary>
public static class PublicApiFile
{
    private const string Header = "#nullable enable";

    /// <summary>Takes a compiler's error log (SARIF 2.1): RS0016 names what is public and not declared, RS0017 what is
    /// declared and gone.</summary>
    public static string FromLog(string sarif, string declared)
    {
        SortedSet<string> lines = new(StringComparer.Ordinal);
        lines.UnionWith(declared.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.TrimEnd()).Where(
            l => l.Length > 0 && l != Header));
        using JsonDocument log = JsonDocument.Parse(sarif);
        foreach (JsonElement result in log.RootElement.GetProperty("runs").EnumerateArray().SelectMany(
            r => r.GetProperty("results").EnumerateArray()))
        {
            string rule = result.GetProperty("ruleId").GetString()!;
            if (rule is "RS0016" or "RS0017" && result.GetProperty("properties").TryGetProperty("customProperties", out JsonElement custom)
                && custom.TryGetProperty("APIName", out JsonElement name))
            {
                if (rule == "RS0016") lines.Add(name.GetString()!);
                else lines.Remove(name.GetString()!);
            }
        }
        return string.Concat(lines.Prepend(Header).Select(l => l + "\n"));
    }
}
