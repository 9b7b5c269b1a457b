using System.CommandLine;
using Hv.Diagnostics;
using Hv.PluginHost;
using Spectre.Console;

namespace Hv.Commands;

/// <summary><c>hv plugin</c>.</summary>
internal static class PluginCommand
{
    /// <summary>The command with its own commands.</summary>
    public static Command Create(GlobalOptions global)
    {
        var list = new Command("list", "Lists the installed plugins; loads none of them.");
        list.SetAction(parsed => List(global.OpenCatalog(parsed), parsed.GetValue(global.Json)));
        var check = new Command("check", "Loads every plugin and makes one of each thing that it provides.");
        check.SetAction(parsed => Check(global.OpenCatalog(parsed), parsed.GetValue(global.Json)));
        return new Command("plugin", "Looks at plugins.") { list, check };
    }

    private static int List(PluginCatalog catalog, bool isJson)
    {
        Diagnostic[] problems = [.. catalog.ListProblems, .. catalog.Plugins.SelectMany(p => p.Problems)];
        if (isJson)
        {
            WriteJson(catalog, p => p.Problems);
            return problems.Length == 0 ? ExitCodes.Success : ExitCodes.HostFailure;
        }

        Table table = Tables.New("PLUGIN", "VERSION", "STATE", "PROVIDES");
        foreach (InstalledPlugin plugin in catalog.Plugins)
        {
            string state = !plugin.IsEnabled ? "off" : plugin.Problems.Count > 0 ? "broken" : "ok";
            string provides = string.Join(", ", plugin.Manifest?.Provides.Select(p => $"{p.Kind} {p.Name}") ?? []);
            table.AddRow(Tables.Cells(plugin.Name, plugin.Manifest?.Version ?? "", state, provides));
        }

        Tables.Write(table);
        return problems.Length == 0 ? ExitCodes.Success : Failure.Report(problems, isJson);
    }

    private static int Check(PluginCatalog catalog, bool isJson)
    {
        Dictionary<InstalledPlugin, IReadOnlyList<Diagnostic>> found =
            catalog.Plugins.Where(p => p.IsEnabled).ToDictionary(p => p, catalog.Check);
        Diagnostic[] problems = [.. catalog.ListProblems, .. found.Values.SelectMany(f => f)];
        if (isJson)
        {
            WriteJson(catalog, p => found.GetValueOrDefault(p, []));
            return problems.Length == 0 ? ExitCodes.Success : ExitCodes.HostFailure;
        }

        Console.Out.WriteLine($"{found.Count} plugins, {found.Count(f => f.Value.Count > 0)} with problems");
        return problems.Length == 0 ? ExitCodes.Success : Failure.Report(problems, isJson);
    }

    private static void WriteJson(PluginCatalog catalog, Func<InstalledPlugin, IReadOnlyList<Diagnostic>> problemsOf) =>
        JsonOutput.Write(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("plugins");
            foreach (InstalledPlugin plugin in catalog.Plugins)
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
                json.WritePropertyName("problems");
                JsonOutput.WriteDiagnostics(json, problemsOf(plugin));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WritePropertyName("problems");
            JsonOutput.WriteDiagnostics(json, catalog.ListProblems);
            json.WriteEndObject();
        });
}
