namespace Hv.Architecture.Tests;

/// <summary>sdk ← plugins, sdk ← host; the host never names a plugin.</summary>
public sealed class LayerTests
{
    private static IEnumerable<string> Violations(Project project)
    {
        foreach (string reference in project.References)
        {
            bool allowed = project.Layer switch
            {
                "sdk" => reference.StartsWith("sdk/", StringComparison.Ordinal),
                "plugins" => reference.StartsWith("sdk/", StringComparison.Ordinal)
                    || reference.StartsWith(project.Family + "/", StringComparison.Ordinal),
                "host" => reference.StartsWith("sdk/", StringComparison.Ordinal)
                    || reference.StartsWith("host/", StringComparison.Ordinal),
                _ => true,
            };
            if (!allowed) yield return $"{project.Path} references {reference}";
        }
    }

    [Fact]
    public void Projects_ReferenceOnlyWhatTheirLayerMay() => Assert.Empty(SourceTree.Projects().SelectMany(Violations));

    [Theory]
    [InlineData("sdk/Hv.Sdk.Pci/Hv.Sdk.Pci.csproj", "../../host/Hv.Vmm/Hv.Vmm.csproj")]
    [InlineData("plugins/serial/Hv.Serial.X/Hv.Serial.X.csproj", "../../storage/Hv.Storage.Y/Hv.Storage.Y.csproj")]
    [InlineData("plugins/engines/x86/Hv.X86.A/Hv.X86.A.csproj", "../../kvm/Hv.Kvm/Hv.Kvm.csproj")]
    [InlineData("plugins/serial/Hv.Serial.X/Hv.Serial.X.csproj", "../../../host/Hv.Vmm/Hv.Vmm.csproj")]
    [InlineData("host/Hv/Hv.csproj", "../../plugins/serial/Hv.Serial.X/Hv.Serial.X.csproj")]
    public void Rule_OnAForbiddenReference_NamesIt(string path, string include)
    {
        Project broken = SourceTree.Parse(
            path, $"<Project><ItemGroup><ProjectReference Include=\"{include}\" /></ItemGroup></Project>");
        Assert.Single(Violations(broken));
    }

    [Fact]
    public void HostSources_NameNoPlugin()
    {
        string[] plugins = [.. SourceTree.Files("plugin.json", "plugins").Select(
            f => Path.GetFileName(Path.GetDirectoryName(f)!))];
        Assert.NotEmpty(plugins);
        Assert.Empty(SourceTree.Files("*.cs", "host").Concat(SourceTree.Files("*.csproj", "host"))
            .SelectMany(f => NamedPlugins(File.ReadAllText(f), plugins).Select(
                p => $"{SourceTree.Relative(f)} names {p}")));
    }

    private static IEnumerable<string> NamedPlugins(string source, string[] plugins) =>
        plugins.Where(p => source.Contains(p, StringComparison.Ordinal));

    [Fact]
    public void Rule_OnAHostSourceThatNamesAPlugin_FindsIt() =>
        Assert.Equal(["Hv.Serial.Uart16550"],
            NamedPlugins("using Hv.Serial.Uart16550;", ["Hv.Serial.Uart16550", "Hv.Boards.Pc"]));

    [Fact]
    public void Sdk_ReferencesOnlyTheFramework() => Assert.All(typeof(Sdk.IDevice).Assembly.GetReferencedAssemblies(),
        a => Assert.StartsWith("System.", a.Name, StringComparison.Ordinal));
}
