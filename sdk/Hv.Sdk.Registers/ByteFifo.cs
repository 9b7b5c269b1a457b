using Hv.Sdk.State;

namespace Hv.Sdk.Registers;

/// <summary>The 16-byte queue of serial and keyboard chips, as a part of a device's state. Allocates nothing after
/// construction.</summary>
[DeviceState("byte-fifo", 1)]
public sealed partial class ByteFifo
{
    /// <summary>How many bytes fit.</summary>
    public const int Capacity = 16;

    [Field(1)] private readonly byte[] items = new byte[Capacity];
    [Field(2, Maximum = Capacity - 1)] private byte head;
    [Field(3, Maximum = Capacity)] private byte count;

    /// <summary>Bytes in it.</summary>
    public int Count => count;
    /// <summary>Nothing is in it.</summary>
    public bool IsEmpty => count == 0;
    /// <summary>Nothing more fits.</summary>
    public bool IsFull => count == Capacity;

    /// <summary>The byte <paramref name="index"/> places behind the oldest; 0 when there is none.</summary>
    public byte this[int index] => (uint)index < count ? items[(head + index) % Capacity] : (byte)0;

    /// <summary>Appends; false when it is full, and the byte is not taken.</summary>
    public bool TryPush(byte value)
    {
        if (IsFull) return false;
        items[(head + count++) % Capacity] = value;
        return true;
    }

    /// <summary>Takes the oldest byte; 0 when it is empty.</summary>
    public byte Pop()
    {
        if (IsEmpty) return 0;
        byte value = items[head];
        head = (byte)((head + 1) % Capacity);
        count--;
        return value;
    }

    /// <summary>Empties it.</summary>
    public void Clear() => head = count = 0;
}
