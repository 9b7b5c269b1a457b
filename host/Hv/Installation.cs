using System.Reflection;
using Hv.PluginHost;

namespace Hv;

/// <summary>Where things are: the installation beside the executable, and the user's directories by the XDG base
/// directory specification 0.8.</summary>
internal static class Installation
{
    /// <summary>The version of Hv.</summary>
    public static string Version { get; } =
        typeof(Installation).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?
            .InformationalVersion.Split('+')[0] ?? "?";

    /// <summary>The list of plugins when no other is given.</summary>
    public static string PluginList => Path.Combine(AppContext.BaseDirectory, PluginHost.PluginList.FileName);

    /// <summary>The templates of <c>hv plugin new</c>.</summary>
    public static string TemplateDirectory => Path.Combine(AppContext.BaseDirectory, "templates");

    /// <summary>The packages that plugins are written with; not in every installation.</summary>
    public static string PackageDirectory => Path.Combine(AppContext.BaseDirectory, "packages");

    /// <summary>What the user has installed: plugins, and the list of them.</summary>
    public static string DataDirectory => Xdg("XDG_DATA_HOME", Path.Combine(".local", "share"));

    /// <summary>The user's own list of plugins, which is read after <see cref="PluginList"/>.</summary>
    public static string UserPluginList => Path.Combine(DataDirectory, PluginHost.PluginList.FileName);

    /// <summary>What can be made again: kernels and roots of guests.</summary>
    public static string CacheDirectory => Xdg("XDG_CACHE_HOME", ".cache");

    /// <summary>What is worth keeping between runs: logs.</summary>
    public static string StateDirectory => Xdg("XDG_STATE_HOME", Path.Combine(".local", "state"));

    /// <summary>Sockets of running VMs. Where the system gives the user no such directory, one below the state's:
    /// unlike /tmp it is the user's alone.</summary>
    public static string RuntimeDirectory =>
        Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } root && Path.IsPathRooted(root)
            ? Path.Combine(root, "hv")
            : Path.Combine(StateDirectory, "run");

    private static string Xdg(string variable, string fallback)
    {
        // The specification: relative paths in these variables are to be ignored.
        string? root = Environment.GetEnvironmentVariable(variable);
        return Path.Combine(
            Path.IsPathRooted(root)
                ? root : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), fallback),
            "hv");
    }
}
