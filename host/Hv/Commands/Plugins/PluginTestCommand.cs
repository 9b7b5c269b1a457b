using System.CommandLine;
using System.Text.Json;
using Hv.Diagnostics;
using Hv.PluginHost;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin test</c>: the conformance suites on a built plugin, without its sources.</summary>
internal static class PluginTestCommand
{
    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global)
    {
        Argument<string> plugin = PluginTarget.Argument(global);
        var name = new Option<string?>("--name") { Description = "only what the plugin provides under this name", HelpName = "NAME" };
        var check = new Option<string[]>("--check") { Description = "only this check", HelpName = "CHECK" };
        var set = new Option<string[]>("--set")
        {
            Description = "an option of what is tested, as in --device NAME,key=value",
            HelpName = "KEY=VALUE",
        };
        var image = new Option<string[]>("--image") { Description = "an image to try a disk format on", HelpName = "F" };
        var seed = new Option<int?>("--seed") { Description = "repeat a failure: only this seed", HelpName = "N" };
        var thorough = new Option<bool>("--thorough") { Description = "ten times the seeds", Arity = ArgumentArity.Zero };
        var command = new Command("test", "Tries a built plugin against what its kind must do.")
        {
            plugin, name, check, set, image, seed, thorough,
        };
        command.SetAction(parsed =>
        {
            using var target = PluginTarget.Open(global, parsed, parsed.GetRequiredValue(plugin));
            bool isJson = parsed.GetValue(global.Json);
            IReadOnlyList<Diagnostic> problems = PluginInspection.Problems(target.Catalog, target.Plugin);
            if (problems.Count > 0)
            {
                return Failure.Report(problems, isJson);
            }

            var trial = new ConformanceTrial
            {
                Catalog = target.Catalog,
                Options = new ConformanceOptions
                {
                    Effort = parsed.GetValue(thorough) ? ConformanceOptions.Thorough.Effort : 1,
                    Seed = parsed.GetValue(seed),
                },
                Only = parsed.GetValue(check) is { Length: > 0 } only ? only : null,
                Settings = Settings(parsed.GetValue(set) ?? []),
                Images = parsed.GetValue(image) ?? [],
            };
            return Run(trial, Chosen(target.Plugin, parsed.GetValue(name)), isJson);
        });
        return command;
    }

    private static int Run(ConformanceTrial trial, IReadOnlyList<ProvidedName> chosen, bool isJson)
    {
        var reports = new List<ConformanceReport>();
        foreach (ProvidedName provided in chosen)
        {
            ConformanceReport[] found = [.. trial.Run(provided)];
            reports.AddRange(found);
            if (!isJson)
            {
                string none = $"{provided.Kind} {provided.Name}\n  there is no suite for this kind: nothing was tried";
                Console.Out.WriteLine(found.Length == 0 ? none : string.Join('\n', found.Select(r => r.ToString())));
            }
        }

        if (isJson)
        {
            JsonOutput.Write(json => Write(json, reports));
        }

        // Nothing tried is nothing shown.
        return reports.Exists(r => !r.IsConforming) ? ExitCodes.Failure
            : reports.Exists(r => r.Count(CheckOutcome.Passed) > 0) ? ExitCodes.Success : ExitCodes.Inconclusive;
    }

    private static ProvidedName[] Chosen(InstalledPlugin plugin, string? name)
    {
        ProvidedName[] chosen = [.. plugin.Manifest!.Provides.Where(p => name is null || p.Name == name)];
        return chosen.Length > 0 ? chosen : throw new DiagnosticException(new Diagnostic(
            Codes.UnknownName, Place.Of("--name"), $"plugin '{plugin.Name}' provides nothing named '{name}'",
            Suggestion.Remedy(name!, [.. plugin.Manifest.Provides.Select(p => p.Name)])));
    }

    private static Dictionary<string, string> Settings(string[] texts)
    {
        var settings = new Dictionary<string, string>();
        foreach (string text in texts)
        {
            string[] parts = text.Split('=', 2);
            settings[parts[0]] = parts.Length == 2 ? parts[1] : "on";
        }

        return settings;
    }

    private static void Write(Utf8JsonWriter json, List<ConformanceReport> reports)
    {
        json.WriteStartArray();
        foreach (ConformanceReport report in reports)
        {
            json.WriteStartObject();
            json.WriteString("suite", report.Suite);
            json.WriteString("subject", report.Subject);
            json.WriteNumber("passed", report.Count(CheckOutcome.Passed));
            json.WriteNumber("failed", report.Count(CheckOutcome.Failed));
            json.WriteNumber("notApplicable", report.Count(CheckOutcome.NotApplicable));
            json.WriteStartArray("checks");
            foreach (CheckResult result in report.Results)
            {
                json.WriteStartObject();
                json.WriteString("name", result.Check.Name);
                json.WriteString("meaning", result.Check.Meaning);
                json.WriteString("outcome", JsonNamingPolicy.KebabCaseLower.ConvertName(result.Outcome.ToString()));
                json.WriteString("evidence", result.Evidence);
                if (result.Seed is { } seed)
                {
                    json.WriteNumber("seed", seed);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
