using System.Buffers.Binary;
using System.Text;

namespace Hv.Sdk.Acpi;

/// <summary>Encodes ACPI Machine Language (ACPI 6.5, chapter 20). Terms are appended in order; a block's package length
/// is written when its body is complete. One thread; cold.</summary>
public sealed class AmlWriter
{
    private readonly List<byte> bytes = [];

    /// <summary>What has been encoded.</summary>
    public byte[] ToArray() => [.. bytes];

    /// <summary><c>Device (name) { body }</c>.</summary>
    public AmlWriter Device(string name, Action<AmlWriter> body) => Block([0x5b, 0x82], NameString(name), body);

    /// <summary><c>Scope (name) { body }</c>.</summary>
    public AmlWriter Scope(string name, Action<AmlWriter> body) => Block([0x10], NameString(name), body);

    /// <summary><c>Method (name, arguments) { body }</c>; not serialised.</summary>
    public AmlWriter Method(string name, int arguments, Action<AmlWriter> body) =>
        Block([0x14], [.. NameString(name), (byte)(arguments & 7)], body);

    /// <summary><c>Name (name, value)</c> with an integer.</summary>
    public AmlWriter Name(string name, ulong value)
    {
        Begin(name);
        return Integer(value);
    }

    /// <summary><c>Name (name, "value")</c>.</summary>
    public AmlWriter Name(string name, string value)
    {
        Begin(name);
        return Text(value);
    }

    /// <summary><c>Name (name, Buffer)</c>, for example a resource template.</summary>
    public AmlWriter Name(string name, ResourceTemplate resources)
    {
        Begin(name);
        return Buffer(resources.ToArray());
    }

    /// <summary><c>Name (name, Package)</c>.</summary>
    public AmlWriter Name(string name, IReadOnlyList<Action<AmlWriter>> package)
    {
        Begin(name);
        return Package(package);
    }

    /// <summary><c>Name (_HID, EisaId ("PNP0501"))</c>: the compressed form (ACPI 6.5, 19.6.37).</summary>
    public AmlWriter HardwareId(string id)
    {
        Begin("_HID");
        return IsEisa(id) ? Integer(EisaId(id)) : Text(id);
    }

    /// <summary><c>Return (term)</c>.</summary>
    public AmlWriter Return(Action<AmlWriter> term)
    {
        bytes.Add(0xa4);
        term(this);
        return this;
    }

    /// <summary>An integer constant in its shortest form.</summary>
    public AmlWriter Integer(ulong value)
    {
        Span<byte> raw = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(raw, value);
        switch (value)
        {
            case 0: bytes.Add(0x00); break;
            case 1: bytes.Add(0x01); break;
            case <= byte.MaxValue: Prefixed(0x0a, raw[..1]); break;
            case <= ushort.MaxValue: Prefixed(0x0b, raw[..2]); break;
            case <= uint.MaxValue: Prefixed(0x0c, raw[..4]); break;
            default: Prefixed(0x0e, raw); break;
        }
        return this;
    }

    /// <summary>A string constant, ASCII.</summary>
    public AmlWriter Text(string value)
    {
        bytes.Add(0x0d);
        bytes.AddRange(Encoding.ASCII.GetBytes(value));
        bytes.Add(0);
        return this;
    }

    /// <summary>A buffer constant.</summary>
    public AmlWriter Buffer(ReadOnlySpan<byte> value)
    {
        byte[] data = value.ToArray();
        return Block([0x11], [], body =>
        {
            _ = body.Integer((ulong)data.Length);
            body.bytes.AddRange(data);
        });
    }

    /// <summary>A package of terms, at most 255.</summary>
    public AmlWriter Package(IReadOnlyList<Action<AmlWriter>> terms)
    {
        if (terms.Count > 255) throw new ArgumentException("an AML package holds at most 255 elements", nameof(terms));
        return Block([0x12], [(byte)terms.Count], body =>
        {
            foreach (Action<AmlWriter> term in terms) term(body);
        });
    }

    /// <summary>A reference to a named object.</summary>
    public AmlWriter Reference(string name)
    {
        bytes.AddRange(NameString(name));
        return this;
    }

    /// <summary>Terms that were encoded before.</summary>
    public AmlWriter Append(ReadOnlySpan<byte> terms)
    {
        bytes.AddRange(terms);
        return this;
    }

    /// <summary>The compressed form of an EISA id such as <c>PNP0C02</c>.</summary>
    public static uint EisaId(string id)
    {
        uint value = (uint)((id[0] - 0x40) << 26 | (id[1] - 0x40) << 21 | (id[2] - 0x40) << 16)
            | Convert.ToUInt32(id[3..], 16);
        return BinaryPrimitives.ReverseEndianness(value);
    }

    private static bool IsEisa(string id) =>
        id.Length == 7 && id[..3].All(char.IsAsciiLetterUpper) && id[3..].All(char.IsAsciiHexDigit);

    private void Begin(string name)
    {
        bytes.Add(0x08);
        bytes.AddRange(NameString(name));
    }

    private void Prefixed(byte prefix, ReadOnlySpan<byte> raw)
    {
        bytes.Add(prefix);
        bytes.AddRange(raw);
    }

    private AmlWriter Block(ReadOnlySpan<byte> opcode, byte[] head, Action<AmlWriter> body)
    {
        AmlWriter inner = new();
        body(inner);
        bytes.AddRange(opcode);
        bytes.AddRange(PackageLength(head.Length + inner.bytes.Count));
        bytes.AddRange(head);
        bytes.AddRange(inner.bytes);
        return this;
    }

    /// <summary>PkgLength counts itself (ACPI 6.5, 20.2.4): one byte up to 63, else two to four.</summary>
    private static byte[] PackageLength(int content)
    {
        if (content + 1 <= 0x3f) return [(byte)(content + 1)];
        for (int extra = 1; extra <= 3; extra++)
        {
            int total = content + 1 + extra;
            if (total >= 1 << (4 + (8 * extra))) continue;
            byte[] encoded = new byte[1 + extra];
            encoded[0] = (byte)(extra << 6 | (total & 0xf));
            for (int i = 0; i < extra; i++) encoded[i + 1] = (byte)(total >> (4 + (8 * i)));
            return encoded;
        }
        throw new ArgumentException($"an AML block of {content} bytes is too long");
    }

    /// <summary>A name path: an optional root or parent prefix, segments of up to four characters joined by dots (ACPI
    /// 6.5, 20.2.2).</summary>
    private static byte[] NameString(string path)
    {
        List<byte> encoded = [];
        int start = 0;
        while (start < path.Length && path[start] is '\\' or '^') encoded.Add((byte)path[start++]);
        string[] segments = path[start..].Split('.', StringSplitOptions.RemoveEmptyEntries);
        if (segments.Length == 0) encoded.Add(0);
        if (segments.Length == 2) encoded.Add(0x2e);
        if (segments.Length > 2)
        {
            encoded.Add(0x2f);
            encoded.Add((byte)segments.Length);
        }
        foreach (string segment in segments)
        {
            if (segment.Length > 4) throw new ArgumentException(
                $"'{segment}' is longer than an ACPI name's four characters");
            encoded.AddRange(Encoding.ASCII.GetBytes(segment.PadRight(4, '_')));
        }
        return [.. encoded];
    }
}
