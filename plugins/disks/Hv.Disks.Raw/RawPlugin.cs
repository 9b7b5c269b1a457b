using Hv.Sdk;
using Hv.Sdk.Block;

namespace Hv.Disks.Raw;

/// <summary>The format without a format: the file's bytes are the disk's.</summary>
[DiskFormat("raw", Title = "Plain image: sparse file or block device")]
public sealed class RawPlugin : IDiskFormat
{
    /// <inheritdoc/>
    public OptionSchema Options => RawOptions.Schema;

    /// <summary>Anything could be a raw disk; only a name says that it is meant to be one.</summary>
    public ProbeScore Probe(ReadOnlySpan<byte> head, string fileName)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        bool isNamedRaw = fileName.EndsWith(".raw", StringComparison.OrdinalIgnoreCase)
            || fileName.EndsWith(".img", StringComparison.OrdinalIgnoreCase);
        return isNamedRaw ? ProbeScore.Likely : ProbeScore.Maybe;
    }

    /// <inheritdoc/>
    public IDiskImage Open(IDiskOpen open, OptionValues options)
    {
        ArgumentNullException.ThrowIfNull(open);
        return new RawImage(open.File, open.IsReadOnly, RawOptions.Bind(options));
    }
}

/// <summary>Options of <c>raw</c>.</summary>
[Options]
public sealed partial record RawOptions
{
    /// <summary>Give the space of discarded ranges back.</summary>
    [Option("give the space of discarded ranges back to the host")]
    public bool Discard { get; init; } = true;
}
