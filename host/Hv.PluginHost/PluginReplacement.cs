using Hv.Diagnostics;
using Hv.Sdk;
using Hv.Vmm;
using Hv.Vmm.Reload;

namespace Hv.PluginHost;

/// <summary>New code of a plugin in a context of its own, beside the code that runs. Dispose lets go of whichever of
/// the two is not to be: the old after <see cref="Commit"/>, else the new.</summary>
public sealed class PluginReplacement : IPluginReplacement, IDisposable
{
    private readonly PluginCatalog catalog;
    private readonly LoadedPlugin loaded;
    private InstalledPlugin? current;
    private InstalledPlugin? next;
    private bool isCommitted;

    internal PluginReplacement(
        PluginCatalog catalog, InstalledPlugin current, InstalledPlugin next, LoadedPlugin loaded)
    {
        this.catalog = catalog;
        this.current = current;
        this.next = next;
        this.loaded = loaded;
        Plugin = next.Name;
        Version = next.Manifest!.Version;
        Folder = next.Folder;
    }

    /// <inheritdoc/>
    public string Plugin { get; }
    /// <inheritdoc/>
    public string Version { get; }
    /// <summary>Where the new code came from.</summary>
    public string Folder { get; }

    /// <inheritdoc/>
    public DeviceModel? Device(string model)
    {
        ObjectDisposedException.ThrowIf(next is null, this);
        ProvidedName? provided =
            next.Manifest!.Provides.FirstOrDefault(p => p.Kind == ExtensionKind.Device && p.Name == model);
        if (provided is null)
        {
            return null;
        }

        try
        {
            return DeviceModels.Of(loaded.Create<IDeviceFactory>(ExtensionKind.Device, model), next, provided);
        }
        catch (DiagnosticException e)
        {
            throw new PluginException(e.Message, e);
        }
    }

    /// <summary>The new code is the plugin from now on.</summary>
    public void Commit()
    {
        catalog.Exchange(current!, next!, loaded);
        isCommitted = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (current is null)
        {
            return;
        }

        catalog.Retire(isCommitted ? current.Loaded : loaded);
        if (isCommitted)
        {
            current.Loaded = null;
        }

        current = null;
        next = null;
    }
}
