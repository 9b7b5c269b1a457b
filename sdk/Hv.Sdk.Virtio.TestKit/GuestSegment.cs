namespace Hv.Sdk.Virtio.TestKit;

/// <summary>A piece of guest memory in a buffer.</summary>
/// <param name="Address">Guest physical address.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="IsWritable">The device writes it.</param>
public readonly record struct GuestSegment(ulong Address, int Length, bool IsWritable);

/// <summary>A buffer that the device has given back.</summary>
/// <param name="Id">The number that <see cref="GuestQueue.TryAdd"/> gave.</param>
/// <param name="Written">Bytes that the device says it wrote.</param>
public readonly record struct UsedBuffer(int Id, uint Written);
