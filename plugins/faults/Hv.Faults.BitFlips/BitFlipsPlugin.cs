using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Engines;
using Hv.Sdk.Faults;
using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Net;

namespace Hv.Faults.BitFlips;

/// <summary>Flips bits of whatever passes, and of memory and vCPUs at moments.</summary>
[Fault("bit-flips", Title = "Bits of registers, DMA, memory, frames and vCPUs flip")]
public sealed class BitFlipsPlugin : IFaultFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => BitFlipsOptions.Schema;
    /// <inheritdoc/>
    public IFault Create(OptionValues options) => new BitFlips(BitFlipsOptions.Bind(options));
}

/// <summary>Options of <c>bit-flips</c>.</summary>
[Options]
public sealed partial record BitFlipsOptions
{
    /// <summary>How many bits.</summary>
    [Option("how many bits flip, drawn from the VM's seed", Minimum = 1, Maximum = 64)]
    public byte Bits { get; init; } = 1;
    /// <summary>Which bits of a register.</summary>
    [Option("which bits of a register flip, instead of drawn ones: a mask")]
    public ulong Mask { get; init; }
    /// <summary>On which way.</summary>
    [Option("on which way: what the device or guest reads, writes, or any")]
    public FlipDirection Direction { get; init; }
    /// <summary>Offset or guest address from which on.</summary>
    [Option("registers, DMA and memory: from this offset or guest address on")]
    public ulong Address { get; init; }
    /// <summary>How far.</summary>
    [Option("how many bytes from there; 0: all", Type = OptionType.Size)]
    public ulong Length { get; init; }

    /// <summary>Whether any byte of a range is meant.</summary>
    internal bool Covers(ulong first, ulong lengthBytes) =>
        (Length == 0 || first < Address + Length) && first + lengthBytes > Address;
}

/// <summary>On which way bits flip.</summary>
public enum FlipDirection : byte
{
    /// <summary>Either.</summary>
    Any,
    /// <summary>Registers that the guest reads, memory that the device reads, what the guest receives.</summary>
    Read,
    /// <summary>Registers that the guest writes, memory that the device writes, what the guest sends.</summary>
    Write,
}

/// <summary>One rule's flips.</summary>
internal sealed class BitFlips(BitFlipsOptions options) : IFaultDecorator<IIoHandler>, IFaultDecorator<IDmaSpace>,
    IFaultDecorator<IGuestMemory>, IFaultDecorator<INetPort>, IFaultDecorator<ICharPort>, IFaultDecorator<IBlockPort>,
    IFaultDecorator<IVcpu>
{
    public IIoHandler Decorate(IIoHandler inner, in FaultSite site, IFaultScope scope) =>
        new FlippingRegisters(inner, options, scope);
    public IDmaSpace Decorate(IDmaSpace inner, in FaultSite site, IFaultScope scope) =>
        new FlippingDma(inner, options, scope);
    public INetPort Decorate(INetPort inner, in FaultSite site, IFaultScope scope) =>
        new FlippingNet(inner, options, scope);
    public ICharPort Decorate(ICharPort inner, in FaultSite site, IFaultScope scope) =>
        new FlippingLine(inner, options, scope);
    public IBlockPort Decorate(IBlockPort inner, in FaultSite site, IFaultScope scope) =>
        new FlippingDisk(inner, options, scope);
    public IVcpu Decorate(IVcpu inner, in FaultSite site, IFaultScope scope) => new FlippingVcpu(inner, options, scope);

    public IGuestMemory Decorate(IGuestMemory inner, in FaultSite site, IFaultScope scope)
    {
        FlippingMemory memory = new(inner, options, scope);
        scope.AtMoments(memory.Flip);
        return inner;
    }
}
