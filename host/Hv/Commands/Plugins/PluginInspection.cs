using System.Text.Json.Nodes;
using Hv.Diagnostics;
using Hv.PluginHost;
using Hv.Sdk.Manifests;

namespace Hv.Commands.Plugins;

/// <summary>Everything that would keep a plugin from working here, found by looking first and loading last.</summary>
internal static class PluginInspection
{
    /// <summary>What is wrong with it; nothing when all is well. Loads its code and constructs what it
    /// provides.</summary>
    public static IReadOnlyList<Diagnostic> Problems(PluginCatalog catalog, InstalledPlugin plugin)
    {
        if (plugin.Problems.Count > 0)
        {
            return plugin.Problems;
        }

        Diagnostic[] stale = [.. Differences(plugin)];
        return [.. stale, .. catalog.Check(plugin)];
    }

    /// <summary>What the manifest says otherwise than the assembly, which carries what the build wrote.</summary>
    private static IEnumerable<Diagnostic> Differences(InstalledPlugin plugin)
    {
        string assembly = Path.Combine(plugin.Folder, plugin.Manifest!.Assembly);
        if (!File.Exists(assembly) || Facts(assembly) is not { } facts)
        {
            yield break;
        }

        JsonObject manifest = ManifestText.Parse(
            File.ReadAllText(Path.Combine(plugin.Folder, PluginManifest.FileName)));
        foreach (JsonObject fact in facts["provides"]!.AsArray().OfType<JsonObject>())
        {
            JsonObject? said = (manifest["provides"] as JsonArray)?.OfType<JsonObject>().FirstOrDefault(
                o => JsonNode.DeepEquals(o["kind"], fact["kind"]) && JsonNode.DeepEquals(o["name"], fact["name"]));
            if (said is null)
            {
                continue; // Loading names these.
            }

            foreach (string key in (string[])["options", "saveable", "buses"])
            {
                if (said[key] is { } value && fact[key] is { } truth && !JsonNode.DeepEquals(value, truth))
                {
                    yield return Stale(plugin, $"'{key}' of {fact["kind"]} '{fact["name"]}'");
                }
            }
        }

        if (manifest["states"] is { } states && !JsonNode.DeepEquals(states, facts["states"]))
        {
            yield return Stale(plugin, "'states'");
        }
    }

    private static Diagnostic Stale(InstalledPlugin plugin, string what) => new(
        Codes.ManifestMismatch, Place.Of(Path.Combine(plugin.Folder, PluginManifest.FileName)),
        $"plugin '{plugin.Name}': {what} is not what the assembly was built with",
        "build it again, and install plugin.json and the assembly together");

    private static JsonObject? Facts(string assembly)
    {
        try
        {
            return PluginFacts.Read(assembly);
        }
        catch (Exception e) when (e is BadImageFormatException or IOException)
        {
            return null; // Loading says what is wrong with it.
        }
    }
}
