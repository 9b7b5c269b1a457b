using System.Globalization;
using System.Text.Json;
using Hv.Configuration;
using Hv.Diagnostics;
using Hv.PluginHost;
using Hv.Sdk;
using Hv.Sdk.FaultRules;
using Spectre.Console;

namespace Hv.Commands;

/// <summary>Lists what plugins provide, and shows the options of one of them: <c>hv device</c> and <c>hv
/// fault</c>.</summary>
internal static class ExtensionPages
{
    /// <summary>All names of some kinds; loads no plugin.</summary>
    public static int List(PluginCatalog catalog, IReadOnlyList<ExtensionKind> kinds, bool isJson)
    {
        IEnumerable<CatalogEntry> entries = kinds.SelectMany(catalog.List);
        if (isJson)
        {
            JsonOutput.Write(json =>
            {
                json.WriteStartArray();
                foreach (CatalogEntry entry in entries)
                {
                    json.WriteStartObject();
                    json.WriteString("kind", entry.Provided.Kind.Name);
                    json.WriteString("name", entry.Provided.Name);
                    json.WriteString("title", entry.Provided.Title);
                    json.WriteString("plugin", entry.Plugin.Name);
                    json.WriteStartArray("buses");
                    foreach (string bus in entry.Provided.Buses)
                    {
                        json.WriteStringValue(bus);
                    }

                    json.WriteEndArray();
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            });
            return ExitCodes.Success;
        }

        Table table = Tables.New("KIND", "NAME", "WHAT IT IS");
        foreach (CatalogEntry entry in entries)
        {
            table.AddRow(Tables.Cells(entry.Provided.Kind.Name, entry.Provided.Name, entry.Provided.Title));
        }

        Tables.Write(table);
        return ExitCodes.Success;
    }

    /// <summary>The options of whatever has a name among some kinds.</summary>
    public static int Help(PluginCatalog catalog, IReadOnlyList<ExtensionKind> kinds, string command, string name,
        bool isJson)
    {
        CatalogEntry[] found = [.. kinds.Select(k => catalog.Find(k, name)).OfType<CatalogEntry>()];
        if (found.Length == 0)
        {
            string[] known = [.. kinds.SelectMany(catalog.List).Select(e => e.Provided.Name).Distinct()];
            ExtensionKind kind =
                kinds.FirstOrDefault(k => catalog.Explain(k, name, Place.Of("hv")).Code != Codes.UnknownName)
                ?? kinds[0];
            Diagnostic why = catalog.Explain(kind, name, Place.Of(command));
            return Failure.Report(
                [why.Code == Codes.UnknownName
                    ? why with { Problem = $"nothing is named '{name}'", Remedy = Suggestion.Remedy(name, known) }
                        : why],
                isJson);
        }

        foreach (CatalogEntry entry in found)
        {
            OptionSchema schema = ExtensionSchemas.Of(catalog, entry.Provided.Kind, name);
            IReadOnlyList<string> points = PointsOf(catalog, entry);
            if (isJson)
            {
                WriteJson(entry, schema, points);
            }
            else
            {
                WriteText(entry, schema, points);
            }
        }

        return ExitCodes.Success;
    }

    private static void WriteText(CatalogEntry entry, OptionSchema schema, IReadOnlyList<string> points)
    {
        Console.Out.WriteLine(
            $"{entry.Provided.Name} ({entry.Provided.Kind}, plugin {entry.Plugin.Name} {entry.Plugin.Manifest!.Version})");
        Console.Out.WriteLine($"  {entry.Provided.Title}");
        if (entry.Provided.Buses.Count > 0)
        {
            Console.Out.WriteLine($"  Fits on: {string.Join(", ", entry.Provided.Buses)}");
        }

        if (points.Count > 0)
        {
            Console.Out.WriteLine($"  Breaks: {string.Join(", ", points)}");
        }

        if (schema.Options.Count == 0)
        {
            Console.Out.WriteLine("  It has no options.");
        }
        else
        {
            WriteOptions("OPTION", schema);
        }

        if (entry.Provided.Kind == ExtensionKind.Fault)
        {
            WriteOptions("WHEN", FaultWhen.Schema);
        }
    }

    /// <summary>Where a fault can be put.</summary>
    private static IReadOnlyList<string> PointsOf(PluginCatalog catalog, CatalogEntry entry) =>
        entry.Provided.Kind != ExtensionKind.Fault
        ? [] : catalog.Ask(entry.Provided.Kind, entry.Provided.Name,
            (object fault) => FaultPoints.Of(fault.GetType().Assembly.GetTypes()));

    private static void WriteOptions(string heading, OptionSchema schema)
    {
        Console.Out.WriteLine();
        Table table = Tables.New($"  {heading}", "TYPE", "DEFAULT", "WHAT IT DOES");
        foreach (OptionInfo option in schema.Options)
        {
            table.AddRow(Tables.Cells($"  {option.Name}", TypeOf(option), option.IsRequired
                ? "(required)" : option.Default ?? "", option.Summary));
        }

        Tables.Write(table);
    }

    private static string TypeOf(OptionInfo option)
    {
        string type = option.Type switch
        {
            OptionType.Choice => string.Join('|', option.Choices),
            OptionType.Flag => "on|off",
            _ => option.Type.ToString().ToLowerInvariant(),
        };
        bool isBounded = option.Type is OptionType.Number or OptionType.Size or OptionType.Duration
            && (option.Minimum > 0 || option.Maximum < ulong.MaxValue);
        return isBounded
            ? string.Create(CultureInfo.InvariantCulture, $"{type} {option.Minimum}–{option.Maximum}") : type;
    }

    private static void WriteJson(CatalogEntry entry, OptionSchema schema, IReadOnlyList<string> points) =>
        JsonOutput.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("kind", entry.Provided.Kind.Name);
        json.WriteString("name", entry.Provided.Name);
        json.WriteString("title", entry.Provided.Title);
        json.WriteString("plugin", entry.Plugin.Name);
        json.WriteString("version", entry.Plugin.Manifest!.Version);
        WriteOptions(json, "options", schema);
        if (entry.Provided.Kind == ExtensionKind.Fault)
        {
            json.WriteStartArray("breaks");
            foreach (string point in points)
            {
                json.WriteStringValue(point);
            }

            json.WriteEndArray();
            WriteOptions(json, "when", FaultWhen.Schema);
        }

        json.WriteEndObject();
    });

    private static void WriteOptions(Utf8JsonWriter json, string key, OptionSchema schema)
    {
        json.WriteStartArray(key);
        foreach (OptionInfo option in schema.Options)
        {
            json.WriteStartObject();
            json.WriteString("name", option.Name);
            json.WriteString("type", option.Type.ToString().ToLowerInvariant());
            json.WriteString("default", option.Default);
            json.WriteBoolean("required", option.IsRequired);
            json.WriteString("summary", option.Summary);
            if (option.Type is OptionType.Number or OptionType.Size or OptionType.Duration)
            {
                json.WriteNumber("minimum", option.Minimum);
                json.WriteNumber("maximum", option.Maximum);
            }

            if (option.Choices.Count > 0)
            {
                json.WriteStartArray("choices");
                foreach (string choice in option.Choices)
                {
                    json.WriteStringValue(choice);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
