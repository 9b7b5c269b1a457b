using System.Reflection;
using Hv.PluginHost;

namespace Hv.Testing;

/// <summary>Finds the plugins that come with Hv.</summary>
internal static class TestInstallation
{
    /// <summary>Assembly metadata that the package's build files write: the output of each plugin that is
    /// referenced.</summary>
    public const string PluginKey = "HvPlugin";

    private const string InstallationKey = "HvInstallation";
    private const string Variable = "HV_INSTALLATION";

    /// <summary>The folder with <c>plugins.json</c> and <c>plugins/</c>.</summary>
    /// <exception cref="VmTestException">There is none.</exception>
    public static string Find(string? given)
    {
        string?[] places = [given, Environment.GetEnvironmentVariable(Variable), .. OfLoadedAssemblies()];
        return places.FirstOrDefault(p => p is not null && File.Exists(Path.Combine(p, PluginList.FileName)))
            ?? throw new VmTestException(
                $"no installation of Hv was found{string.Concat(places.OfType<string>().Select(p => $", not at {p}"))}: "
                + $"set VmSetup.Installation, or the environment variable {Variable}, "
                + $"to the folder that holds {PluginList.FileName}");
    }

    // The package's build files say in the test's assembly where they stand.
    private static IEnumerable<string?> OfLoadedAssemblies() => AppDomain.CurrentDomain.GetAssemblies()
        .SelectMany(a => a.GetCustomAttributes<AssemblyMetadataAttribute>())
        .Where(a => a.Key == InstallationKey).Select(a => a.Value);
}
