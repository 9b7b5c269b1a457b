using Hv.PluginHost;
using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Boards;
using Hv.Sdk.Chars;
using Hv.Sdk.Engines;
using Hv.Sdk.Faults;
using Hv.Sdk.Firmware;
using Hv.Sdk.Management;
using Hv.Sdk.Net;

namespace Hv.Configuration;

/// <summary>The options of what plugins provide.</summary>
public static class ExtensionSchemas
{
    /// <summary>The options, from the manifest; loads the plugin only when that does not have them.</summary>
    /// <exception cref="Diagnostics.DiagnosticException">There is no such name, or its plugin fails.</exception>
    public static OptionSchema Of(PluginCatalog catalog, ExtensionKind kind, string name)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        if (catalog.Find(kind, name)?.Provided.Options is { } known)
        {
            return known;
        }

        return catalog.Ask(kind, name, (object extension) => extension switch
        {
            IDeviceFactory e => e.Options,
            IEngine e => e.Options,
            IBoard e => e.Options,
            IFirmware e => e.Options,
            IDiskFormat e => e.Options,
            INetBackend e => e.Options,
            ICharBackend e => e.Options,
            IFrontEnd e => e.Options,
            IFaultFactory e => e.Options,
            _ => OptionSchema.Empty,
        });
    }
}
