using System.Globalization;
using System.Text.Json;
using Hv.Diagnostics;
using Hv.Sdk;

namespace Hv.PluginHost;

/// <summary>The options of one provided name as a manifest has them.</summary>
internal static class ManifestOptions
{
    private static readonly string[] Keys = ["name", "type", "summary", "default", "required", "minimum", "maximum", "choices"];
    private static readonly Dictionary<string, OptionType> Types =
        Enum.GetValues<OptionType>().ToDictionary(t => t.ToString().ToLowerInvariant());

    /// <summary>Reads a list of options; null, with every mistake in <paramref name="bag"/>, when it is none.</summary>
    public static OptionSchema? Read(JsonValue list, DiagnosticBag bag)
    {
        int before = bag.Items.Count;
        if (list.Kind != JsonValueKind.Array)
        {
            bag.Error(Codes.WrongType, list.Place, $"'options' is a list, this is {list.KindName}");
            return null;
        }

        OptionInfo[] options = [.. list.Items.Select(o => ReadOption(o, bag))];
        return bag.Items.Count > before ? null : new OptionSchema(options);
    }

    private static OptionInfo ReadOption(JsonValue option, DiagnosticBag bag)
    {
        PluginManifest.CheckKeys(option, Keys, bag);
        string typeName = PluginManifest.Text(option, "type", bag);
        if (!Types.TryGetValue(typeName, out OptionType type) && typeName.Length > 0)
        {
            bag.Error(Codes.NotAChoice, option["type"]!.Place, $"there is no type '{typeName}'", Suggestion.Remedy(typeName, Types.Keys));
        }

        return new OptionInfo
        {
            Name = PluginManifest.Text(option, "name", bag),
            Type = type,
            Summary = option["summary"]?.Text ?? "",
            Default = option["default"]?.Text,
            IsRequired = option["required"]?.Kind == JsonValueKind.True,
            Minimum = Bound(option["minimum"], 0, bag),
            Maximum = Bound(option["maximum"], ulong.MaxValue, bag),
            Choices = [.. (option["choices"]?.Items ?? []).Select(c => c.Text)],
        };
    }

    private static ulong Bound(JsonValue? value, ulong fallback, DiagnosticBag bag)
    {
        if (value is null || ulong.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out fallback))
        {
            return fallback;
        }

        bag.Error(Codes.WrongType, value.Place, $"a bound is a whole number, this is {value.KindName}");
        return fallback;
    }
}
