using System.CommandLine;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin</c>: each of its commands has a file of its own here.</summary>
internal static class PluginCommand
{
    /// <summary>The command with its own commands.</summary>
    public static Command Create(GlobalOptions global) =>
        new("plugin", "Looks at plugins, and replaces them under running guests.")
    {
        PluginListCommand.Create(global),
        PluginCheckCommand.Create(global),
        PluginReloadCommand.Create(global),
    };
}
