using System.CommandLine;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin enable</c>.</summary>
internal static class PluginEnableCommand
{
    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global) =>
        PluginSwitch.Create(global, "enable", "Lets the names of a plugin be used again.", isEnabled: true);
}
