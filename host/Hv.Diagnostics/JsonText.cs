using System.Text;
using System.Text.Json;

namespace Hv.Diagnostics;

/// <summary>Reads JSON with comments and trailing commas into <see cref="JsonValue"/>s.</summary>
public static class JsonText
{
    private const int MaxDepth = 32;

    /// <summary>Reads a file. Null, and a mistake in <paramref name="bag"/>, when it cannot be read or is not
    /// JSON.</summary>
    public static JsonValue? ReadFile(string path, DiagnosticBag bag)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string problem = e is FileNotFoundException or DirectoryNotFoundException
                ? "the file does not exist" : e.Message;
            bag.Error(Codes.FileUnreadable, Place.Of(path), problem);
            return null;
        }

        return Parse(path, bytes, bag);
    }

    /// <summary>Reads UTF-8 text; <paramref name="source"/> names it in messages.</summary>
    public static JsonValue? Parse(string source, ReadOnlySpan<byte> utf8, DiagnosticBag bag)
    {
        if (utf8.StartsWith(Encoding.UTF8.Preamble))
        {
            utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        }

        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions
        {
            CommentHandling = JsonCommentHandling.Skip,
            AllowTrailingCommas = true,
            MaxDepth = MaxDepth,
        });
        var text = new SourceText(source, utf8);
        try
        {
            reader.Read();
            JsonValue value = ReadValue(ref reader, text, bag);
            reader.Read();
            return value;
        }
        catch (JsonException e)
        {
            Place place = text.PlaceInLine((int)(e.LineNumber ?? 0), (int)(e.BytePositionInLine ?? 0));
            bag.Error(Codes.MalformedJson, place, FirstSentence(e.Message), "fix the JSON here, or just before");
            return null;
        }
        catch (InvalidOperationException)
        {
            // The reader checks a text's encoding only when it is asked for the characters.
            Place place = text.PlaceAt((int)reader.TokenStartIndex);
            bag.Error(Codes.MalformedJson, place, "the text is not valid UTF-8", "save the file as UTF-8");
            return null;
        }
    }

    private static JsonValue ReadValue(ref Utf8JsonReader reader, SourceText text, DiagnosticBag bag)
    {
        Place place = text.PlaceAt((int)reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ReadObject(ref reader, place, text, bag);
            case JsonTokenType.StartArray:
                var items = new List<JsonValue>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(ReadValue(ref reader, text, bag));
                }

                return new JsonValue { Kind = JsonValueKind.Array, Place = place, Items = items };
            case JsonTokenType.String:
                return new JsonValue { Kind = JsonValueKind.String, Place = place, Text = reader.GetString()! };
            case JsonTokenType.Number:
                string digits = Encoding.UTF8.GetString(reader.ValueSpan);
                return new JsonValue { Kind = JsonValueKind.Number, Place = place, Text = digits };
            case JsonTokenType.True:
                return new JsonValue { Kind = JsonValueKind.True, Place = place, Text = "true" };
            case JsonTokenType.False:
                return new JsonValue { Kind = JsonValueKind.False, Place = place, Text = "false" };
            default:
                return new JsonValue { Kind = JsonValueKind.Null, Place = place };
        }
    }

    private static JsonValue ReadObject(ref Utf8JsonReader reader, Place place, SourceText text, DiagnosticBag bag)
    {
        var members = new List<JsonMember>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string key = reader.GetString()!;
            Place keyPlace = text.PlaceAt((int)reader.TokenStartIndex);
            reader.Read();
            JsonValue value = ReadValue(ref reader, text, bag);
            if (members.Find(m => m.Key == key) is { } first)
            {
                bag.Error(Codes.DuplicateKey, keyPlace, $"the key '{key}' stands twice",
                    $"the first is at {first.Place}: keep one of them");
                continue;
            }

            members.Add(new JsonMember(key, keyPlace, value));
        }

        return new JsonValue { Kind = JsonValueKind.Object, Place = place, Members = members };
    }

    /// <summary>The runtime's message without its trailing "LineNumber: … | BytePositionInLine: …".</summary>
    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        string sentence = end < 0 ? message : message[..end];
        return sentence.TrimEnd('.');
    }

    /// <summary>Turns byte offsets into lines and columns.</summary>
    private sealed class SourceText
    {
        private readonly string source;
        private readonly byte[] utf8;
        private readonly List<int> lineStarts = [0];

        public SourceText(string source, ReadOnlySpan<byte> utf8)
        {
            this.source = source;
            this.utf8 = utf8.ToArray();
            for (int i = 0; i < utf8.Length; i++)
            {
                if (utf8[i] == (byte)'\n')
                {
                    lineStarts.Add(i + 1);
                }
            }
        }

        public Place PlaceAt(int offset)
        {
            int found = lineStarts.BinarySearch(offset);
            int line = found >= 0 ? found : ~found - 1;
            return PlaceInLine(line, offset - lineStarts[line]);
        }

        public Place PlaceInLine(int line, int bytes)
        {
            int start = lineStarts[Math.Min(line, lineStarts.Count - 1)];
            int length = Math.Min(bytes, utf8.Length - start);
            return new Place(source, line + 1, Encoding.UTF8.GetCharCount(utf8, start, length) + 1);
        }
    }
}
