using Hv.Diagnostics;
using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Boards;
using Hv.Sdk.Chars;
using Hv.Sdk.Engines;
using Hv.Sdk.Faults;
using Hv.Sdk.Firmware;
using Hv.Sdk.Net;
using Hv.Vmm;

namespace Hv.PluginHost;

/// <summary>The catalog as the core asks for it.</summary>
public sealed class CatalogExtensions(PluginCatalog catalog) : IExtensions
{
    /// <summary>Best first: an engine that is not installed or does not work here leaves the next one.</summary>
    private static readonly string[] EngineOrder = ["kvm", "translate", "interpret"];

    /// <inheritdoc/>
    public IReadOnlyList<string> Engines =>
        [.. Names(ExtensionKind.Engine).OrderBy(n => (uint)Array.IndexOf(EngineOrder, n))];

    /// <inheritdoc/>
    public IReadOnlyList<string> DiskFormats => Names(ExtensionKind.DiskFormat);

    /// <inheritdoc/>
    public IEngine Engine(string name) => Create<IEngine>(ExtensionKind.Engine, name);

    /// <inheritdoc/>
    public IBoard Board(string name) => Create<IBoard>(ExtensionKind.Board, name);

    /// <inheritdoc/>
    public IFirmware Firmware(string name) => Create<IFirmware>(ExtensionKind.Firmware, name);

    /// <inheritdoc/>
    public DeviceModel Device(string name)
    {
        IDeviceFactory factory = Create<IDeviceFactory>(ExtensionKind.Device, name);
        CatalogEntry entry = catalog.Find(ExtensionKind.Device, name)!;
        return DeviceModels.Of(factory, entry.Plugin, entry.Provided);
    }

    /// <inheritdoc/>
    public IDiskFormat DiskFormat(string name) => Create<IDiskFormat>(ExtensionKind.DiskFormat, name);

    /// <inheritdoc/>
    public INetBackend NetBackend(string name) => Create<INetBackend>(ExtensionKind.NetBackend, name);

    /// <inheritdoc/>
    public ICharBackend CharBackend(string name) => Create<ICharBackend>(ExtensionKind.CharBackend, name);

    /// <inheritdoc/>
    public IFaultFactory Fault(string name) => Create<IFaultFactory>(ExtensionKind.Fault, name);

    private string[] Names(ExtensionKind kind) => [.. catalog.List(kind).Select(e => e.Provided.Name)];

    private T Create<T>(ExtensionKind kind, string name)
        where T : class
    {
        try
        {
            return catalog.Create<T>(kind, name);
        }
        catch (DiagnosticException e) when (e.Diagnostics[0].Code == Codes.UnknownName)
        {
            Diagnostic d = e.Diagnostics[0];
            throw new ConfigurationException(d.Remedy is null ? d.Problem : $"{d.Problem}: {d.Remedy}");
        }
        catch (DiagnosticException e)
        {
            throw new PluginException(e.Message, e);
        }
    }
}
