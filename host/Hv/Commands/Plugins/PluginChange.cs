using Hv.Diagnostics;
using Hv.PluginHost;

namespace Hv.Commands.Plugins;

/// <summary>What commands that change the list of plugins have in common.</summary>
internal static class PluginChange
{
    /// <summary>Opens the list for changes.</summary>
    /// <exception cref="DiagnosticException">It has mistakes, which would be lost or made worse.</exception>
    public static PluginListFile OpenList(string path)
    {
        var bag = new DiagnosticBag();
        if (File.Exists(path))
        {
            _ = PluginList.Read(path, bag);
        }

        return bag.HasErrors ? throw new DiagnosticException(bag.Items) : PluginListFile.Open(path);
    }

    /// <summary>Says what was done.</summary>
    public static void Report(string done, InstalledPlugin plugin, string? details, bool isJson)
    {
        if (!isJson)
        {
            Console.Out.WriteLine($"{done} {plugin.Name} {plugin.Manifest?.Version}{(details is null ? "" : $": {details}")}");
            return;
        }

        JsonOutput.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("done", done);
            json.WriteString("id", plugin.Name);
            json.WriteString("version", plugin.Manifest?.Version);
            json.WriteString("folder", plugin.Folder);
            json.WriteEndObject();
        });
    }
}
