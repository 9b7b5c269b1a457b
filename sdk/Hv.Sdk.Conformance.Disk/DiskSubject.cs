using Hv.Sdk.Block;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Disk;

/// <summary>An image file that a format can open.</summary>
/// <param name="Name">What is special about it, for messages; its extension is what the format is probed with.</param>
/// <param name="Bytes">The file.</param>
public sealed record DiskSample(string Name, byte[] Bytes)
{
    /// <summary>How long the disk is, when it is known; otherwise what the format says is believed.</summary>
    public long? LengthBytes { get; init; }
    /// <summary>What the disk holds, when it is known; otherwise what the format reads at first is believed.</summary>
    public byte[]? Contents { get; init; }
}

/// <summary>A disk format to be tried, and what is to be known about it.</summary>
public sealed class DiskSubject
{
    private const int ZeroFileBytes = 256 * 1024;

    /// <summary>The format.</summary>
    public required IDiskFormat Format { get; init; }

    /// <summary>Options as a user would type them.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Images to try it on: small ones, at least 64 KiB and at most a few MiB of disk; not read-only
    /// variants.</summary>
    public IReadOnlyList<DiskSample> Samples { get; init; } = [];

    /// <summary>The format's name.</summary>
    public string Name => Description.NameOf<DiskFormatAttribute>(Format);

    /// <summary>A subject of which nothing is known but its class: a format that takes a file of zeroes is tried on
    /// one; others need samples.</summary>
    public static DiskSubject Of(
        IDiskFormat format, IReadOnlyDictionary<string, string> options, IReadOnlyList<DiskSample> samples)
    {
        DiskSubject subject = new() { Format = format, Options = options, Samples = samples };
        if (samples.Count > 0) return subject;
        DiskSample zeroes = new("zeroes.img", new byte[ZeroFileBytes]);
        return subject.CanOpen(zeroes)
            ? new DiskSubject { Format = format, Options = options, Samples = [zeroes] } : subject;
    }

    private bool CanOpen(DiskSample sample)
    {
        try
        {
            Open(new CrashFile(sample.Bytes), isReadOnly: false).Dispose();
            return true;
        }
        catch (DiskException)
        {
            return false;
        }
    }

    internal IDiskImage Open(IHostFile file, bool isReadOnly) =>
        Format.Open(new Opening(file, isReadOnly), OptionTexts.Bind(Format.Options, Options));

    private sealed class Opening(IHostFile file, bool isReadOnly) : IDiskOpen
    {
        public IHostFile File => file;
        public bool IsReadOnly => isReadOnly;
        public IDiskImage OpenBacking(string reference, string? format) =>
            throw new DiskException($"there is no '{reference}' here");
    }
}
