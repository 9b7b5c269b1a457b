using Hv.Sdk.Pci;
using Hv.Sdk.Registers;

namespace AcmeModel;

/// <summary>The registers of BAR 0.</summary>
public enum Reg : byte
{
    /// <summary>Starts the timer: microseconds until it is done; zero stops it.</summary>
    Delay,
    /// <summary>What has happened.</summary>
    Status,
}

/// <summary>Bits of the status register.</summary>
internal static class Status
{
    /// <summary>The time has passed.</summary>
    public const uint Done = 0x01;
}

/// <summary>Who the device is, and its register table.</summary>
public static class Spec
{
    /// <summary>Length of BAR 0.</summary>
    public const int BarBytes = 0x1000;

    /// <summary>As the guest's driver finds it.</summary>
    public static PciIdentity Identity { get; } = new() { VendorId = 0x1234, DeviceId = 0x5678, ClassCode = 0x08_80_00, RevisionId = 1 };

    /// <summary>One row a register.</summary>
    public static RegisterMap<Reg> Registers { get; } = new(BarBytes, fill: 0x00,
    [
        //  register    offset width access                          reset name    section
        new(Reg.Delay,  0,     4,    RegisterAccess.ReadWrite,       0,    "DELAY", "1"),
        new(Reg.Status, 4,     4,    RegisterAccess.WriteOneToClear, 0,    "STAT",  "2"),
    ]);
}
