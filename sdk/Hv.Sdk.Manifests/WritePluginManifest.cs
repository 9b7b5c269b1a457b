using System.Text.Json.Nodes;
using Microsoft.Build.Framework;

namespace Hv.Sdk.Manifests;

/// <summary>The build task: writes plugin.json from the assembly that was just compiled.</summary>
public sealed class WritePluginManifest : Microsoft.Build.Utilities.Task
{
    /// <summary>The compiled assembly.</summary>
    [Required]
    public string Assembly { get; set; } = "";
    /// <summary>The plugin's id, unless it is written by hand.</summary>
    [Required]
    public string PluginId { get; set; } = "";
    /// <summary>The plugin's version, unless it is written by hand.</summary>
    [Required]
    public string PluginVersion { get; set; } = "";
    /// <summary>The versions of the SDK, unless they are written by hand.</summary>
    [Required]
    public string SdkRange { get; set; } = "";
    /// <summary>The Hv.Sdk.dll that it was compiled against.</summary>
    public string Sdk { get; set; } = "";
    /// <summary>A manifest that was written by hand; empty when there is none.</summary>
    public string Written { get; set; } = "";
    /// <summary>Where the manifest goes; afterwards there is none when the assembly provides nothing.</summary>
    [Required]
    public string Output { get; set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        try
        {
            var project = new JsonObject
            {
                ["id"] = PluginId,
                ["version"] = PluginVersion,
                ["sdk"] = SdkRange,
                ["assembly"] = Path.GetFileName(Assembly),
            };
            JsonObject? written = File.Exists(Written) ? ManifestText.Parse(File.ReadAllText(Written)) : null;
            JsonObject? facts = PluginFacts.Read(Assembly);
            if (facts is not null && Sdk.Length > 0)
            {
                AddExperimental(facts);
            }

            if (ManifestText.Compose(project, facts, written) is not { } text)
            {
                File.Delete(Output);
            }
            else if (!File.Exists(Output) || File.ReadAllText(Output) != text)
            {
                File.WriteAllText(Output, text);
            }
        }
        catch (ManifestException e)
        {
            string place = Written.Length > 0 ? Written : "plugin.json";
            Log.LogError(null, e.Code, null, place, 0, 0, 0, 0, "{0}", e.Message);
        }

        return !Log.HasLoggedErrors;
    }

    private void AddExperimental(JsonObject facts)
    {
        IReadOnlyList<string> used = ExperimentalContracts.Used(Assembly, Sdk);
        if (used.Count > 0)
        {
            facts["experimental"] = new JsonArray([.. used.Select(name => JsonValue.Create(name))]);
            facts["compiledWith"] = ExperimentalContracts.SdkVersion(Sdk).ToString(2);
        }
    }
}
