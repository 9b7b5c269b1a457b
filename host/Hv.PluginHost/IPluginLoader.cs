using System.Reflection;

namespace Hv.PluginHost;

/// <summary>Loads a plugin's assembly into a load context that shares nothing with the host but Hv.Sdk.</summary>
internal interface IPluginLoader
{
    /// <summary>Loads the assembly at an absolute path.</summary>
    Assembly Load(string path);
}
