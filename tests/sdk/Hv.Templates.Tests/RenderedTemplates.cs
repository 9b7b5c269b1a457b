using System.Xml.Linq;

namespace Hv.Templates.Tests;

/// <summary>What can be seen of templates without building them.</summary>
public sealed class RenderedTemplates : IDisposable
{
    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData("device")]
    [InlineData("pci-device")]
    [InlineData("virtio-device")]
    [InlineData("disk")]
    [InlineData("net")]
    [InlineData("frontend")]
    [InlineData("fault")]
    public void PluginNew_LeavesNothingOfTheTemplate(string kind)
    {
        place.Run(0, Workplace.Hv, "plugin", "new", kind, "Acme.FrameGrabber");

        string root = Path.Combine(place.Root, "Acme.FrameGrabber");
        string[] files = Directory.GetFiles(root, "*", SearchOption.AllDirectories);
        Assert.Contains(Path.Combine(root, "src/Acme.FrameGrabber/FrameGrabberPlugin.cs"), files);
        Assert.Contains(Path.Combine(root, "tests/Acme.FrameGrabber.Tests/Acme.FrameGrabber.Tests.csproj"), files);
        Assert.Contains(Path.Combine(root, ".vscode/launch.json"), files);
        Assert.All(files, file =>
        {
            string text = file + File.ReadAllText(file);
            Assert.DoesNotContain("TheModel", text);
            Assert.DoesNotContain("AcmeModel", text);
            Assert.DoesNotContain("the-model", text);
            Assert.DoesNotContain("the-hv", text);
            Assert.DoesNotContain("the-flags", text);
            Assert.DoesNotContain(".csproj_", text);
        });
    }

    [Fact]
    public void PluginNew_IntoAFolderThatIsNotEmpty_IsRefused()
    {
        Directory.CreateDirectory(Path.Combine(place.Root, "Gpio"));
        File.WriteAllText(Path.Combine(place.Root, "Gpio/notes.txt"), "mine");

        Assert.Contains("not empty", place.Run(2, Workplace.Hv, "plugin", "new", "device", "Gpio"));
        Assert.Single(Directory.EnumerateFileSystemEntries(Path.Combine(place.Root, "Gpio")));
    }

    [Fact]
    public void Templates_AskForTheSdkOfThisTree() => Assert.Equal(
        Property(Path.Combine(Workplace.SdkSources, "Directory.Build.props"), "Version"),
        Property(Path.Combine(Workplace.SdkSources, "Hv.Templates/common/Directory.Build.props"), "HvSdkVersion"));

    private static string Property(string file, string name) => XDocument.Load(file).Descendants(name).Single().Value;
}
