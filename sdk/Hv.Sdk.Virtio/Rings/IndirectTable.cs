namespace Hv.Sdk.Virtio.Rings;

/// <summary>Rules that both layouts have for tables of descriptors (virtio 1.2, 2.7.5.3 and 2.8.7).</summary>
internal static class IndirectTable
{
    /// <summary>Null, or what is wrong with a table of this length.</summary>
    public static string? Error(uint lengthBytes) =>
        lengthBytes == 0 || lengthBytes % Descriptor.Bytes != 0 ? "an indirect table's length is not a multiple of 16"
        : lengthBytes / Descriptor.Bytes > VirtioChain.MaximumSegments ? "a buffer has too many descriptors"
        : null;
}
