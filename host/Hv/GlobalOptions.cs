using System.CommandLine;
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
        Description = "the list of plugins, instead of plugins.json beside hv",
        HelpName = "F",
        Recursive = true,
    };

    /// <summary>Opens the list that was asked for.</summary>
    public PluginCatalog OpenCatalog(ParseResult parsed) =>
        PluginCatalog.Open(parsed.GetValue(Plugins) ?? Installation.PluginList);
}
