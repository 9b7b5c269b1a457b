using System.Text.Json.Nodes;
using Hv.Sdk.Manifests;

namespace Hv.Sdk.Generators.Tests;

/// <summary>What becomes of a manifest that is written by hand.</summary>
public sealed class ManifestTextTests
{
    private static readonly JsonObject Project = Object(
        """{ "id": "acme.gpio", "version": "1.0.0", "sdk": ">=1.0 <2.0", "assembly": "Acme.Gpio.dll" }""");

    private static JsonObject Facts => Object("""
        { "provides": [ { "kind": "device", "name": "gpio", "title": "Lines", "buses": ["pci"], "saveable": true, "options": [] } ],
          "states": [ { "id": "gpio", "version": 1, "readsFrom": 1 } ] }
        """);

    private static JsonObject Object(string text) => JsonNode.Parse(text)!.AsObject();

    private static JsonObject Compose(string? written) =>
        Object(ManifestText.Compose(Project, Facts, written is null ? null : ManifestText.Parse(written))!);

    private static string Refusal(string written, JsonObject? facts)
    {
        var refusal = Assert.Throws<ManifestException>(
            () => ManifestText.Compose(Project, facts, ManifestText.Parse(written)));
        return $"{refusal.Code} {refusal.Message}";
    }

    [Fact]
    public void Compose_WithNothingWritten_TakesEverythingFromTheProjectAndTheCode()
    {
        JsonObject manifest = Compose(null);

        Assert.Equal("acme.gpio", (string)manifest["id"]!);
        Assert.Equal("Acme.Gpio.dll", (string)manifest["assembly"]!);
        Assert.Equal(Facts["provides"]!.ToJsonString(), manifest["provides"]!.ToJsonString());
        Assert.Equal(Facts["states"]!.ToJsonString(), manifest["states"]!.ToJsonString());
    }

    [Fact]
    public void Compose_WordsWrittenByHand_Win()
    {
        JsonObject manifest = Compose("""
            { // the id that customers know
              "id": "acme.lines", "provides": [ { "kind": "device", "name": "gpio", "title": "Eight lines" } ], }
            """);

        Assert.Equal("acme.lines", (string)manifest["id"]!);
        Assert.Equal("1.0.0", (string)manifest["version"]!);
        Assert.Equal("Eight lines", (string)manifest["provides"]![0]!["title"]!);
        Assert.Equal("""["pci"]""", manifest["provides"]![0]!["buses"]!.ToJsonString());
    }

    [Fact]
    public void Compose_WithExperimentalContracts_NamesThemAndTheVersion()
    {
        JsonObject facts = Facts;
        facts["experimental"] = new JsonArray("block");
        facts["compiledWith"] = "1.0";

        JsonObject manifest = Object(ManifestText.Compose(Project, facts, null)!);

        Assert.Equal("""["block"]""", manifest["experimental"]!.ToJsonString());
        Assert.Equal("1.0", (string)manifest["compiledWith"]!);
        Assert.StartsWith("HVG022 \"experimental\" says [\"network\"], the code uses [\"block\"]",
            Refusal("""{ "experimental": ["network"] }""", facts), StringComparison.Ordinal);
        Assert.StartsWith("HVG022 \"experimental\"", Refusal("""{ "experimental": ["network"] }""", Facts), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "provides": [] }""", "HVG022 device 'gpio' is not in \"provides\"")]
    [InlineData("""{ "provides": [ { "kind": "device", "name": "gpio" }, { "kind": "device", "name": "gpio16" } ] }""", "HVG022 device 'gpio16' is in \"provides\", and no class")]
    [InlineData("""{ "provides": [ { "kind": "device", "name": "gpio", "buses": ["mmio"] } ] }""", "HVG022 \"buses\" of device 'gpio'")]
    [InlineData("""{ "assembly": "Other.dll" }""", "HVG022 \"assembly\" says Other.dll")]
    [InlineData("""[]""", "HVG020 a manifest is an object")]
    [InlineData("""{ "id" """, "HVG020 this is not JSON")]
    public void Compose_FactsWrittenWrong_AreRefused(string written, string refusal) =>
        Assert.StartsWith(refusal, Refusal(written, Facts));

    [Fact]
    public void Compose_WrittenForALibraryWithoutAttributes_IsRefused() => Assert.StartsWith("HVG021", Refusal("{}", null));

    [Fact]
    public void Compose_WithoutATitle_NamesTheAttribute()
    {
        JsonObject facts = Facts;
        facts["provides"]![0]!.AsObject().Remove("title");

        Assert.StartsWith("HVG023 device 'gpio' has no title", Refusal("{}", facts));
    }

    [Fact]
    public void Compose_ForALibrary_IsNothing() => Assert.Null(ManifestText.Compose(Project, null, null));
}
