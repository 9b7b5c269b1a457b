using Hv.Sdk;
using Hv.Sdk.Block;

namespace AcmeModel;

/// <summary>The format: found by its name, or by its first bytes.</summary>
[DiskFormat("the-model", Title = "Sparse image that grows as it is written")]
public sealed class TheModelPlugin : IDiskFormat
{
    /// <inheritdoc/>
    public OptionSchema Options => TheModelOptions.Schema;

    /// <inheritdoc/>
    public ProbeScore Probe(ReadOnlySpan<byte> head, string fileName) =>
        head.StartsWith(Layout.Magic) ? ProbeScore.Certain : ProbeScore.No;

    /// <inheritdoc/>
    public IDiskImage Open(IDiskOpen open, OptionValues options)
    {
        TheModelOptions bound = TheModelOptions.Bind(options);
        if (open.File.LengthBytes == 0 && bound.Size > 0) TheModelImage.Create(open.File, (long)bound.Size);
        return TheModelImage.Open(open.File, open.IsReadOnly);
    }
}

/// <summary>What users may set: <c>--disk F,format=the-model,size=4G</c>.</summary>
[Options]
public sealed partial record TheModelOptions
{
    /// <summary>Length of a new disk.</summary>
    [Option("makes a disk of this length of an empty file", Type = OptionType.Size, Maximum = 1UL << 40)]
    public ulong Size { get; init; }
}
