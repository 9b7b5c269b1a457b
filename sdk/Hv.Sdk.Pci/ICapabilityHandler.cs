namespace Hv.Sdk.Pci;

/// <summary>A capability whose registers do something. On the device's strand; allocates nothing.</summary>
public interface ICapabilityHandler
{
    /// <summary>Configuration software is about to read <paramref name="size"/> bytes at <paramref name="offset"/> of
    /// the capability that begins at <paramref name="capability"/>: bring them up to date with
    /// <see cref="PciFunction.SetBytes"/>.</summary>
    void Reading(int capability, int offset, int size);
    /// <summary>It has written them; writable bits have their new values.</summary>
    void Written(int capability, int offset, int size);
}
