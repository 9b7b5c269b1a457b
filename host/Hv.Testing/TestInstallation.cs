using Hv.PluginHost;

namespace Hv.Testing;

/// <summary>Finds the plugins that come with Hv.</summary>
internal static class TestInstallation
{
    private const string Variable = "HV_INSTALLATION";

    /// <summary>The folder with <c>plugins.json</c> and <c>plugins/</c>.</summary>
    /// <exception cref="VmTestException">There is none.</exception>
    public static string Find(string? given)
    {
        string?[] places = [given, Environment.GetEnvironmentVariable(Variable),
            Path.Combine(AppContext.BaseDirectory, "hv")];
        return places.FirstOrDefault(p => p is not null && File.Exists(Path.Combine(p, PluginList.FileName)))
            ?? throw new VmTestException(
                $"no installation of Hv is at {string.Join(" or ", places.OfType<string>().Distinct())}: "
                + $"set VmSetup.Installation, or the environment variable {Variable}, to the folder that holds {PluginList.FileName}");
    }
}
