using System.Reflection;
using System.Runtime.Loader;
using Hv.Sdk;
using McMaster.NETCore.Plugins;

namespace Hv.PluginHost;

/// <summary>The one user of McMaster.NETCore.Plugins. Shares Hv.Sdk by its name; <c>PreferSharedTypes</c> would share
/// whatever the host happens to have. Its own hot reload is not used: it unloads before anyone has let go of the
/// plugin's objects.</summary>
internal sealed class McMasterLoader : IPluginLoader
{
    private static readonly AssemblyName Sdk = typeof(IDevice).Assembly.GetName();
    private readonly List<PluginLoader> permanent = [];

    /// <inheritdoc/>
    public PluginCode Load(string folder, string assembly, bool isReplaceable)
    {
        if (!isReplaceable)
        {
            PluginLoader loader = Open(folder, assembly, isUnloadable: false);
            permanent.Add(loader);
            return new PluginCode(loader.LoadDefaultAssembly(), unload: null);
        }

        // A build writes into files in place, and a file that is mapped would change under the code that runs.
        string copy = ShadowCopy.Make(folder);
        PluginLoader? replaceable = null;
        try
        {
            replaceable = Open(copy, assembly, isUnloadable: true);
            return new PluginCode(replaceable.LoadDefaultAssembly(), new Unloader(replaceable, copy).Unload);
        }
        catch
        {
            replaceable?.Dispose();
            ShadowCopy.Remove(copy);
            throw;
        }
    }

    private static PluginLoader Open(string folder, string assembly, bool isUnloadable)
    {
        var config = new PluginConfig(Path.Combine(folder, assembly))
        {
            PreferSharedTypes = false,
            IsUnloadable = isUnloadable,
            DefaultContext = AssemblyLoadContext.GetLoadContext(typeof(IDevice).Assembly)
                ?? AssemblyLoadContext.Default,
        };
        config.SharedAssemblies.Add(Sdk);
        return new PluginLoader(config);
    }

    /// <summary>Lets go of a loader once, so that nothing leads to the context from here.</summary>
    private sealed class Unloader(PluginLoader loader, string copy)
    {
        private PluginLoader? loader = loader;

        public void Unload()
        {
            if (Interlocked.Exchange(ref loader, null) is not { } once)
            {
                return;
            }

            once.Dispose();
            ShadowCopy.Remove(copy);
        }
    }
}
