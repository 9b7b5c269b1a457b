using System.Buffers.Binary;
using System.Text;

namespace Hv.Configuration;

/// <summary>A machine's UUID: the same definition gives the same, so that a guest does not think it was
/// moved.</summary>
internal static class MachineIdentity
{
    /// <summary>From the name and the seed; a UUID of version 8 (RFC 9562, 5.8). Not a secret, so FNV-1a will do: a
    /// cryptographic hash would load a library at every start.</summary>
    public static Guid Of(string name, ulong seed)
    {
        byte[] text = Encoding.UTF8.GetBytes($"{name}\0{seed}");
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(id, Fnv1a(text, 0xCBF29CE484222325));
        BinaryPrimitives.WriteUInt64BigEndian(
            id[8..], Fnv1a(text, BinaryPrimitives.ReadUInt64BigEndian(id) ^ 0x9E3779B97F4A7C15));
        id[6] = (byte)((id[6] & 0x0F) | 0x80);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new Guid(id, bigEndian: true);
    }

    private static ulong Fnv1a(ReadOnlySpan<byte> text, ulong basis)
    {
        ulong hash = basis;
        foreach (byte b in text)
        {
            hash = (hash ^ b) * 0x100000001B3;
        }

        return hash;
    }
}
