using System.Buffers;

namespace Hv.Sdk.State;

/// <summary>Writes tagged fields: key = tag × 8 + wire type, wire type 0 a varint, 2 a length and bytes (the protobuf
/// wire).</summary>
public sealed class StateWriter
{
    private readonly IBufferWriter<byte> output;

    /// <summary>Writes to <paramref name="output"/>.</summary>
    public StateWriter(IBufferWriter<byte> output) => this.output = output;

    private void Varint(ulong value)
    {
        Span<byte> span = output.GetSpan(10);
        int n = 0;
        while (value >= 0x80)
        {
            span[n++] = (byte)(value | 0x80);
            value >>= 7;
        }
        span[n++] = (byte)value;
        output.Advance(n);
    }

    /// <summary>An unsigned number.</summary>
    public void UInt(int tag, ulong value)
    {
        Varint((ulong)tag << 3);
        Varint(value);
    }

    /// <summary>A signed number (zigzag).</summary>
    public void Int(int tag, long value) => UInt(tag, (ulong)((value << 1) ^ (value >> 63)));

    /// <summary>A flag.</summary>
    public void Flag(int tag, bool value) => UInt(tag, value ? 1u : 0u);

    /// <summary>Bytes.</summary>
    public void Bytes(int tag, ReadOnlySpan<byte> value)
    {
        Varint((ulong)tag << 3 | 2);
        Varint((ulong)value.Length);
        output.Write(value);
    }

    /// <summary>UTF-8 text.</summary>
    public void Text(int tag, string value) => Bytes(tag, System.Text.Encoding.UTF8.GetBytes(value));

    /// <summary>A group of fields of its own, for example one element of a list: write it into
    /// <paramref name="part"/>'s writer.</summary>
    public void Group(int tag, Action<StateWriter> part)
    {
        ArrayBufferWriter<byte> buffer = new();
        part(new StateWriter(buffer));
        Bytes(tag, buffer.WrittenSpan);
    }
}
