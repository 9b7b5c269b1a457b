namespace Hv.Control;

/// <summary>The methods of the control channel, version 1 (docs/adr/0009). Names and members are only ever added; what
/// changes its meaning gets another name, and <see cref="Version"/> counts what was added.</summary>
public static class Methods
{
    /// <summary>The version that this Hv speaks.</summary>
    public const int Version = 1;

    /// <summary>What machine this is: <see cref="MachineInfo"/>.</summary>
    public const string Info = "info";
    /// <summary>Stops vCPUs and virtual time.</summary>
    public const string Pause = "pause";
    /// <summary>Goes on.</summary>
    public const string Resume = "resume";
    /// <summary>Presses the reset button.</summary>
    public const string Reset = "reset";
    /// <summary>Presses the power button: the guest decides.</summary>
    public const string PowerButton = "powerButton";
    /// <summary>Ends the machine at once.</summary>
    public const string Quit = "quit";
    /// <summary>The plugins whose code is loaded: <see cref="PluginsInfo"/>.</summary>
    public const string Plugins = "plugins";
    /// <summary>Replaces a plugin's code: <see cref="ReloadInfo"/>.</summary>
    public const string ReloadPlugin = "reloadPlugin";

    /// <summary>The error that carries an array of <see cref="Problem"/> as its data.</summary>
    public const int RefusedError = 1;
}
