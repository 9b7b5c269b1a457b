using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using Hv.Configuration;
using Hv.Diagnostics;
using Hv.Guests;
using Hv.PluginHost;
using Hv.Supervision;

namespace Hv.Commands;

/// <summary><c>hv run</c>: one VM in the foreground.</summary>
internal static class RunCommand
{
    private const string LinuxGuestName = "linux";

    /// <summary>The command; <paramref name="guestArguments"/> are what followed <c>--</c>.</summary>
    public static Command Create(GlobalOptions global, string[] guestArguments, SupervisedProcess? supervised)
    {
        var vm = new Argument<string?>("VM")
        {
            HelpName = "VM.json or linux",
            Description = "a VM definition, or 'linux' for a stock Linux kernel with a small root",
            Arity = ArgumentArity.ZeroOrOne,
        };
        vm.CompletionSources.Add(_ => [new CompletionItem(LinuxGuestName)]);
        var stats = new Option<bool>("--stats")
        {
            Description = "say at the end what the machine's parts counted",
            Arity = ArgumentArity.Zero,
        };
        Dictionary<DefinitionKey, Option> flags = DefinitionKeys.All.ToDictionary(k => k, k => FlagOf(k, global));

        var command = new Command("run", "Runs one VM in the foreground.") { vm };
        foreach (Option flag in flags.Values)
        {
            command.Options.Add(flag);
        }

        command.Options.Add(stats);
        command.Options.Add(new HelpOption { Action = new RunHelpAction() });
        command.SetAction(parsed =>
        {
            bool isJson = parsed.GetValue(global.Json);
            var bag = new DiagnosticBag();
            string? target = parsed.GetValue(vm);
            PluginCatalog catalog = global.OpenCatalog(parsed);
            DefinitionSettings settings = ReadSettings(parsed, target, flags, bag);
            if (target == LinuxGuestName)
            {
                AddLinux(settings);
            }

            settings.AppendToCommandLine(guestArguments);
            VmDefinition? definition = DefinitionReader.Read(catalog, settings, bag);
            bag.AddRange(catalog.ListProblems);
            return definition is null || bag.HasErrors
                ? Failure.Report(bag.Items, isJson)
                : new MachineSession(catalog, definition, supervised, parsed.GetValue(stats), isJson).Run();
        });
        return command;
    }

    private static DefinitionSettings ReadSettings(
        ParseResult parsed, string? target, Dictionary<DefinitionKey, Option> flags, DiagnosticBag bag)
    {
        var settings = new DefinitionSettings();
        if (target is not (null or LinuxGuestName))
        {
            settings.ReadFile(target, bag);
        }

        foreach ((DefinitionKey key, Option flag) in flags)
        {
            if (flag is Option<bool> option)
            {
                if (parsed.GetValue(option))
                {
                    settings.AddFlag(key, "on");
                }

                continue;
            }

            foreach (string text in parsed.GetValue((Option<string[]>)flag) ?? [])
            {
                settings.AddFlag(key, text);
            }
        }

        return settings;
    }

    /// <summary>A kernel and a root for whoever has none; flags still win.</summary>
    private static void AddLinux(DefinitionSettings settings)
    {
        LinuxGuest guest = FetchProgress.Show(
            progress => new GuestCatalog(Installation.CacheDirectory, progress).Linux());
        settings.AddDefault(DefinitionKeys.Find("kernel")!, guest.Kernel);
        settings.AddDefault(DefinitionKeys.Find("initrd")!, guest.Initrd);
        settings.AddDefault(DefinitionKeys.Find("name")!, LinuxGuestName);

        // A panic of the guest's kernel ends the run (code 3), instead of a halted guest that nobody sees.
        settings.AddFlag(DefinitionKeys.Find("device")!, "pvpanic");

        // The kernel hands words that it does not know to the first process as environment.
        string window = Console.IsInputRedirected || Console.IsOutputRedirected
            ? ""
            : $" TERM={Environment.GetEnvironmentVariable("TERM") ?? "linux"} COLUMNS={Console.WindowWidth} LINES={Console.WindowHeight}";
        settings.AddDefault(DefinitionKeys.Find("append")!, LinuxGuest.CommandLine + window);
    }

    private static Option FlagOf(DefinitionKey key, GlobalOptions global)
    {
        string summary = key.Value.Default is { } fallback ? $"{key.Value.Summary} [{fallback}]" : key.Value.Summary;
        if (key.IsSwitch)
        {
            return new Option<bool>(key.Flag) { Description = summary, Arity = ArgumentArity.Zero };
        }

        var flag = new Option<string[]>(key.Flag)
        {
            Description = summary,
            HelpName = key.Placeholder,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        };
        flag.CompletionSources.Add(context => Complete(key, global, context));
        return flag;
    }

    private static IEnumerable<CompletionItem> Complete(
        DefinitionKey key, GlobalOptions global, CompletionContext context)
    {
        IEnumerable<string> words = key.BuiltIn.Concat(key.Value.Choices);
        if (key.Names is { } kind)
        {
            words = words.Concat(global.OpenCatalog(context.ParseResult).List(kind).Select(e => e.Provided.Name));
        }

        return words.Where(w => w.StartsWith(context.WordToComplete, StringComparison.Ordinal)).Select(
            w => new CompletionItem(w));
    }
}
