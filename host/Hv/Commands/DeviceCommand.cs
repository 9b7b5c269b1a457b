using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using Hv.Configuration;
using Hv.Diagnostics;
using Hv.PluginHost;
using Hv.Sdk;
using Spectre.Console;

namespace Hv.Commands;

/// <summary><c>hv device</c>: what can be put into a machine, devices and all else that has a name.</summary>
internal static class DeviceCommand
{
    /// <summary>The command with its own commands.</summary>
    public static Command Create(GlobalOptions global)
    {
        var list = new Command(
            "list", "Lists devices, and boards, engines, backends and the rest by kind; loads no plugin.");
        list.SetAction(parsed => List(global.OpenCatalog(parsed), parsed.GetValue(global.Json)));

        var name = new Argument<string>("NAME") { Description = "a name of hv device list" };
        name.CompletionSources.Add(context => ExtensionKind.All
            .SelectMany(global.OpenCatalog(context.ParseResult).List)
            .Select(e => new CompletionItem(e.Provided.Name)));
        var help = new Command("help", "Shows the options of a device, board, engine, backend…") { name };
        help.SetAction(parsed =>
            Help(global.OpenCatalog(parsed), parsed.GetRequiredValue(name), parsed.GetValue(global.Json)));
        return new Command("device", "Looks at what machines are made of.") { list, help };
    }

    private static int List(PluginCatalog catalog, bool isJson)
    {
        IEnumerable<CatalogEntry> entries = ExtensionKind.All.SelectMany(catalog.List);
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

    private static int Help(PluginCatalog catalog, string name, bool isJson)
    {
        CatalogEntry[] found = [.. ExtensionKind.All.Select(k => catalog.Find(k, name)).OfType<CatalogEntry>()];
        if (found.Length == 0)
        {
            string[] known = [.. ExtensionKind.All.SelectMany(catalog.List).Select(e => e.Provided.Name).Distinct()];
            ExtensionKind kind = ExtensionKind.All.FirstOrDefault(
                k => catalog.Explain(k, name, Place.Of("hv")).Code != Codes.UnknownName)
                ?? ExtensionKind.Device;
            Diagnostic why = catalog.Explain(kind, name, Place.Of("hv device help"));
            return Failure.Report(
                [why.Code == Codes.UnknownName
                    ? why with { Problem = $"nothing is named '{name}'", Remedy = Suggestion.Remedy(name, known) }
                        : why],
                isJson);
        }

        foreach (CatalogEntry entry in found)
        {
            OptionSchema schema = ExtensionSchemas.Of(catalog, entry.Provided.Kind, name);
            if (isJson)
            {
                WriteJson(entry, schema);
            }
            else
            {
                WriteText(entry, schema);
            }
        }

        return ExitCodes.Success;
    }

    private static void WriteText(CatalogEntry entry, OptionSchema schema)
    {
        Console.Out.WriteLine($"{entry.Provided.Name} ({entry.Provided.Kind}, plugin {entry.Plugin.Name} {entry.Plugin.Manifest!.Version})");
        Console.Out.WriteLine($"  {entry.Provided.Title}");
        if (entry.Provided.Buses.Count > 0)
        {
            Console.Out.WriteLine($"  Fits on: {string.Join(", ", entry.Provided.Buses)}");
        }

        if (schema.Options.Count == 0)
        {
            Console.Out.WriteLine("  It has no options.");
            return;
        }

        Console.Out.WriteLine();
        Table table = Tables.New("  OPTION", "TYPE", "DEFAULT", "WHAT IT DOES");
        foreach (OptionInfo option in schema.Options)
        {
            table.AddRow(Tables.Cells(
                $"  {option.Name}", TypeOf(option), option.IsRequired ? "(required)" : option.Default ?? "",
                    option.Summary));
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
        return isBounded ? string.Create(CultureInfo.InvariantCulture, $"{type} {option.Minimum}–{option.Maximum}")
            : type;
    }

    private static void WriteJson(CatalogEntry entry, OptionSchema schema) => JsonOutput.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("kind", entry.Provided.Kind.Name);
        json.WriteString("name", entry.Provided.Name);
        json.WriteString("title", entry.Provided.Title);
        json.WriteString("plugin", entry.Plugin.Name);
        json.WriteString("version", entry.Plugin.Manifest!.Version);
        json.WriteStartArray("options");
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
        json.WriteEndObject();
    });
}
