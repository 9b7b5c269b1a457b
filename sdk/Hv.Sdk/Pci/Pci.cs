namespace Hv.Sdk.Pci;

/// <summary>A PCI function's configuration space. The kit <c>Hv.Sdk.Pci</c> implements it for devices.</summary>
public interface IPciFunction
{
    /// <summary>Reads 1, 2 or 4 bytes at a naturally aligned offset, 0 to 4095. On the device's strand.</summary>
    uint ReadConfig(int offset, int size);
    /// <summary>Writes. On the device's strand.</summary>
    void WriteConfig(int offset, int size, uint value);
}

/// <summary>A device's place on the bus, from <see cref="IDeviceContext.Pci"/>.</summary>
[HostImplemented]
public interface IPciSlot
{
    /// <summary>Where it is. A bridge may change the bus number later.</summary>
    PciAddress Address { get; }
    /// <summary>Shows the function to the bus. Configuration accesses arrive on the device's strand from now on. Called
    /// in Attach.</summary>
    void Attach(IPciFunction function);
    /// <summary>The line that INTx# of the function drives: <paramref name="pin"/> 1 is INTA#.</summary>
    Signals.IrqLine IntX(int pin);
}

/// <summary>The root of a PCI hierarchy: provided as a service by a host bridge; the core plugs slots into it, wrapped
/// so that every call is made on the function's own strand.</summary>
public interface IPciBus
{
    /// <summary>Adds a function.</summary>
    /// <exception cref="ConfigurationException">The address is taken.</exception>
    void Plug(PciAddress address, IPciFunction function);
    /// <summary>Removes it.</summary>
    void Unplug(PciAddress address);
}
