using System.Text.Json;
using Hv.Diagnostics;
using Hv.PluginHost;

namespace Hv.Commands.Plugins;

/// <summary>Installed plugins as JSON.</summary>
internal static class PluginListing
{
    /// <summary>Writes all of them with what <paramref name="problemsOf"/> says is wrong with each.</summary>
    public static void WriteJson(PluginCatalog catalog, Func<InstalledPlugin, IReadOnlyList<Diagnostic>> problemsOf) =>
        JsonOutput.Write(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("plugins");
            foreach (InstalledPlugin plugin in catalog.Plugins)
            {
                Write(json, plugin, problemsOf(plugin));
            }

            json.WriteEndArray();
            json.WritePropertyName("problems");
            JsonOutput.WriteDiagnostics(json, catalog.ListProblems);
            json.WriteEndObject();
        });

    private static void Write(Utf8JsonWriter json, InstalledPlugin plugin, IReadOnlyList<Diagnostic> problems)
    {
        json.WriteStartObject();
        json.WriteString("id", plugin.Name);
        json.WriteString("version", plugin.Manifest?.Version);
        json.WriteString("sdk", plugin.Manifest?.Sdk.ToString());
        json.WriteString("folder", plugin.Folder);
        json.WriteBoolean("enabled", plugin.IsEnabled);
        json.WriteString("isolation", plugin.Entry.Isolation == Isolation.Process ? "process" : "context");
        json.WriteStartArray("provides");
        foreach (ProvidedName provided in plugin.Manifest?.Provides ?? [])
        {
            json.WriteStartObject();
            json.WriteString("kind", provided.Kind.Name);
            json.WriteString("name", provided.Name);
            json.WriteString("title", provided.Title);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("experimental");
        foreach (string contract in plugin.Manifest?.Experimental ?? [])
        {
            json.WriteStringValue(contract);
        }

        json.WriteEndArray();
        json.WritePropertyName("problems");
        JsonOutput.WriteDiagnostics(json, problems);
        json.WriteEndObject();
    }
}
