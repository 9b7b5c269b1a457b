using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hv.Sdk.Manifests;

/// <summary>Puts a manifest together: what the assembly provides, what the project says of itself, and what its
/// author wrote by hand. The author's words win where they are words (id, titles); where they are facts they must be
/// true.</summary>
public static class ManifestText
{
    private static readonly JsonSerializerOptions Layout = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonDocumentOptions Reading = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>Reads a manifest that was written by hand.</summary>
    /// <exception cref="ManifestException">It is not a JSON object.</exception>
    public static JsonObject Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: Reading) as JsonObject
                ?? throw new ManifestException("HVG020", "a manifest is an object: { \"id\": \"…\" }");
        }
        catch (JsonException e)
        {
            throw new ManifestException("HVG020", $"this is not JSON: {e.Message}");
        }
    }

    /// <summary>The manifest, or null when there is nothing to write one for.</summary>
    /// <param name="project">id, version, sdk and assembly as the project has them.</param>
    /// <param name="facts">What the assembly provides; null when nothing.</param>
    /// <param name="written">The manifest that was written by hand; null when none was.</param>
    /// <exception cref="ManifestException">What was written by hand is not so.</exception>
    public static string? Compose(JsonObject project, JsonObject? facts, JsonObject? written)
    {
        if (facts is null)
        {
            return written is null ? null : throw new ManifestException("HVG021",
                "there is a plugin.json, but no class has an attribute such as [Device(\"name\")]: mark what the plugin provides");
        }

        string assembly = (string)project["assembly"]!;
        if (written?["assembly"] is { } other && (string?)other != assembly)
        {
            throw new ManifestException("HVG022", $"\"assembly\" says {other}, the project makes {assembly}: leave the key out");
        }

        var manifest = new JsonObject();
        foreach (string key in (string[])["id", "version", "sdk"])
        {
            manifest[key] = (written?[key] ?? project[key])!.DeepClone();
        }

        manifest["assembly"] = assembly;
        manifest["provides"] = Provides(facts["provides"]!.AsArray(), written?["provides"] as JsonArray);
        // What the plugin uses of what may still change, and as which version had it.
        if (written?["experimental"] is { } said && !JsonNode.DeepEquals(said, facts["experimental"] ?? new JsonArray()))
        {
            throw new ManifestException("HVG022", "\"experimental\" says "
                + $"{said.ToJsonString()}, the code uses {facts["experimental"]?.ToJsonString() ?? "[]"}: leave the key out");
        }

        foreach (string key in (string[])["experimental", "compiledWith"])
        {
            if (facts[key] is { } value)
            {
                manifest[key] = value.DeepClone();
            }
        }

        if (facts["states"] is JsonArray { Count: > 0 } states)
        {
            manifest["states"] = states.DeepClone();
        }

        return manifest.ToJsonString(Layout) + "\n";
    }

    private static JsonArray Provides(JsonArray facts, JsonArray? written)
    {
        var provides = new JsonArray();
        foreach (JsonNode? fact in facts)
        {
            JsonObject? words = Find(written, fact!);
            if (written is not null && words is null)
            {
                throw new ManifestException("HVG022",
                    $"{NameOf(fact!)} is not in \"provides\": add it, or leave \"provides\" out");
            }

            provides.Add(Merge(fact!.AsObject(), words));
        }

        if (written?.FirstOrDefault(w => Find(facts, w!) is null) is { } promised)
        {
            throw new ManifestException("HVG022", $"{NameOf(promised)} is in \"provides\", and no class has that attribute");
        }

        return provides;
    }

    private static JsonObject Merge(JsonObject fact, JsonObject? words)
    {
        var merged = new JsonObject
        {
            ["kind"] = fact["kind"]!.DeepClone(),
            ["name"] = fact["name"]!.DeepClone(),
            ["title"] = (words?["title"] ?? fact["title"])?.DeepClone() ?? throw new ManifestException("HVG023",
                $"{NameOf(fact)} has no title: give its attribute a Title = \"…\", one line for lists"),
        };
        if (fact["buses"] is { } buses && words?["buses"] is { } saidBuses && !JsonNode.DeepEquals(buses, saidBuses))
        {
            throw new ManifestException("HVG022", $"\"buses\" of {NameOf(fact)} and its attribute differ: leave one of them out");
        }

        if ((fact["buses"] ?? words?["buses"]) is JsonArray { Count: > 0 } fits)
        {
            merged["buses"] = fits.DeepClone();
        }

        foreach ((string key, JsonNode? value) in fact.Where(m => !merged.ContainsKey(m.Key)))
        {
            merged[key] = value!.DeepClone();
        }

        return merged;
    }

    private static JsonObject? Find(JsonArray? list, JsonNode item) => list?.OfType<JsonObject>()
        .FirstOrDefault(o => (string?)o["kind"] == (string?)item["kind"] && (string?)o["name"] == (string?)item["name"]);

    private static string NameOf(JsonNode item) => $"{item["kind"]} '{item["name"]}'";
}
