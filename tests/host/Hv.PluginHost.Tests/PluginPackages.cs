using System.IO.Compression;
using System.Text;
using Hv.Diagnostics;

namespace Hv.PluginHost.Tests;

/// <summary>Plugins in one file, friendly and hostile.</summary>
public sealed class PluginPackages : IDisposable
{
    private const string Manifest = """
        { "id": "acme.gpio", "version": "1.0.0", "sdk": ">=1.0 <2.0", "assembly": "A.dll", "provides": [] }
        """;

    private readonly string root = Directory.CreateTempSubdirectory("hv-package-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    private string Target => Path.Combine(root, "target");

    private string Zip(params (string Name, string Text)[] entries)
    {
        string path = Path.Combine(root, "p.zip");
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach ((string name, string text) in entries)
        {
            using Stream stream = archive.CreateEntry(name).Open();
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        return path;
    }

    private Diagnostic Refusal(string package)
    {
        Directory.CreateDirectory(Target);
        Diagnostic only = Assert.Single(
            Assert.Throws<DiagnosticException>(() => PluginPackage.Extract(package, Target)).Diagnostics);
        Assert.Equal(Codes.BadPluginPackage, only.Code);
        return only;
    }

    [Fact]
    public void Extract_OfWhatPackMade_GivesTheSameFiles()
    {
        string folder = Path.Combine(root, "plugin");
        Directory.CreateDirectory(Path.Combine(folder, "runtimes/linux-x64"));
        File.WriteAllText(Path.Combine(folder, "plugin.json"), Manifest);
        File.WriteAllBytes(Path.Combine(folder, "runtimes/linux-x64/native.so"), [1, 2, 3]);
        PluginManifest manifest = PluginManifest.Read(Path.Combine(folder, "plugin.json"), new DiagnosticBag())!;
        string package = Path.Combine(root, "p.nupkg");
        using (FileStream file = File.Create(package))
        {
            PluginPackage.Pack(folder, manifest, file);
        }

        PluginPackage.Extract(package, Target);

        Assert.Equal(PluginHash.Of(folder), PluginHash.Of(Target));
    }

    [Fact]
    public void Pack_OfTheSameFiles_GivesTheSameBytes()
    {
        string folder = Path.Combine(root, "plugin");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "plugin.json"), Manifest);
        PluginManifest manifest = PluginManifest.Read(Path.Combine(folder, "plugin.json"), new DiagnosticBag())!;
        var first = new MemoryStream();
        var second = new MemoryStream();

        PluginPackage.Pack(folder, manifest, first);
        File.SetLastWriteTimeUtc(Path.Combine(folder, "plugin.json"), new DateTime(2001, 2, 3, 0, 0, 0, DateTimeKind.Utc));
        PluginPackage.Pack(folder, manifest, second);

        Assert.Equal(first.ToArray(), second.ToArray());
    }

    [Theory]
    [InlineData("../evil.dll")]
    [InlineData("a/../../evil.dll")]
    [InlineData("/tmp/evil.dll")]
    [InlineData("..\\evil.dll")]
    [InlineData("a//b.dll")]
    public void Extract_OfAnEntryThatLeadsOut_IsRefusedAndWritesNothingThere(string name)
    {
        Assert.Contains("leads out", Refusal(Zip(("plugin.json", Manifest), (name, "x"))).Problem);
        Assert.Empty(Directory.EnumerateFiles(root, "evil.dll", SearchOption.AllDirectories));
    }

    [Fact]
    public void Extract_OfALink_IsRefused()
    {
        string package = Zip(("plugin.json", Manifest), ("lib", "/etc"));
        using (ZipArchive archive = ZipFile.Open(package, ZipArchiveMode.Update))
        {
            archive.GetEntry("lib")!.ExternalAttributes = 0xA1FF << 16;
        }

        Assert.Contains("is a link", Refusal(package).Problem);
    }

    [Fact]
    public void Extract_OfMoreThanIsTaken_StopsThere()
    {
        string package = Path.Combine(root, "bomb.zip");
        using (ZipArchive archive = ZipFile.Open(package, ZipArchiveMode.Create))
        {
            using (Stream manifest = archive.CreateEntry("plugin.json").Open())
            {
                manifest.Write(Encoding.UTF8.GetBytes(Manifest));
            }

            using Stream zeroes = archive.CreateEntry("zeroes").Open();
            byte[] piece = new byte[1 << 20];
            for (int i = 0; i < 8; i++)
            {
                zeroes.Write(piece);
            }
        }

        Directory.CreateDirectory(Target);
        var refusal = Assert.Throws<DiagnosticException>(
            () => PluginPackage.Extract(package, Target, mostBytes: 4 << 20));

        Assert.Contains("more than 4 MiB", refusal.Diagnostics[0].Problem);
        Assert.True(new FileInfo(Path.Combine(Target, "zeroes")).Length <= 4 << 20);
    }

    [Fact]
    public void Extract_OfNoZip_SaysSo()
    {
        string path = Path.Combine(root, "p.nupkg");
        File.WriteAllText(path, "PK, or is it");

        Assert.Contains("not a zip", Refusal(path).Problem);
    }

    [Fact]
    public void Extract_OfNoPlugin_SaysSo() =>
        Assert.Contains("no plugin.json", Refusal(Zip(("lib/A.dll", "x"))).Problem);

    [Fact]
    public void Extract_OfTwoPlugins_SaysSo() =>
        Assert.Contains("2 plugins", Refusal(Zip(("a/plugin.json", Manifest), ("b/plugin.json", Manifest))).Problem);

    [Fact]
    public void Extract_OfAZipWithOneFolder_TakesItsContents()
    {
        PluginPackage.Extract(Zip(("gpio/plugin.json", Manifest), ("gpio/A.dll", "x"), ("README", "x")), Target);

        Assert.Equal(["A.dll", "plugin.json"], PluginHash.Files(Target));
    }
}
