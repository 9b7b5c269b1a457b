namespace Hv.Vmm.Snapshots;

/// <summary>The layout of a snapshot file, all numbers little-endian:
/// <code>
/// header   8 bytes "HvSnap\r\n", u32 format version, u32 zero
/// section u16 length of the name, u16 version, u32 length of the payload, name (UTF-8), payload,
///         u64 checksum of all these
/// </code>
/// Sections in order: <c>machine</c>, <c>lines</c>, <c>timers</c>, <c>entropy</c>, <c>faults</c> (when there are any),
/// <c>backend/…</c>, <c>device/…</c>, <c>vcpu/…</c>, <c>reads/…</c> (for a vCPU that waits for a postponed read),
/// <c>ram</c> (one for each MiB that is not all zeroes: u64 offset, u32 length, u8 codec, bytes), and <c>end</c> with
/// the number of sections before it. A file without its end is not a snapshot.</summary>
internal static class SnapshotFormat
{
    public const uint FormatVersion = 1;
    public const int HeaderBytes = 16;
    public const int SectionHeaderBytes = 8;
    public const int MaxNameBytes = 512;
    public const int MaxPayloadBytes = 64 << 20;
    public const int RamPieceBytes = 1 << 20;
    public const int RamHeaderBytes = 13;
    public const byte CodecPlain = 0;
    public const byte CodecLz4 = 1;

    public static ReadOnlySpan<byte> Magic => "HvSnap\r\n"u8;

    public const string Machine = "machine";
    public const string Lines = "lines";
    public const string Timers = "timers";
    public const string Entropy = "entropy";
    public const string Faults = "faults";
    public const string Backend = "backend/";
    public const string Device = "device/";
    public const string Vcpu = "vcpu/";
    public const string Reads = "reads/";
    public const string Ram = "ram";
    public const string End = "end";

    /// <summary>Limits on lists, well above what a machine can have.</summary>
    public const int MaxDevices = 4096;
    public const int MaxTimers = 65536;
    public const int MaxLines = 65536;

    public static ulong Checksum(ushort version, ReadOnlySpan<byte> name, ReadOnlySpan<byte> payload) =>
        (StateHash.OfBytes(name) * 31 + version) * 31 + StateHash.OfBytes(payload);
}
