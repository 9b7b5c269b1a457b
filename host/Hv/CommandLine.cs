using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Hv.Commands;
using Hv.Commands.Plugins;
using Hv.Diagnostics;
using Hv.Supervision;

namespace Hv;

/// <summary>Puts the commands together, and turns what the parser does not understand into mistakes with a
/// remedy.</summary>
internal static class CommandLine
{
    /// <summary>Parses and runs.</summary>
    public static int Run(string[] args, SupervisedProcess? supervised)
    {
        // What follows "--" goes to the guest and is not ours to parse.
        int rest = Array.IndexOf(args, "--");
        string[] ours = rest < 0 ? args : args[..rest];
        string[] guest = rest < 0 ? [] : args[(rest + 1)..];

        var global = new GlobalOptions();
        RootCommand root = Root(global, guest, supervised);
        ParseResult parsed = root.Parse(ours);
        if (parsed.Action is not (null or ParseErrorAction) && parsed.Action != parsed.CommandResult.Command.Action)
        {
            // Help, the version, completions: they ask nothing of the rest.
            return parsed.Invoke();
        }

        var bag = new DiagnosticBag();
        CheckUnmatched(parsed, bag);
        if (guest.Length > 0 && parsed.CommandResult.Command.Name != "run")
        {
            bag.Error(Codes.BadUsage, Place.Of("--"), "only hv run takes arguments after '--'",
                "they go to the kernel's command line");
        }

        return bag.HasErrors
            ? Failure.Report(bag.Items, parsed.GetValue(global.Json))
            : parsed.Invoke(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
    }

    private static RootCommand Root(GlobalOptions global, string[] guestArguments, SupervisedProcess? supervised)
    {
        var root = new RootCommand(
            "Runs virtual machines on plugins: CPUs, boards, devices, disks and screens are all exchangeable.");
        root.Options.OfType<VersionOption>().Single().Action = new VersionAction();
        root.Options.Add(global.Json);
        root.Options.Add(global.Plugins);
        root.Options.Add(global.WithPlugin);
        root.Subcommands.Add(RunCommand.Create(global, guestArguments, supervised));
        root.Subcommands.Add(PluginCommand.Create(global));
        root.Subcommands.Add(DeviceCommand.Create(global));
        root.Subcommands.Add(FaultCommand.Create(global));
        root.Subcommands.Add(DoctorCommand.Create(global));
        root.Subcommands.Add(SchemaCommand.Create());
        root.Subcommands.Add(CompletionCommand.Create());
        return root;
    }

    private static void CheckUnmatched(ParseResult parsed, DiagnosticBag bag)
    {
        // The parser takes an unknown flag for an argument where there is room for one, and its value for one too many.
        string[] flags =
        [
            .. parsed.CommandResult.Tokens.Select(t => t.Value).Concat(parsed.UnmatchedTokens).Where(
                t => t.StartsWith('-')),
        ];
        foreach (string token in flags.Length > 0 ? flags : parsed.UnmatchedTokens)
        {
            AddUnknown(parsed, token, bag);
        }

        foreach (ParseError error in bag.HasErrors ? [] : parsed.Errors)
        {
            string usage = parsed.CommandResult.Command is RootCommand
                ? "hv --help"
                : $"hv {PathOf(parsed.CommandResult)} --help";
            bag.Error(Codes.BadUsage, Place.Of("hv"), error.Message.TrimEnd('.'), $"see {usage}");
        }
    }

    private static void AddUnknown(ParseResult parsed, string token, DiagnosticBag bag)
    {
        string name = token.Split('=', 2)[0];
        Command command = parsed.CommandResult.Command;
        if (name.StartsWith('-'))
        {
            string[] known = [.. FlagsOf(parsed.CommandResult)];
            bag.Error(Codes.BadUsage, Place.Of(name), "there is no such flag",
                Suggestion.Closest(name, known) is { } near
                    ? $"did you mean '{near}'?"
                    : $"see hv {PathOf(parsed.CommandResult)} --help");
            return;
        }

        string[] commands = [.. command.Subcommands.Select(c => c.Name)];
        bag.Error(Codes.BadUsage, Place.Of(token), commands.Length > 0
            ? "there is no such command" : "one argument too many",
            commands.Length > 0 ? Suggestion.Remedy(token, commands) : $"see hv {PathOf(parsed.CommandResult)} --help");
    }

    private static IEnumerable<string> FlagsOf(CommandResult? result)
    {
        for (; result is not null; result = result.Parent as CommandResult)
        {
            foreach (Option option in result.Command.Options)
            {
                yield return option.Name;
            }
        }
    }

    private static string PathOf(CommandResult result)
    {
        var names = new List<string>();
        for (CommandResult? r = result; r is { Command: not RootCommand }; r = r.Parent as CommandResult)
        {
            names.Insert(0, r.Command.Name);
        }

        return string.Join(' ', names);
    }

    private sealed class VersionAction : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"hv {Installation.Version}");
            return ExitCodes.Success;
        }
    }
}
