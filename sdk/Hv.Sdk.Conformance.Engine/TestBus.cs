using Hv.Sdk.Engines;
using Hv.Sdk.Io;

namespace Hv.Sdk.Conformance.Engine;

/// <summary>An access that came to the bus.</summary>
internal readonly record struct BusAccess(ulong Address, int Size, ulong Value);

/// <summary>A bus where every address has a byte of its own, which records what comes.</summary>
internal sealed class TestBus : IVcpuBus
{
    /// <summary>MMIO writes.</summary>
    public List<BusAccess> Writes { get; } = [];
    /// <summary>MMIO reads.</summary>
    public List<BusAccess> Reads { get; } = [];
    /// <summary>OUTs.</summary>
    public List<BusAccess> PortWrites { get; } = [];
    /// <summary>INs.</summary>
    public List<BusAccess> PortReads { get; } = [];
    /// <summary>How often a repeated instruction said that an iteration is complete.</summary>
    public int Commits { get; private set; }
    /// <summary>How many more reads are postponed.</summary>
    public int Deferrals { get; set; }
    /// <summary>Run inside each access.</summary>
    public Action OnAccess { get; set; } = static () => { };

    /// <summary>What is at an address, as a little-endian number of <paramref name="size"/> bytes.</summary>
    public static ulong At(ulong address, int size)
    {
        ulong value = 0;
        for (int i = size - 1; i >= 0; i--) value = value << 8 | (byte)(((address + (ulong)i) * 37) + 11);
        return value;
    }

    /// <inheritdoc/>
    public IoStatus ReadMmio(ulong gpa, int size, out ulong value) => Read(Reads, gpa, size, out value);

    /// <inheritdoc/>
    public IoStatus WriteMmio(ulong gpa, int size, ulong value)
    {
        OnAccess();
        Writes.Add(new BusAccess(gpa, size, value));
        return IoStatus.Ok;
    }

    /// <inheritdoc/>
    public IoStatus ReadPort(ushort port, int size, out uint value)
    {
        IoStatus status = Read(PortReads, port, size, out ulong wide);
        value = (uint)wide;
        return status;
    }

    /// <inheritdoc/>
    public IoStatus WritePort(ushort port, int size, uint value)
    {
        OnAccess();
        PortWrites.Add(new BusAccess(port, size, value));
        return IoStatus.Ok;
    }

    /// <inheritdoc/>
    public void Commit() => Commits++;

    private IoStatus Read(List<BusAccess> to, ulong address, int size, out ulong value)
    {
        OnAccess();
        value = 0;
        if (Deferrals > 0)
        {
            Deferrals--;
            return IoStatus.Deferred;
        }
        value = At(address, size);
        to.Add(new BusAccess(address, size, value));
        return IoStatus.Ok;
    }
}
