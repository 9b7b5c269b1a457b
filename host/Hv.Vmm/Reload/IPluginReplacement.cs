namespace Hv.Vmm.Reload;

/// <summary>New code of a plugin, loaded and composed beside the code that runs; implemented by
/// Hv.PluginHost.</summary>
public interface IPluginReplacement
{
    /// <summary>The plugin's id.</summary>
    string Plugin { get; }
    /// <summary>The version of the new code.</summary>
    string Version { get; }

    /// <summary>A device model of the new code; null when it has none of that name.</summary>
    /// <exception cref="PluginException">The model's class cannot be made.</exception>
    DeviceModel? Device(string model);
}
