namespace Hv.Sdk.Pci;

/// <summary>Who a function is: the read-only numbers of its header (PCI Local Bus 3.0, 6.2.1 and 6.2.4).</summary>
public readonly record struct PciIdentity
{
    /// <summary>Vendor ID.</summary>
    public required ushort VendorId { get; init; }
    /// <summary>Device ID.</summary>
    public required ushort DeviceId { get; init; }
    /// <summary>Class code: base class, sub-class and interface in bits 23–16, 15–8 and 7–0.</summary>
    public required uint ClassCode { get; init; }
    /// <summary>Revision ID.</summary>
    public byte RevisionId { get; init; }
    /// <summary>Subsystem vendor ID.</summary>
    public ushort SubsystemVendorId { get; init; }
    /// <summary>Subsystem ID.</summary>
    public ushort SubsystemId { get; init; }
}
