using System.CommandLine;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin</c>: each of its commands has a file of its own here.</summary>
internal static class PluginCommand
{
    /// <summary>The command with its own commands.</summary>
    public static Command Create(GlobalOptions global) =>
        new("plugin", "Makes, checks, tests, installs and removes plugins, and replaces them under running guests.")
    {
        PluginNewCommand.Create(global),
        PluginListCommand.Create(global),
        PluginInfoCommand.Create(global),
        PluginAddCommand.Create(global),
        PluginRemoveCommand.Create(global),
        PluginEnableCommand.Create(global),
        PluginDisableCommand.Create(global),
        PluginVerifyCommand.Create(global),
        PluginCheckCommand.Create(global),
        PluginTestCommand.Create(global),
        PluginPackCommand.Create(global),
        PluginReloadCommand.Create(global),
    };
}
