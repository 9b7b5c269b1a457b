using System.Text;
using System.Text.Json;
using Hv.Diagnostics;

namespace Hv.Configuration;

/// <summary>One part of a value with parts.</summary>
/// <param name="Text">Its text; <c>on</c> for a key that stands alone.</param>
/// <param name="Place">Where it stands.</param>
public readonly record struct Part(string Text, Place Place);

/// <summary>A value with parts: <c>head,key=value,key</c> or an object. A comma inside a part is written
/// twice.</summary>
public sealed class Compound
{
    private readonly Dictionary<string, Part> parts = [];

    private Compound(Place place) => Place = place;

    /// <summary>Where the whole begins.</summary>
    public Place Place { get; }
    /// <summary>The first part; empty when it is missing.</summary>
    public Part Head { get; private set; }
    /// <summary>The other parts by key.</summary>
    public IReadOnlyDictionary<string, Part> Parts => parts;

    /// <summary>Takes a part away and gives it.</summary>
    public Part? Take(string key) => parts.Remove(key, out Part part) ? part : null;

    /// <summary>Reads a value of a key that has a head.</summary>
    public static Compound Read(JsonValue value, DefinitionKey key, DiagnosticBag bag)
    {
        var compound = new Compound(value.Place);
        if (value.Kind == JsonValueKind.Object)
        {
            compound.ReadObject(value, key, bag);
        }
        else
        {
            compound.ReadText(value, bag);
        }

        if (string.IsNullOrEmpty(compound.Head.Text))
        {
            bag.Error(Codes.MissingKey, value.Place, $"'{key.Name}' needs a {key.Head}",
                $"write it as {key.Placeholder}");
            compound.Head = new Part("", value.Place);
        }

        return compound;
    }

    private void ReadObject(JsonValue value, DefinitionKey key, DiagnosticBag bag)
    {
        foreach (JsonMember member in value.Members)
        {
            if (member.Value.Kind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null)
            {
                bag.Error(Codes.WrongType, member.Value.Place,
                    $"'{member.Key}' takes a text, a number, true or false, this is {member.Value.KindName}");
                continue;
            }

            var part = new Part(member.Value.Text, member.Value.Place);
            if (member.Key == key.Head)
            {
                Head = part;
            }
            else
            {
                parts[member.Key] = part;
            }
        }
    }

    private void ReadText(JsonValue value, DiagnosticBag bag)
    {
        bool isHead = true;
        foreach ((string text, int offset) in Split(value.Text))
        {
            // Inside a JSON string the column moves along (exactly so while it holds no escapes); on the command line
            // there is none.
            Place place = value.Place.Line == 0
                ? value.Place : value.Place with { Column = value.Place.Column + 1 + offset };
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (isHead)
            {
                Head = new Part(text, value.Place);
            }
            else if (!parts.TryAdd(
                equals < 0 ? text : text[..equals], new Part(equals < 0 ? "on" : text[(equals + 1)..], place)))
            {
                bag.Error(Codes.DuplicateKey, place, $"'{text[..Math.Max(equals, 0)]}' stands twice in '{value.Text}'",
                    "keep one");
            }

            isHead = false;
        }
    }

    private static IEnumerable<(string Text, int Offset)> Split(string text)
    {
        var part = new StringBuilder();
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != ',')
            {
                part.Append(text[i]);
            }
            else if (i + 1 < text.Length && text[i + 1] == ',')
            {
                part.Append(',');
                i++;
            }
            else
            {
                yield return (part.ToString(), start);
                part.Clear();
                start = i + 1;
            }
        }

        yield return (part.ToString(), start);
    }
}
