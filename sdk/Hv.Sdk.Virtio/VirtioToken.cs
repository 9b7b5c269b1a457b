namespace Hv.Sdk.Virtio;

/// <summary>Names a buffer between <see cref="VirtQueue.TryPop"/> and <see cref="VirtQueue.Complete"/>. Saved by a
/// device that keeps buffers across callbacks.</summary>
/// <param name="Id">Split: index of the first descriptor; packed: buffer ID.</param>
/// <param name="Count">Ring entries that the buffer takes; 1 in a split queue.</param>
public readonly record struct VirtioToken(ushort Id, ushort Count);

/// <summary>A place in a queue to which <see cref="VirtQueue.Rewind"/> returns.</summary>
public readonly record struct QueueMark
{
    internal ushort NextAvailable { get; init; }
    internal bool AvailableWrap { get; init; }
}
