using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Faults;
using Hv.Sdk.Net;

namespace Hv.Faults.IoErrors;

/// <summary>Makes faults of input and output: disk requests fail without touching the medium, frames and characters are
/// lost.</summary>
[Fault("io-errors", Title = "Disk requests fail; frames and characters are lost")]
public sealed class IoErrorsPlugin : IFaultFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => IoErrorsOptions.Schema;
    /// <inheritdoc/>
    public IFault Create(OptionValues options) => new IoErrors(IoErrorsOptions.Bind(options));
}

/// <summary>Options of <c>io-errors</c>.</summary>
[Options]
public sealed partial record IoErrorsOptions
{
    /// <summary>What fails.</summary>
    [Option("what fails: disks read, write, flush, discard; lines and networks send, receive")]
    public IoOperation Operation { get; init; }
    /// <summary>What a disk request ends with.</summary>
    [Option("what a disk request ends with")]
    public IoError Error { get; init; }
    /// <summary>First byte of the disk that is bad.</summary>
    [Option("first byte of the disk that is bad", Type = OptionType.Size)]
    public ulong Start { get; init; }
    /// <summary>How many bytes of the disk are bad.</summary>
    [Option("how many bytes of the disk are bad; 0: up to its end", Type = OptionType.Size)]
    public ulong Length { get; init; }
}

/// <summary>What fails.</summary>
public enum IoOperation : byte
{
    /// <summary>Anything.</summary>
    Any,
    /// <summary>Reads of a disk.</summary>
    Read,
    /// <summary>Writes to a disk, zeroes included.</summary>
    Write,
    /// <summary>Flushes of a disk.</summary>
    Flush,
    /// <summary>Discards of a disk.</summary>
    Discard,
    /// <summary>Frames or characters from the guest.</summary>
    Send,
    /// <summary>Frames or characters to the guest.</summary>
    Receive,
}

/// <summary>What a disk request ends with.</summary>
public enum IoError : byte
{
    /// <summary>The medium failed.</summary>
    IoError,
    /// <summary>The host has no room.</summary>
    NoSpace,
    /// <summary>The medium is read-only.</summary>
    ReadOnly,
    /// <summary>The request is not one that the medium knows.</summary>
    Unsupported,
}

/// <summary>One rule's errors.</summary>
internal sealed class IoErrors(IoErrorsOptions options)
    : IFaultDecorator<IBlockPort>, IFaultDecorator<INetPort>, IFaultDecorator<ICharPort>
{
    public IBlockPort Decorate(IBlockPort inner, in FaultSite site, IFaultScope scope) =>
        new FailingDisk(inner, options, scope);
    public INetPort Decorate(INetPort inner, in FaultSite site, IFaultScope scope) =>
        new LossyNet(inner, options.Operation, scope);
    public ICharPort Decorate(ICharPort inner, in FaultSite site, IFaultScope scope) =>
        new LossyLine(inner, options.Operation, scope);
}
