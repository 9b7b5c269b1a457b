using System.CommandLine;
using Hv.Diagnostics;
using Hv.PluginHost;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin rm</c>: takes back what <c>hv plugin add</c> did.</summary>
internal static class PluginRemoveCommand
{
    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var id = new Argument<string>("ID") { Description = "id of a plugin that was added" };
        id.CompletionSources.Add(context => PluginTarget.Ids(global, context));
        var command = new Command("rm", "Removes a plugin that was added.") { id };
        command.SetAction(parsed =>
        {
            PluginListFile list = PluginChange.OpenList(global.EditableList(parsed));
            PluginCatalog catalog = global.OpenCatalog(parsed);
            string name = parsed.GetRequiredValue(id);
            InstalledPlugin? own = catalog.Plugins.FirstOrDefault(p => p.Name == name && list.Has(p.Folder));
            if (own is null)
            {
                InstalledPlugin other = PluginTarget.Find(catalog, name);
                throw new DiagnosticException(new Diagnostic(Codes.NotInList, Place.Of(name),
                    $"it was not added: {other.Entry.Place} has it", $"hv plugin disable {name} switches it off"));
            }

            list.Remove(own.Folder);
            list.Save();
            // What was linked stays where it is.
            bool isCopy = own.Folder.StartsWith(
                list.PluginDirectory + Path.DirectorySeparatorChar, StringComparison.Ordinal);
            if (isCopy && Directory.Exists(own.Folder))
            {
                Directory.Delete(own.Folder, recursive: true);
            }

            PluginChange.Report("removed", own, null, parsed.GetValue(global.Json));
            return ExitCodes.Success;
        });
        return command;
    }
}
