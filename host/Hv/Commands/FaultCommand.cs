using System.CommandLine;
using System.CommandLine.Completions;
using Hv.PluginHost;

namespace Hv.Commands;

/// <summary><c>hv fault</c>: what can be broken.</summary>
internal static class FaultCommand
{
    private static readonly ExtensionKind[] Kinds = [ExtensionKind.Fault];

    /// <summary>The command with its own commands.</summary>
    public static Command Create(GlobalOptions global)
    {
        var list = new Command("list", "Lists the faults that --fault takes; loads no plugin.");
        list.SetAction(parsed => ExtensionPages.List(global.OpenCatalog(parsed), Kinds, parsed.GetValue(global.Json)));

        var name = new Argument<string>("NAME") { Description = "a name of hv fault list" };
        name.CompletionSources.Add(context => global.OpenCatalog(context.ParseResult).List(ExtensionKind.Fault)
            .Select(e => new CompletionItem(e.Provided.Name)));
        var help = new Command("help",
            "Shows where a fault can be put, its options, and the words that say when it strikes.") { name };
        help.SetAction(parsed => ExtensionPages.Help(
            global.OpenCatalog(parsed), Kinds, "hv fault help", parsed.GetRequiredValue(name),
                parsed.GetValue(global.Json)));
        return new Command("fault", "Looks at faults that can be injected.") { list, help };
    }
}
