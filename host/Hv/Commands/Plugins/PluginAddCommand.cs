using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hv.Diagnostics;
using Hv.PluginHost;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin add</c>: installs a plugin for the user, or into the list that <c>--plugins</c>
/// names.</summary>
internal static partial class PluginAddCommand
{
    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var source = new Argument<string>("SOURCE") { Description = "a plugin's folder, or a package (.nupkg, .zip)" };
        var replace = new Option<bool>("--replace")
        {
            Description = "take the place of what was added before under the same id",
            Arity = ArgumentArity.Zero,
        };
        var link = new Option<bool>("--link")
        {
            Description = "use the folder where it is, as it is at each start, instead of a copy that is pinned",
            Arity = ArgumentArity.Zero,
        };
        var command = new Command("add", "Installs a plugin: checks it, copies it, and pins what was copied.")
        {
            source, replace, link,
        };
        command.SetAction(parsed =>
        {
            string from = parsed.GetRequiredValue(source);
            bool isPackage = PluginPackage.IsPackage(from);
            if (!isPackage && !Directory.Exists(from))
            {
                throw Refuse(Codes.PluginMissing, from, "there is no such folder or package",
                    "name a built plugin's folder, or a package that hv plugin pack made");
            }

            if (isPackage && parsed.GetValue(link))
            {
                throw Refuse(Codes.BadUsage, "--link", "a package cannot be used where it is", "leave --link out");
            }

            using var target = PluginTarget.Open(global, parsed, isPackage ? from : Path.GetFullPath(from));
            IReadOnlyList<Diagnostic> problems = PluginInspection.Problems(target.Catalog, target.Plugin);
            if (problems.Count > 0)
            {
                return Failure.Report(problems, parsed.GetValue(global.Json));
            }

            InstalledPlugin added = Add(
                global, parsed, target.Plugin, from, parsed.GetValue(replace), parsed.GetValue(link));
            string names = string.Join(", ", added.Manifest!.Provides.Select(p => $"{p.Kind} {p.Name}"));
            PluginChange.Report("added", added, names, parsed.GetValue(global.Json));
            return ExitCodes.Success;
        });
        return command;
    }

    private static InstalledPlugin Add(
        GlobalOptions global, ParseResult parsed, InstalledPlugin plugin, string from, bool isReplacing, bool isLink)
    {
        string id = plugin.Manifest!.Id;
        if (!FolderName().IsMatch(id))
        {
            throw Refuse(Codes.BadManifest, from, $"the id '{id}' cannot name a folder",
                "an id has letters, digits, '.', '-' and '_', at most 100 of them");
        }

        PluginListFile list = PluginChange.OpenList(global.EditableList(parsed));
        string folder = isLink ? plugin.Folder : Path.Combine(list.PluginDirectory, id);
        RefuseTwin(global.OpenCatalog(parsed), list, id, folder, isReplacing);
        if (isLink)
        {
            list.Set(folder, Members(("id", id), ("version", null), ("hash", null), ("enabled", null)));
        }
        else
        {
            Copy(plugin.Folder, folder);
            list.Set(folder, Members(("id", id), ("version", plugin.Manifest.Version), ("hash", PluginHash.Of(folder)),
                ("enabled", null)));
        }

        list.Save();
        return PluginTarget.Find(global.OpenCatalog(parsed), id);
    }

    private static void RefuseTwin(
        PluginCatalog installed, PluginListFile list, string id, string folder, bool isReplacing)
    {
        foreach (InstalledPlugin twin in installed.Plugins
            .Where(p => p.Name == id && p.IsEnabled && p.Folder != folder))
        {
            throw Refuse(Codes.AlreadyInstalled, id, $"a plugin of this id is installed already, in {twin.Folder}",
                list.Has(twin.Folder) ? $"hv plugin rm {id} removes it" : $"hv plugin disable {id} switches it off");
        }

        if (!isReplacing && installed.Plugins.FirstOrDefault(p => p.Name == id && p.Folder == folder) is { } earlier)
        {
            throw Refuse(Codes.AlreadyInstalled, id, $"{id} {earlier.Manifest?.Version} is installed already",
                "--replace takes its place");
        }
    }

    /// <summary>Copies beside the place and then moves: an interrupted copy is never taken for a plugin.</summary>
    private static void Copy(string from, string to)
    {
        string staging = $"{to}.{Environment.ProcessId}.new";
        foreach (string file in PluginHash.Files(from))
        {
            string path = Path.Combine(staging, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(Path.Combine(from, file), path);
        }

        if (Directory.Exists(to))
        {
            Directory.Delete(to, recursive: true);
        }

        Directory.Move(staging, to);
    }

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Members(params (string Key, string? Value)[] members) =>
        members.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value));

    private static DiagnosticException Refuse(string code, string place, string problem, string remedy) =>
        new(new Diagnostic(code, Place.Of(place), problem, remedy));

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    private static partial Regex FolderName();
}
