using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Boards;
using Hv.Sdk.Chars;
using Hv.Sdk.Engines;
using Hv.Sdk.Faults;
using Hv.Sdk.Firmware;
using Hv.Sdk.Net;

namespace Hv.Vmm;

/// <summary>Where the core finds what plugins provide; implemented by Hv.PluginHost. Asking for one loads its plugin,
/// asking for names does not. Build thread. Every lookup throws <see cref="ConfigurationException"/> for an unknown
/// name (with what would be right), and
/// <see cref="PluginException"/> when the plugin is there and cannot be loaded.</summary>
public interface IExtensions
{
    /// <summary>Names of all engines, the one to be preferred first.</summary>
    IReadOnlyList<string> Engines { get; }
    /// <summary>Names of all disk formats, for probing.</summary>
    IReadOnlyList<string> DiskFormats { get; }

    /// <summary>An engine.</summary>
    IEngine Engine(string name);
    /// <summary>A board.</summary>
    IBoard Board(string name);
    /// <summary>Firmware.</summary>
    IFirmware Firmware(string name);
    /// <summary>A device model.</summary>
    DeviceModel Device(string name);
    /// <summary>A disk format.</summary>
    IDiskFormat DiskFormat(string name);
    /// <summary>A network backend.</summary>
    INetBackend NetBackend(string name);
    /// <summary>A character backend.</summary>
    ICharBackend CharBackend(string name);
    /// <summary>A fault.</summary>
    IFaultFactory Fault(string name);
}

/// <summary>A device model with what its manifest and its attribute say.</summary>
public sealed record DeviceModel
{
    /// <summary>The model's name.</summary>
    public required string Name { get; init; }
    /// <summary>Id of the plugin that provides it, for messages.</summary>
    public required string Plugin { get; init; }
    /// <summary>Version of that plugin; kept in snapshots.</summary>
    public string PluginVersion { get; init; } = "";
    /// <summary>Makes devices.</summary>
    public required IDeviceFactory Factory { get; init; }
    /// <summary>How the core calls them.</summary>
    public Threading Threading { get; init; }
    /// <summary>Buses that it fits on, from the manifest: <c>pci</c>, <c>mmio</c>, <c>isa</c>.</summary>
    public IReadOnlyList<string> Buses { get; init; } = [];
}

/// <summary>A plugin that cannot be loaded or broke its contract while the machine was built: exit code 4.</summary>
public class PluginException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A plugin that does not return from a call: exit code 4. The thread that called it is left behind.</summary>
public sealed class PluginHungException(string message) : PluginException(message);
