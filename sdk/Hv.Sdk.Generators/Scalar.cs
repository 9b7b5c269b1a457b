using Microsoft.CodeAnalysis;

namespace Hv.Sdk.Generators;

internal enum ScalarKind { Flag, Signed, Unsigned }

/// <summary>A type that fits one varint.</summary>
internal sealed class Scalar(string typeName, ScalarKind kind, int bytes)
{
    public string TypeName { get; } = typeName;
    public ScalarKind Kind { get; } = kind;
    public int Bytes { get; } = bytes;

    /// <summary>The largest value.</summary>
    public ulong Max => ulong.MaxValue >> (64 - (Bytes * 8) + (Kind == ScalarKind.Unsigned ? 0 : 1));

    public string MaxText => Max + (Kind == ScalarKind.Unsigned ? "UL" : "L");

    /// <summary>What the manifest calls the type: <c>flag</c>, <c>u8</c> to <c>u64</c>, <c>i8</c> to
    /// <c>i64</c>.</summary>
    public string Name => Kind == ScalarKind.Flag ? "flag" : (Kind == ScalarKind.Unsigned ? "u" : "i") + (Bytes * 8);

    public string MinText => Bytes switch { 1 => "-128L", 2 => "-32768L", 4 => "-2147483648L", _ => "long.MinValue" };

    public static Scalar? Of(ITypeSymbol type)
    {
        string name = type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);
        if (type is INamedTypeSymbol { TypeKind: TypeKind.Enum, EnumUnderlyingType: INamedTypeSymbol underlying })
            return Of(underlying) is Scalar s ? new Scalar(name, s.Kind, s.Bytes) : null;
        return type.SpecialType switch
        {
            SpecialType.System_Boolean => new Scalar(name, ScalarKind.Flag, 1),
            SpecialType.System_Byte => new Scalar(name, ScalarKind.Unsigned, 1),
            SpecialType.System_UInt16 or SpecialType.System_Char => new Scalar(name, ScalarKind.Unsigned, 2),
            SpecialType.System_UInt32 => new Scalar(name, ScalarKind.Unsigned, 4),
            SpecialType.System_UInt64 => new Scalar(name, ScalarKind.Unsigned, 8),
            SpecialType.System_SByte => new Scalar(name, ScalarKind.Signed, 1),
            SpecialType.System_Int16 => new Scalar(name, ScalarKind.Signed, 2),
            SpecialType.System_Int32 => new Scalar(name, ScalarKind.Signed, 4),
            SpecialType.System_Int64 => new Scalar(name, ScalarKind.Signed, 8),
            _ => null,
        };
    }

    private const string Primitives = "global::System.Buffers.Binary.BinaryPrimitives";

    public string ReadText(string bytes, string index) => (Kind, Bytes) switch
    {
        (ScalarKind.Flag, _) => $"{bytes}[{index}] != 0",
        (_, 1) => $"({TypeName}){bytes}[{index}]",
        _ => $"({TypeName}){Primitives}.ReadUInt{Bytes * 8}LittleEndian({bytes}.Slice({index} * {Bytes}, {Bytes}))",
    };

    public string WriteText(string bytes, string index, string value) => (Kind, Bytes) switch
    {
        (ScalarKind.Flag, _) => $"{bytes}[{index}] = {value} ? (byte)1 : (byte)0",
        (_, 1) => $"{bytes}[{index}] = (byte){value}",
        _ => $"{Primitives}.WriteUInt{Bytes * 8}LittleEndian(global::System.MemoryExtensions.AsSpan({bytes}, {index} * {Bytes}, {Bytes}), (u{WidthName}){value})",
    };

    private string WidthName => Bytes switch { 2 => "short", 4 => "int", _ => "long" };
}
