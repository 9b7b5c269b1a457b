using System.Reflection;
using System.Text.Json;

namespace Hv.Architecture.Tests;

/// <summary>What a manifest says and what the assembly exports is the same.</summary>
public sealed class ManifestTests
{
    private static readonly Dictionary<string, string> Kinds = new()
    {
        ["DeviceAttribute"] = "device", ["EngineAttribute"] = "engine", ["BoardAttribute"] = "board",
        ["FirmwareAttribute"] = "firmware",
        ["DiskFormatAttribute"] = "disk-format", ["NetBackendAttribute"] = "net-backend",
        ["CharBackendAttribute"] = "char-backend",
        ["FrontEndAttribute"] = "front-end", ["FaultAttribute"] = "fault",
    };

    private static IEnumerable<string> Declared(string json)
    {
        using JsonDocument manifest = JsonDocument.Parse(json);
        foreach (JsonElement item in manifest.RootElement.GetProperty("provides").EnumerateArray())
            yield return item.GetProperty("kind").GetString() + " " + item.GetProperty("name").GetString();
    }

    private static IEnumerable<string> Exported(Assembly assembly) => assembly.GetTypes()
        .SelectMany(t => t.GetCustomAttributesData())
        .Where(a => a.AttributeType.Namespace == "Hv.Sdk" && Kinds.ContainsKey(a.AttributeType.Name))
        .Select(a => Kinds[a.AttributeType.Name] + " " + a.ConstructorArguments[0].Value);

    private static string[] Difference(IEnumerable<string> declared, IEnumerable<string> exported) =>
        [.. declared.Except(exported).Select(d => "declared, not exported: " + d),
            .. exported.Except(declared).Select(e => "exported, not declared: " + e)];

    [Fact]
    public void Manifests_DeclareWhatTheAssemblyExports() => Assert.Empty(PluginAssemblies.Select((folder, assembly) =>
        Difference([.. Declared(File.ReadAllText(Path.Combine(folder, "plugin.json")))], [.. Exported(assembly)])
            .Select(d => Path.GetFileName(folder) + ": " + d)));

    [Fact]
    public void Rule_OnADifference_NamesBothSides() => Assert.Equal(
        ["declared, not exported: device a", "exported, not declared: device b"],
            Difference(["device a"], ["device b"]));

    private static IEnumerable<string> UnknownKeys(JsonElement value, JsonElement schema, JsonElement root)
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference))
            schema = root.GetProperty("$defs").GetProperty(reference.GetString()!.Split('/')[^1]);
        if (value.ValueKind == JsonValueKind.Array)
            return value.EnumerateArray().SelectMany(v => UnknownKeys(v, schema.GetProperty("items"), root));
        if (value.ValueKind != JsonValueKind.Object) return [];
        JsonElement properties = schema.GetProperty("properties");
        return value.EnumerateObject().SelectMany(m => properties.TryGetProperty(m.Name, out JsonElement inner)
            ? UnknownKeys(m.Value, inner, root) : [m.Name]);
    }

    [Fact]
    public void Manifests_HaveOnlyKeysOfTheirSchema()
    {
        using JsonDocument schema = JsonDocument.Parse(
            File.ReadAllText(SourceTree.Files("plugin.schema.json", "sdk").Single()));
        Assert.Empty(PluginAssemblies.Select((folder, _) =>
        {
            using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "plugin.json")));
            return UnknownKeys(manifest.RootElement, schema.RootElement, schema.RootElement)
                .Select(k => $"{Path.GetFileName(folder)}: {k}").ToArray();
        }));
        using JsonDocument wrong = JsonDocument.Parse("""{ "provides": [ { "kind": "device", "nmae": "x" } ] }""");
        Assert.Equal(["nmae"], UnknownKeys(wrong.RootElement, schema.RootElement, schema.RootElement));
    }

    [Fact]
    public void Plugins_NeverCarryTheSdk() => Assert.Empty(PluginAssemblies.Select((folder, _) =>
        Directory.EnumerateFiles(folder, "Hv.Sdk.dll")));
}
