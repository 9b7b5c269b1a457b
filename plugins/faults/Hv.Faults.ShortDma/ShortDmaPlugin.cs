using Hv.Sdk;
using Hv.Sdk.Faults;
using Hv.Sdk.Memory;

namespace Hv.Faults.ShortDma;

/// <summary>Breaks a bus master's transfers: they fail, or stop short and say nothing.</summary>
[Fault("short-dma", Title = "DMA fails or stops short")]
public sealed class ShortDmaPlugin : IFaultFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => ShortDmaOptions.Schema;
    /// <inheritdoc/>
    public IFault Create(OptionValues options) => new ShortTransfers(ShortDmaOptions.Bind(options));
}

/// <summary>Options of <c>short-dma</c>.</summary>
[Options]
public sealed partial record ShortDmaOptions
{
    /// <summary>How many bytes go through.</summary>
    [Option("how many bytes of a transfer go through; it must be longer to be an opportunity", Type = OptionType.Size)]
    public ulong Bytes { get; init; }
    /// <summary>Whether the device is told.</summary>
    [Option("the device is told that the transfer failed; off: it believes that all went well")]
    public bool Report { get; init; } = true;
    /// <summary>Which transfers.</summary>
    [Option("which transfers: what the device reads, writes, or any")]
    public TransferDirection Direction { get; init; }
    /// <summary>Guest address.</summary>
    [Option("transfers that touch guest memory from this address on")]
    public ulong Address { get; init; }
    /// <summary>How far.</summary>
    [Option("how many bytes from there; 0: all", Type = OptionType.Size)]
    public ulong Length { get; init; }
}

/// <summary>Which transfers.</summary>
public enum TransferDirection : byte
{
    /// <summary>Both.</summary>
    Any,
    /// <summary>Guest to device.</summary>
    Read,
    /// <summary>Device to guest.</summary>
    Write,
}

/// <summary>One rule's transfers.</summary>
internal sealed class ShortTransfers(ShortDmaOptions options) : IFaultDecorator<IDmaSpace>
{
    public IDmaSpace Decorate(IDmaSpace inner, in FaultSite site, IFaultScope scope) =>
        new ShortDmaSpace(inner, options, scope);
}
