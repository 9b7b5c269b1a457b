using System.CommandLine;
using System.Text.Json.Nodes;
using Hv.PluginHost;

namespace Hv.Commands.Plugins;

/// <summary>Switches plugins on and off. A plugin of the installation is switched in the user's own list, which is read
/// after the installation's.</summary>
internal static class PluginSwitch
{
    /// <summary>A command that switches one way.</summary>
    public static Command Create(GlobalOptions global, string name, string description, bool isEnabled)
    {
        var id = new Argument<string>("ID") { Description = "id of a plugin, as in hv plugin list" };
        id.CompletionSources.Add(context => PluginTarget.Ids(global, context));
        var command = new Command(name, description) { id };
        command.SetAction(parsed =>
        {
            PluginListFile list = PluginChange.OpenList(global.EditableList(parsed));
            InstalledPlugin plugin = PluginTarget.Find(global.OpenCatalog(parsed), parsed.GetRequiredValue(id));
            list.Set(plugin.Folder, [KeyValuePair.Create("enabled", (JsonNode?)JsonValue.Create(isEnabled))]);
            list.Save();
            PluginChange.Report(isEnabled ? "enabled" : "disabled", plugin, null, parsed.GetValue(global.Json));
            return ExitCodes.Success;
        });
        return command;
    }
}
