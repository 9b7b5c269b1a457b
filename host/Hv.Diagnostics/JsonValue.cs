using System.Text.Json;

namespace Hv.Diagnostics;

/// <summary>A JSON value that knows where it stood.</summary>
public sealed class JsonValue
{
    /// <summary>Its type. <see cref="JsonValueKind.Undefined"/> does not occur.</summary>
    public required JsonValueKind Kind { get; init; }
    /// <summary>Its first character.</summary>
    public required Place Place { get; init; }
    /// <summary>A string's characters, a number's digits as written, <c>true</c> or <c>false</c>; empty
    /// otherwise.</summary>
    public string Text { get; init; } = "";
    /// <summary>An object's members in their order; a key that stands twice is here once, the first.</summary>
    public IReadOnlyList<JsonMember> Members { get; init; } = [];
    /// <summary>An array's items.</summary>
    public IReadOnlyList<JsonValue> Items { get; init; } = [];

    /// <summary>The value of a key; null when it is not there.</summary>
    public JsonValue? this[string key] => Members.FirstOrDefault(m => m.Key == key)?.Value;

    /// <summary>What people call its type.</summary>
    public string KindName => Kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}

/// <summary>A key with its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Place">The key's first character.</param>
/// <param name="Value">The value.</param>
public sealed record JsonMember(string Key, Place Place, JsonValue Value);
