namespace Hv.Sdk;

/// <summary>Base of the attributes that name what a plugin provides. The attribute and the manifest must agree; the
/// host reads the manifest first, loads the assembly when the name is asked for, and finds the class by its contract
/// and this name.</summary>
public abstract class ExtensionAttribute(string name) : Attribute
{
    /// <summary>The name as typed on the command line: lower case, words joined by '-'.</summary>
    public string Name { get; } = name;
    /// <summary>One line for lists.</summary>
    public string Title { get; init; } = "";
}

/// <summary>How the core calls a device.</summary>
public enum Threading : byte
{
    /// <summary>One callback at a time: the core serialises accesses, timers, completions, reset and save on the
    /// device's strand.</summary>
    Serialized,
    /// <summary>Callbacks may run at the same time on several threads; the device takes care of itself. For local
    /// APICs.</summary>
    Concurrent,
}

/// <summary>Buses that a device fits on. Unknown bits are ignored.</summary>
[Flags]
public enum DeviceBuses : byte
{
    /// <summary>None: its options say where it is.</summary>
    None = 0,
    /// <summary>PCI: it asks for <see cref="IDeviceContext.Pci"/>.</summary>
    Pci = 1,
    /// <summary>A window of memory and a line that the board chooses.</summary>
    Mmio = 2,
    /// <summary>Ports and a line of the ISA range.</summary>
    Isa = 4,
}

/// <summary>Names an <see cref="IDeviceFactory"/>.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class DeviceAttribute(string name) : ExtensionAttribute(name)
{
    /// <summary>How the core calls it.</summary>
    public Threading Threading { get; init; }
    /// <summary>Where boards can put it; nowhere in particular when its options say where it is.</summary>
    public DeviceBuses Buses { get; init; }
}

/// <summary>Names an <see cref="Engines.IEngine"/>.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EngineAttribute(string name) : ExtensionAttribute(name);

/// <summary>Names an <see cref="Boards.IBoard"/>.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class BoardAttribute(string name) : ExtensionAttribute(name);

/// <summary>Names an <see cref="Firmware.IFirmware"/>.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class FirmwareAttribute(string name) : ExtensionAttribute(name);

/// <summary>Names an <see cref="Block.IDiskFormat"/>.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class DiskFormatAttribute(string name) : ExtensionAttribute(name);

/// <summary>Names an <see cref="Net.INetBackend"/>.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class NetBackendAttribute(string name) : ExtensionAttribute(name);

/// <summary>Names an <see cref="Chars.ICharBackend"/>.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class CharBackendAttribute(string name) : ExtensionAttribute(name);

/// <summary>Names an <see cref="Management.IFrontEnd"/>.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class FrontEndAttribute(string name) : ExtensionAttribute(name);

/// <summary>Names an <see cref="Faults.IFaultFactory"/>.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class FaultAttribute(string name) : ExtensionAttribute(name);
