using System.Reflection;
using System.Runtime.Loader;

namespace Hv.Sdk.Conformance.Device;

/// <summary>A collectible load context as hot reload makes them: private copies of everything in the plugin's folder
/// but Hv.Sdk.</summary>
internal sealed class PluginContext(string path) : AssemblyLoadContext("conformance", isCollectible: true)
{
    private static readonly Assembly Sdk = typeof(IDevice).Assembly;

    /// <summary>A factory of this context's copy of <paramref name="type"/>.</summary>
    public IDeviceFactory Create(Type type) =>
        (IDeviceFactory)Activator.CreateInstance(
            LoadFromAssemblyPath(path).GetType(type.FullName!, throwOnError: true)!)!;

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name == Sdk.GetName().Name) return Sdk;
        string beside = Path.Combine(Path.GetDirectoryName(path)!, assemblyName.Name + ".dll");
        return File.Exists(beside) ? LoadFromAssemblyPath(beside) : null;
    }
}
