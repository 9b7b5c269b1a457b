using Hv.Sdk.Block;

namespace Hv.Sdk.Conformance.Tests.Disks;

/// <summary>Has no name.</summary>
public sealed class NamelessFormat : IDiskFormat
{
    public OptionSchema Options => OptionSchema.Empty;
    public ProbeScore Probe(ReadOnlySpan<byte> head, string fileName) => ProbeScore.No;
    public IDiskImage Open(IDiskOpen open, OptionValues options) => throw new DiskException("never");
}
