using System.CommandLine;
using Hv.Diagnostics;
using Hv.PluginHost;

namespace Hv.Commands.Plugins;

/// <summary><c>hv plugin check</c>.</summary>
internal static class PluginCheckCommand
{
    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var command = new Command("check", "Loads every plugin and makes one of each thing that it provides.");
        command.SetAction(parsed => Run(global.OpenCatalog(parsed), parsed.GetValue(global.Json)));
        return command;
    }

    private static int Run(PluginCatalog catalog, bool isJson)
    {
        Dictionary<InstalledPlugin, IReadOnlyList<Diagnostic>> found =
            catalog.Plugins.Where(p => p.IsEnabled).ToDictionary(p => p, catalog.Check);
        Diagnostic[] problems = [.. catalog.ListProblems, .. found.Values.SelectMany(f => f)];
        if (isJson)
        {
            PluginListing.WriteJson(catalog, p => found.GetValueOrDefault(p, []));
            return problems.Length == 0 ? ExitCodes.Success : ExitCodes.HostFailure;
        }

        Console.Out.WriteLine($"{found.Count} plugins, {found.Count(f => f.Value.Count > 0)} with problems");
        return problems.Length == 0 ? ExitCodes.Success : Failure.Report(problems, isJson);
    }
}
