namespace Hv.Sdk.TestKit;

/// <summary>A fake with state of its own (a disk, a network, a peer device). The bench carries it over to restored
/// twins and compares it.</summary>
public interface IBenchPart
{
    /// <summary>Takes over the state of the same part of another bench.</summary>
    void CopyFrom(IBenchPart other);
    /// <summary>Null when both are in the same state; otherwise what differs, for people.</summary>
    string? Difference(IBenchPart other);
}
