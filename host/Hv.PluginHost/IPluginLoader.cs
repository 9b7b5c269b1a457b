namespace Hv.PluginHost;

/// <summary>Loads a plugin's assembly into a load context that shares nothing with the host but Hv.Sdk.</summary>
internal interface IPluginLoader
{
    /// <summary>Loads the assembly of a plugin's folder.</summary>
    /// <param name="folder">The plugin's folder, absolute.</param>
    /// <param name="assembly">File name of the assembly in it.</param>
    /// <param name="isReplaceable">Whether the code can be unloaded, and the folder written to meanwhile. Costs speed:
    /// the runtime ignores precompiled code in such contexts.</param>
    PluginCode Load(string folder, string assembly, bool isReplaceable);
}
