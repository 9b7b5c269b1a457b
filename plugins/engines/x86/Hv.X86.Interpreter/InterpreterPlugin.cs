using Hv.Sdk;
using Hv.Sdk.Engines;

namespace Hv.X86.Interpreter;

/// <summary>The engine <c>interpret</c>.</summary>
[Engine("interpret")]
public sealed class InterpreterPlugin : IEngine
{
    // Blocks of about ten instructions take half a kilobyte: room for some hundred thousand of them per vCPU.
    private const int DefaultCacheMegabytes = 64;

    /// <inheritdoc/>
    public EngineTraits Traits =>
        EngineTraits.Deterministic | EngineTraits.ExactBudget | EngineTraits.DirtyLog | EngineTraits.AnyHost;

    /// <inheritdoc/>
    public OptionSchema Options { get; } = new(
    [
        new OptionInfo
        {
            Name = "block-cache-mib",
            Type = OptionType.Number,
            Summary = "Memory for decoded instructions of one vCPU, in MiB",
            Default = "64",
            Minimum = 1,
            Maximum = 1024,
        },
    ]);

    /// <inheritdoc/>
    public string? WhyUnavailable() => BitConverter.IsLittleEndian ? null : "needs a little-endian host";

    /// <inheritdoc/>
    public IPartition CreatePartition(IPartitionContext context, OptionValues options) =>
        new Partition(context, (nuint)options.Number("block-cache-mib", DefaultCacheMegabytes) << 20);
}
