using System.Numerics;
using Hv.Sdk.State;
using Hv.Sdk.Virtio;

namespace Hv.Storage.VirtioBlk;

/// <summary>Everything of the device that changes.</summary>
[DeviceState("virtio-blk", 1)]
public sealed partial class VirtioBlkState
{
    /// <summary>The driver's view.</summary>
    [Field(1)] public VirtioState Virtio = new();
    /// <summary>The cache is write-back (virtio 1.2, 5.2.5.2).</summary>
    [Field(2)] public bool IsWriteBack = true;
    /// <summary>A queue has buffers that wait for a free request.</summary>
    [Field(3)] public bool IsStalled;
    /// <summary>Requests that the host works on.</summary>
    [Field(4)] public RequestTable Requests = new();
}

/// <summary>Requests that the host works on. The core saves the requests themselves; here is how each is
/// answered.</summary>
[DeviceState("virtio-blk-requests", 1)]
public sealed partial class RequestTable
{
    /// <summary>Most requests at a time.</summary>
    public const int Capacity = 128;
    private const int WordBits = 64;

    /// <summary>A bit for each slot in use.</summary>
    [Field(1)] public ulong[] InUse = new ulong[Capacity / WordBits];
    /// <summary>The queue.</summary>
    [Field(2)] public ushort[] Queue = new ushort[Capacity];
    /// <summary><see cref="VirtioToken.Id"/> of the buffer.</summary>
    [Field(3)] public ushort[] TokenId = new ushort[Capacity];
    /// <summary><see cref="VirtioToken.Count"/> of the buffer.</summary>
    [Field(4)] public ushort[] TokenCount = new ushort[Capacity];
    /// <summary>Guest physical address of the status byte.</summary>
    [Field(5)] public ulong[] StatusAddress = new ulong[Capacity];
    /// <summary>Bytes that a success writes before the status.</summary>
    [Field(6)] public uint[] DataBytes = new uint[Capacity];
    /// <summary>A bit for each write that is to be flushed before it is answered.</summary>
    [Field(7)] public ulong[] MustFlush = new ulong[Capacity / WordBits];

    /// <summary>A free slot below <paramref name="limit"/>, or −1.</summary>
    public int FindFree(int limit)
    {
        for (int word = 0; word < InUse.Length; word++)
        {
            int slot = word * WordBits + BitOperations.TrailingZeroCount(~InUse[word]);
            if (~InUse[word] != 0) return slot < limit ? slot : -1;
        }
        return -1;
    }

    /// <summary>Whether a bit of a map is set.</summary>
    public static bool Has(ulong[] map, int slot) => (map[slot / WordBits] >> (slot % WordBits) & 1) != 0;

    /// <summary>Sets or clears a bit of a map.</summary>
    public static void Set(ulong[] map, int slot, bool value)
    {
        ulong bit = 1ul << (slot % WordBits);
        map[slot / WordBits] = value ? map[slot / WordBits] | bit : map[slot / WordBits] & ~bit;
    }

    /// <summary>Frees a slot.</summary>
    public void Free(int slot)
    {
        Set(InUse, slot, false);
        Set(MustFlush, slot, false);
        Queue[slot] = TokenId[slot] = TokenCount[slot] = 0;
        StatusAddress[slot] = 0;
        DataBytes[slot] = 0;
    }
}
