using Hv.Sdk.Io;

namespace Hv.Sdk.TestKit.Fakes;

/// <summary>A region that the device claimed.</summary>
public sealed class BenchRegion : IRegion
{
    private readonly DeviceBench bench;

    internal BenchRegion(
        DeviceBench bench, AddressSpace space, string name, ulong length, IIoHandler handler, int token) =>
        (this.bench, Space, Name, Length, Handler, Token) = (bench, space, name, length, handler, token);

    internal IIoHandler Handler { get; }
    internal int Token { get; }
    internal int MapOrder { get; private set; }

    /// <summary>Memory or ports.</summary>
    public AddressSpace Space { get; }
    /// <summary>The device's name for it.</summary>
    public string Name { get; }
    /// <inheritdoc/>
    public ulong Start { get; private set; }
    /// <inheritdoc/>
    public ulong Length { get; }
    /// <inheritdoc/>
    public bool IsMapped { get; private set; }

    /// <inheritdoc/>
    public void Map(ulong start)
    {
        Start = start;
        IsMapped = true;
        MapOrder = bench.NextMapOrder();
    }

    /// <inheritdoc/>
    public void Unmap() => IsMapped = false;
    /// <inheritdoc/>
    public void Dispose() => IsMapped = false;

    internal bool Holds(AddressSpace space, ulong address, int size) =>
        IsMapped && Space == space && address >= Start && address - Start <= Length - (ulong)size
            && (ulong)size <= Length;
}
