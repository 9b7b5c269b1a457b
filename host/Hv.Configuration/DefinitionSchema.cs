using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hv.Sdk;

namespace Hv.Configuration;

/// <summary>The JSON schema (draft 2020-12) of a VM definition, from <see cref="DefinitionKeys"/>. It knows the keys
/// and the types; names and options of plugins differ by installation and are checked by <c>hv run</c>.</summary>
public static class DefinitionSchema
{
    /// <summary>The schema as text, ending in a line feed.</summary>
    public static string ToJson()
    {
        using var bytes = new MemoryStream();
        var options = new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(bytes, options))
        {
            json.WriteStartObject();
            json.WriteString("$schema", "https://json-schema.org/draft/2020-12/schema");
            json.WriteString("title", "A virtual machine of Hv");
            json.WriteString("type", "object");
            json.WriteBoolean("additionalProperties", false);
            json.WriteStartObject("properties");
            json.WriteStartObject("$schema");
            json.WriteString("type", "string");
            json.WriteEndObject();
            foreach (DefinitionKey key in DefinitionKeys.All)
            {
                json.WritePropertyName(key.NameInDefinition);
                WriteKey(json, key);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray()) + "\n";
    }

    private static void WriteKey(Utf8JsonWriter json, DefinitionKey key)
    {
        json.WriteStartObject();
        json.WriteString("description", key.Value.Summary);
        if (key.IsRepeatable)
        {
            json.WriteStartArray("anyOf");
            json.WriteStartObject();
            WriteValue(json, key);
            json.WriteEndObject();
            json.WriteStartObject();
            json.WriteString("type", "array");
            json.WriteStartObject("items");
            WriteValue(json, key);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
        }
        else
        {
            WriteValue(json, key);
        }

        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, DefinitionKey key)
    {
        if (key.Head is null)
        {
            WriteType(json, key.Value);
            return;
        }

        json.WriteStartArray("anyOf");
        json.WriteStartObject();
        WriteType(json, key.Value);
        json.WriteEndObject();
        json.WriteStartObject();
        json.WriteString("type", "object");
        json.WriteStartArray("required");
        json.WriteStringValue(key.Head);
        foreach (OptionInfo part in key.Parts.Where(p => p.IsRequired))
        {
            json.WriteStringValue(part.Name);
        }

        json.WriteEndArray();
        json.WriteStartObject("properties");
        json.WriteStartObject(key.Head);
        json.WriteString("type", "string");
        json.WriteEndObject();
        foreach (OptionInfo part in key.Parts)
        {
            json.WriteStartObject(part.Name);
            json.WriteString("description", part.Summary);
            WriteType(json, part);
            json.WriteEndObject();
        }

        json.WriteEndObject();

        // The rest are options of what the head names.
        json.WriteStartObject("additionalProperties");
        WriteTypes(json, "string", "number", "boolean");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteType(Utf8JsonWriter json, OptionInfo option)
    {
        switch (option.Type)
        {
            case OptionType.Flag:
                WriteTypes(json, "boolean");
                break;
            case OptionType.Choice:
                json.WriteStartArray("enum");
                foreach (string choice in option.Choices)
                {
                    json.WriteStringValue(choice);
                }

                json.WriteEndArray();
                break;
            case OptionType.Number or OptionType.Size:
                WriteTypes(json, "integer", "string");
                break;
            default:
                WriteTypes(json, "string");
                break;
        }

        if (option.Default is { } fallback)
        {
            json.WriteString("default", fallback);
        }
    }

    private static void WriteTypes(Utf8JsonWriter json, params ReadOnlySpan<string> types)
    {
        if (types.Length == 1)
        {
            json.WriteString("type", types[0]);
            return;
        }

        json.WriteStartArray("type");
        foreach (string type in types)
        {
            json.WriteStringValue(type);
        }

        json.WriteEndArray();
    }
}
