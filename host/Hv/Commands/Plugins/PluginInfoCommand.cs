using System.CommandLine;
using System.Text.Json;
using Hv.PluginHost;
using Hv.Sdk;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin info</c>: what a plugin's manifest says; loads nothing of it.</summary>
internal static class PluginInfoCommand
{
    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global)
    {
        Argument<string> plugin = PluginTarget.Argument(global);
        var command = new Command("info", "Shows what a plugin is and provides; loads nothing of it.") { plugin };
        command.SetAction(parsed =>
        {
            using var target = PluginTarget.Open(global, parsed, parsed.GetRequiredValue(plugin));
            bool isJson = parsed.GetValue(global.Json);
            if (target.Plugin.Manifest is not { } manifest)
            {
                return Failure.Report(target.Plugin.Problems, isJson);
            }

            if (isJson)
            {
                JsonOutput.Write(json => Write(json, target.Plugin, manifest));
            }
            else
            {
                Write(target.Plugin, manifest);
            }

            return target.Plugin.Problems.Count == 0
                ? ExitCodes.Success : Failure.Report(target.Plugin.Problems, isJson);
        });
        return command;
    }

    private static void Write(InstalledPlugin plugin, PluginManifest manifest)
    {
        Console.Out.WriteLine($"{manifest.Id} {manifest.Version}");
        Console.Out.WriteLine($"  folder   {plugin.Folder}");
        Console.Out.WriteLine($"  hash     {PluginHash.Of(plugin.Folder)}{(plugin.Entry.Pin?.Hash is null ? "" : " (pinned)")}");
        Console.Out.WriteLine($"  needs    Hv.Sdk {manifest.Sdk}");
        if (manifest.Experimental.Count > 0)
        {
            Console.Out.WriteLine($"  uses     contracts that may still change: {string.Join(", ", manifest.Experimental)}");
        }

        if (!plugin.IsEnabled)
        {
            Console.Out.WriteLine($"  is off   hv plugin enable {manifest.Id}");
        }

        foreach (ProvidedName provided in manifest.Provides)
        {
            Console.Out.WriteLine();
            Console.Out.WriteLine($"{provided.Kind} {provided.Name}: {provided.Title}");
            foreach (string line in Facts(provided))
            {
                Console.Out.WriteLine($"  {line}");
            }
        }
    }

    private static IEnumerable<string> Facts(ProvidedName provided)
    {
        if (provided.Buses.Count > 0)
        {
            yield return $"fits on {string.Join(", ", provided.Buses)}";
        }

        if (provided.IsSaveable == false)
        {
            yield return "has state that cannot be saved";
        }

        foreach (OptionInfo option in provided.Options?.Options ?? [])
        {
            string value = option.IsRequired ? " (required)" : option.Default is { } fallback ? $" [{fallback}]" : "";
            yield return $"{option.Name}: {option.Summary}{value}";
        }
    }

    private static void Write(Utf8JsonWriter json, InstalledPlugin plugin, PluginManifest manifest)
    {
        json.WriteStartObject();
        json.WriteString("id", manifest.Id);
        json.WriteString("version", manifest.Version);
        json.WriteString("sdk", manifest.Sdk.ToString());
        json.WriteString("folder", plugin.Folder);
        json.WriteString("hash", PluginHash.Of(plugin.Folder));
        json.WriteString("pinnedHash", plugin.Entry.Pin?.Hash);
        json.WriteBoolean("enabled", plugin.IsEnabled);
        json.WritePropertyName("manifest");
        using (JsonDocument document = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(plugin.Folder, PluginManifest.FileName)),
            new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip }))
        {
            document.RootElement.WriteTo(json);
        }

        json.WritePropertyName("problems");
        JsonOutput.WriteDiagnostics(json, plugin.Problems);
        json.WriteEndObject();
    }
}
