using System.Text.Json;

namespace Hv.Supervision;

/// <summary>What the supervisor has to know to report the end of a machine that cannot do it itself.</summary>
/// <param name="Name">The VM's name.</param>
/// <param name="ResultFile">Absolute path of <c>--result</c>.</param>
/// <param name="IsJson">Whether the report goes to standard error as JSON.</param>
internal sealed record RunFacts(string Name, string? ResultFile, bool IsJson)
{
    /// <summary>As text, to be parsed by <see cref="Parse"/>.</summary>
    public string Format()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("name", Name);
            json.WriteString("result", ResultFile);
            json.WriteBoolean("json", IsJson);
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Reads what was formatted; a run that ended before it said anything has no name.</summary>
    public static RunFacts Parse(string text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            JsonElement root = json.RootElement;
            return new RunFacts(
                root.GetProperty("name").GetString() ?? "?", root.GetProperty("result").GetString(),
                    root.GetProperty("json").GetBoolean());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new RunFacts("not built yet", null, false);
        }
    }
}
