using System.Reflection;
using System.Runtime.Loader;
using Hv.Sdk;
using McMaster.NETCore.Plugins;

namespace Hv.PluginHost;

/// <summary>The one user of McMaster.NETCore.Plugins. Shares Hv.Sdk by its name; <c>PreferSharedTypes</c> would share whatever the
/// host happens to have, and a collectible context would run the plugin's precompiled code through the JIT again.</summary>
internal sealed class McMasterLoader : IPluginLoader
{
    private static readonly AssemblyName Sdk = typeof(IDevice).Assembly.GetName();
    private readonly List<PluginLoader> loaders = [];

    /// <inheritdoc/>
    public Assembly Load(string path)
    {
        var config = new PluginConfig(path)
        {
            PreferSharedTypes = false,
            IsUnloadable = false,
            DefaultContext = AssemblyLoadContext.GetLoadContext(typeof(IDevice).Assembly) ?? AssemblyLoadContext.Default,
        };
        config.SharedAssemblies.Add(Sdk);
        var loader = new PluginLoader(config);
        loaders.Add(loader);
        return loader.LoadDefaultAssembly();
    }
}
