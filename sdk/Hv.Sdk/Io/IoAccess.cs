namespace Hv.Sdk.Io;

/// <summary>What became of an access.</summary>
public enum IoStatus : byte
{
    /// <summary>Done.</summary>
    Ok,
    /// <summary>Nothing answers at this offset: reads give all ones, writes are dropped, and the miss is
    /// counted.</summary>
    NoRegister,
    /// <summary>The register does not take this size. As NoRegister.</summary>
    BadSize,
    /// <summary>The register does not take this alignment. As NoRegister.</summary>
    Unaligned,
    /// <summary>The device has failed. As NoRegister.</summary>
    BusError,
    /// <summary>The value comes later: see <see cref="IDeviceContext.Defer"/>. Reads only.</summary>
    Deferred,
}

/// <summary>How an access differs from a plain one.</summary>
[Flags]
public enum IoFlags : byte
{
    /// <summary>A plain access of a vCPU.</summary>
    None = 0,
    /// <summary>A debugger looks: no side effects, and no waiting.</summary>
    Debug = 1,
    /// <summary>The access came from port space.</summary>
    PortIo = 2,
}

/// <summary>One access to a region.</summary>
public readonly struct IoAccess
{
    /// <summary>Offset in bytes from the start of the region.</summary>
    public ulong Offset { get; init; }
    /// <summary>The number that the device gave when it mapped the region, to tell several apart.</summary>
    public int Token { get; init; }
    /// <summary>The vCPU that makes the access.</summary>
    public ushort Initiator { get; init; }
    /// <summary>1, 2, 4 or 8 bytes. The access lies wholly inside the region.</summary>
    public byte Size { get; init; }
    /// <summary>How it differs from a plain access.</summary>
    public IoFlags Flags { get; init; }
    /// <summary>A debugger looks: change nothing.</summary>
    public bool IsDebug => (Flags & IoFlags.Debug) != 0;
}

/// <summary>Answers accesses to a region. Called on the device's strand (see <see cref="Threading"/>). Guest mistakes
/// are statuses, never exceptions; the bus decides what a bad read returns. Hot path: allocate nothing.</summary>
public interface IIoHandler
{
    /// <summary>Reads. <paramref name="value"/> is zero-extended; the bus masks it to the size.</summary>
    IoStatus Read(in IoAccess access, out ulong value);
    /// <summary>Writes. <paramref name="value"/> is zero-extended from the size.</summary>
    IoStatus Write(in IoAccess access, ulong value);
}

/// <summary>A device's claim on addresses. Disposing it gives them back. On the strand.</summary>
[HostImplemented]
public interface IRegion : IDisposable
{
    /// <summary>Where it is, or was last.</summary>
    ulong Start { get; }
    /// <summary>Its length in bytes (or ports).</summary>
    ulong Length { get; }
    /// <summary>Whether accesses reach it.</summary>
    bool IsMapped { get; }
    /// <summary>Puts it at an address (again). Overlaps: the region mapped last wins where they lie, as with PCI BARs
    /// over each other.</summary>
    void Map(ulong start);
    /// <summary>Takes it off the bus.</summary>
    void Unmap();
}
