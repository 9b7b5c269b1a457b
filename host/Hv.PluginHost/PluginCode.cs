using System.Reflection;
using System.Runtime.Loader;

namespace Hv.PluginHost;

/// <summary>A plugin's assembly in its load context.</summary>
internal sealed class PluginCode(Assembly assembly, Action? unload)
{
    /// <summary>The assembly.</summary>
    public Assembly Assembly { get; } = assembly;

    /// <summary>Tells when the context is gone, which is some time after the last object of the plugin is.</summary>
    public WeakReference Context { get; } = new(AssemblyLoadContext.GetLoadContext(assembly), trackResurrection: true);

    /// <summary>Lets the context go. Nothing happens for code that is not replaceable.</summary>
    public void Unload() => unload?.Invoke();
}
