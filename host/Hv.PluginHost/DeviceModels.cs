using System.Reflection;
using Hv.Sdk;
using Hv.Vmm;

namespace Hv.PluginHost;

/// <summary>Device models as the core wants them, from what manifests and attributes say.</summary>
internal static class DeviceModels
{
    /// <summary>A model of a plugin.</summary>
    public static DeviceModel Of(IDeviceFactory factory, InstalledPlugin plugin, ProvidedName provided) => new()
    {
        Name = provided.Name,
        Plugin = plugin.Name,
        PluginVersion = plugin.Manifest!.Version,
        Factory = factory,
        Threading = factory.GetType().GetCustomAttribute<DeviceAttribute>()!.Threading,
        Buses = provided.Buses,
    };
}
