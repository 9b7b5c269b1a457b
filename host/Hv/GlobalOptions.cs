using System.CommandLine;
using Hv.Diagnostics;
using Hv.PluginHost;

namespace Hv;

/// <summary>Flags of every command.</summary>
internal sealed class GlobalOptions
{
    /// <summary>Output for programs.</summary>
    public Option<bool> Json { get; } = new("--json")
    {
        Description = "write JSON for programs instead of text for people",
        Recursive = true,
        Arity = ArgumentArity.Zero,
    };

    /// <summary>Another list of plugins.</summary>
    public Option<string?> Plugins { get; } = new("--plugins")
    {
        Description = "the list of plugins, instead of the installation's and your own",
        HelpName = "F",
        Recursive = true,
    };

    /// <summary>Plugins that are not installed.</summary>
    public Option<string[]> WithPlugin { get; } = new("--with-plugin")
    {
        Description = "use the plugin in this folder too, in place of an installed one of its id",
        HelpName = "FOLDER",
        Recursive = true,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    /// <summary>Opens the lists that were asked for.</summary>
    public PluginCatalog OpenCatalog(ParseResult parsed)
    {
        IEnumerable<string> lists = parsed.GetValue(Plugins) is { } only
            ? [only]
            : ((string[])[Installation.PluginList, Installation.UserPluginList]).Where(
                l => l == Installation.PluginList || File.Exists(l));
        return PluginCatalog.Open(
            lists, (parsed.GetValue(WithPlugin) ?? []).Select(f => (f, Place.Of(WithPlugin.Name))));
    }

    /// <summary>The list that commands change: the one that was named, else the user's own.</summary>
    public string EditableList(ParseResult parsed) => parsed.GetValue(Plugins) ?? Installation.UserPluginList;
}
