using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Boards;
using Hv.Sdk.Chars;
using Hv.Sdk.Engines;
using Hv.Sdk.Faults;
using Hv.Sdk.Firmware;
using Hv.Sdk.Management;
using Hv.Sdk.Net;

namespace Hv.PluginHost;

/// <summary>A kind of thing that plugins provide: its word in manifests, its attribute and its contract.</summary>
public sealed class ExtensionKind
{
    private ExtensionKind(string name, Type attribute, Type contract)
    {
        Name = name;
        Attribute = attribute;
        Contract = contract;
    }

    /// <summary>CPU engines.</summary>
    public static ExtensionKind Engine { get; } = new("engine", typeof(EngineAttribute), typeof(IEngine));
    /// <summary>Boards.</summary>
    public static ExtensionKind Board { get; } = new("board", typeof(BoardAttribute), typeof(IBoard));
    /// <summary>Firmware.</summary>
    public static ExtensionKind Firmware { get; } = new("firmware", typeof(FirmwareAttribute), typeof(IFirmware));
    /// <summary>Devices; the contract is their factory.</summary>
    public static ExtensionKind Device { get; } = new("device", typeof(DeviceAttribute), typeof(IDeviceFactory));
    /// <summary>Disk formats.</summary>
    public static ExtensionKind DiskFormat { get; } =
        new("disk-format", typeof(DiskFormatAttribute), typeof(IDiskFormat));
    /// <summary>Network backends.</summary>
    public static ExtensionKind NetBackend { get; } =
        new("net-backend", typeof(NetBackendAttribute), typeof(INetBackend));
    /// <summary>Character backends.</summary>
    public static ExtensionKind CharBackend { get; } =
        new("char-backend", typeof(CharBackendAttribute), typeof(ICharBackend));
    /// <summary>Front-ends.</summary>
    public static ExtensionKind FrontEnd { get; } = new("front-end", typeof(FrontEndAttribute), typeof(IFrontEnd));
    /// <summary>Faults; the contract is their factory.</summary>
    public static ExtensionKind Fault { get; } = new("fault", typeof(FaultAttribute), typeof(IFaultFactory));

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<ExtensionKind> All { get; } =
        [Engine, Board, Firmware, Device, DiskFormat, NetBackend, CharBackend, FrontEnd, Fault];

    /// <summary>The word in manifests, for example <c>disk-format</c>.</summary>
    public string Name { get; }
    /// <summary>The attribute that names a class of this kind.</summary>
    public Type Attribute { get; }
    /// <summary>What such a class implements.</summary>
    public Type Contract { get; }

    /// <summary>The kind of that name, or null.</summary>
    public static ExtensionKind? Find(string name) => All.FirstOrDefault(k => k.Name == name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
