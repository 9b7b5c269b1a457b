using System.Text.Json;
using Hv.Fixtures;

namespace Hv.Templates.Tests;

/// <summary>The way of somebody who has the packages and an installation, and nothing else: each template is made in an
/// empty folder, built with warnings as errors, passes its tests, is installed and runs in a VM.</summary>
[Trait("tier", "nightly")]
[Collection(nameof(PackedSdk))]
public sealed class TemplatesFromPackages(PackedSdk sdk)
{
    private const byte ExitValue = 21;

    [Theory]
    [InlineData("device", "Acme.Gpio", "--device gpio")]
    [InlineData("pci-device", "AlarmClock", "--board pc --device alarm-clock")]
    [InlineData("virtio-device", "Shouter", "--device shouter")]
    [InlineData("disk", "Grid", "--disk grid.img,format=grid,size=1M")]
    [InlineData("net", "Mirror", "--net mirror")]
    [InlineData("frontend", "Ticker", "--display ticker")]
    [InlineData("fault", "WrongBit", "--fault wrong-bit,where=serial0:region:*,optional")]
    public void Template_IsMadeBuiltTestedInstalledAndRun(string kind, string name, string flags)
    {
        Workplace place = sdk.Place;
        place.Run(0, "dotnet", "new", $"hv-{kind}", "-n", name);
        string tests = place.Run(0, "dotnet", "test", $"{name}/{name}.slnx");
        Assert.Contains("Passed!", tests);
        Assert.DoesNotContain("warning", tests);

        string built = $"{name}/src/{name}/bin/Debug/net10.0";
        Assert.False(File.Exists(Path.Combine(place.Root, built, "Hv.Sdk.dll")));
        Assert.Contains("nothing is wrong", place.Run(0, Workplace.Hv, "plugin", "verify", built));
        place.Run(0, Workplace.Hv, "plugin", "pack", built, "-o", $"{name}.nupkg");
        place.Run(0, Workplace.Hv, "plugin", "add", $"{name}.nupkg");
        File.WriteAllBytes(Path.Combine(place.Root, "kernel"), StubKernel.Exit(ExitValue));
        File.WriteAllBytes(Path.Combine(place.Root, "grid.img"), []);
        string written = place.Run((ExitValue << 1) | 1, Workplace.Hv,
            ["run", "--kernel", "kernel", "--exit-port", "0xf4", .. flags.Split(' ')]);
        if (kind == "frontend")
        {
            Assert.Contains(": ended: ", written);
        }
    }

    [Theory]
    [InlineData("device")]
    [InlineData("pci-device")]
    [InlineData("virtio-device")]
    [InlineData("disk")]
    [InlineData("net")]
    [InlineData("frontend")]
    [InlineData("fault")]
    public void PluginNew_MakesWhatDotnetNewMakes(string kind)
    {
        sdk.Place.Run(0, "dotnet", "new", $"hv-{kind}", "-n", "Acme.X86Probe", "-o", $"theirs/{kind}");
        sdk.Place.Run(0, Workplace.Hv, "plugin", "new", kind, "Acme.X86Probe", "-o", $"ours/{kind}");

        Dictionary<string, string> theirs = Files($"theirs/{kind}");
        Dictionary<string, string> ours = Files($"ours/{kind}");
        Assert.Equal(theirs.Keys.Order(), ours.Keys.Order());
        Assert.All(ours, file => Assert.Equal(theirs[file.Key], file.Value.Replace(Workplace.Hv, "hv")));
    }

    private Dictionary<string, string> Files(string folder)
    {
        string root = Path.Combine(sdk.Place.Root, folder);
        return Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("nuget.config"))
            .ToDictionary(f => Path.GetRelativePath(root, f), File.ReadAllText);
    }
}
