using System.Buffers;
using Hv.Sdk.State;

namespace Hv.Sdk.Conformance.Device;

/// <summary>One tagged field of a state section: a number, or bytes.</summary>
internal readonly record struct StateField(int Tag, ulong Number, byte[]? Bytes);

/// <summary>A state section taken apart into its fields and put together again, so that one can be changed and the form
/// kept.</summary>
internal static class StateFields
{
    public static List<StateField> Read(ReadOnlySpan<byte> state)
    {
        List<StateField> fields = [];
        for (int i = 0; i < state.Length;)
        {
            ulong key = Varint(state, ref i), number = Varint(state, ref i);
            byte[]? bytes = null;
            if ((key & 7) == 2)
            {
                bytes = state.Slice(i, (int)number).ToArray();
                i += (int)number;
            }
            fields.Add(new StateField((int)(key >> 3), number, bytes));
        }
        return fields;
    }

    public static byte[] Write(IEnumerable<StateField> fields)
    {
        ArrayBufferWriter<byte> output = new();
        StateWriter writer = new(output);
        foreach (StateField field in fields)
        {
            if (field.Bytes is { } bytes) writer.Bytes(field.Tag, bytes);
            else writer.UInt(field.Tag, field.Number);
        }
        return output.WrittenSpan.ToArray();
    }

    private static ulong Varint(ReadOnlySpan<byte> s, ref int i)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = s[i++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
    }
}
