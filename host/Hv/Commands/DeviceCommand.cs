using System.CommandLine;
using System.CommandLine.Completions;
using Hv.PluginHost;

namespace Hv.Commands;

/// <summary><c>hv device</c>: what can be put into a machine, devices and all else that has a name.</summary>
internal static class DeviceCommand
{
    /// <summary>The command with its own commands.</summary>
    public static Command Create(GlobalOptions global)
    {
        var list = new Command("list",
            "Lists devices, and boards, engines, backends and the rest by kind; loads no plugin.");
        list.SetAction(parsed => ExtensionPages.List(global.OpenCatalog(parsed), ExtensionKind.All,
            parsed.GetValue(global.Json)));

        var name = new Argument<string>("NAME") { Description = "a name of hv device list" };
        name.CompletionSources.Add(context => ExtensionKind.All
            .SelectMany(global.OpenCatalog(context.ParseResult).List)
            .Select(e => new CompletionItem(e.Provided.Name)));
        var help = new Command("help", "Shows the options of a device, board, engine, backend…") { name };
        help.SetAction(parsed => ExtensionPages.Help(
            global.OpenCatalog(parsed), ExtensionKind.All, "hv device help", parsed.GetRequiredValue(name),
                parsed.GetValue(global.Json)));
        return new Command("device", "Looks at what machines are made of.") { list, help };
    }
}
