using System.CommandLine;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin disable</c>.</summary>
internal static class PluginDisableCommand
{
    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global) =>
        PluginSwitch.Create(global, "disable", "Switches a plugin off: its names cannot be used.", isEnabled: false);
}
