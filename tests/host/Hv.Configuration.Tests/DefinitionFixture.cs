using Hv.Diagnostics;
using Hv.Fixtures;

namespace Hv.Configuration.Tests;

/// <summary>An installation with a board, a disk and a device with options, and a directory for definitions.</summary>
public sealed class DefinitionFixture : IDisposable
{
    private const string Source = """
        #pragma warning disable HVX005
        using Hv.Sdk;
        using Hv.Sdk.Boards;
        using Hv.Sdk.Faults;

        [Fault("glitch")]
        public sealed class Glitch : IFaultFactory
        {
            public OptionSchema Options { get; } = new(new OptionInfo[]
            {
                new() { Name = "depth", Type = OptionType.Number, Summary = "how deep", Maximum = 8 },
            });
            public IFault Create(OptionValues options) => throw new System.NotSupportedException();
        }

        [Board("microvm")]
        public sealed class Microvm : IBoard
        {
            public OptionSchema Options => OptionSchema.Empty;
            public void Build(IBoardBuilder builder, OptionValues options) { }
        }

        [Device("virtio-blk")]
        public sealed class Disk : IDeviceFactory
        {
            public OptionSchema Options { get; } = new(new OptionInfo[]
            {
                new() { Name = "queues", Type = OptionType.Number, Summary = "queues", Maximum = 8 },
                new() { Name = "serial", Type = OptionType.Text, Summary = "what --disk sets by itself" },
            });
            public IDevice Create(OptionValues options) => throw new System.NotSupportedException();
        }

        [Device("debug-exit")]
        public sealed class Exit : IDeviceFactory
        {
            public OptionSchema Options => OptionSchema.Empty;
            public IDevice Create(OptionValues options) => throw new System.NotSupportedException();
        }

        [Device("uart")]
        public sealed class Uart : IDeviceFactory
        {
            public OptionSchema Options { get; } = new(new OptionInfo[]
            {
                new() { Name = "label", Type = OptionType.Text, Summary = "a label" },
                new() { Name = "fifo", Type = OptionType.Flag, Summary = "has a FIFO", Default = "on" },
                new() { Name = "depth", Type = OptionType.Number, Summary = "its depth", Minimum = 1, Maximum = 64, Default = "16" },
                new() { Name = "mode", Type = OptionType.Choice, Summary = "its mode", Choices = new[] { "fast", "slow" } },
                new() { Name = "log", Type = OptionType.Path, Summary = "where to log" },
            });
            public IDevice Create(OptionValues options) => throw new System.NotSupportedException();
        }
        """;

    private readonly FixtureInstallation installation = new();

    public DefinitionFixture()
    {
        installation.Add("Parts", Source);
        installation.WriteManifestText("Parts", """
            {
              "id": "parts", "version": "1.0", "sdk": ">=1.0 <2.0", "assembly": "Parts.dll",
              "provides": [
                { "kind": "board", "name": "microvm", "title": "x" },
                { "kind": "fault", "name": "glitch", "title": "x" },
                { "kind": "device", "name": "virtio-blk", "title": "x" },
                { "kind": "device", "name": "debug-exit", "title": "x" },
                { "kind": "device", "name": "uart", "title": "x" }
              ]
            }
            """);
        File("vmlinuz", "kernel");
    }

    /// <summary>Where definitions and their files are.</summary>
    public string Root => installation.Root;

    /// <summary>Sets the text of plugins.json.</summary>
    public void List(string json) => installation.List(json);

    /// <summary>Writes a file; gives its path.</summary>
    public string File(string name, string text)
    {
        string path = Path.Combine(Root, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Reads a definition with flags (<c>memory=1G</c>) over it.</summary>
    public (VmDefinition? Definition, IReadOnlyList<Diagnostic> Mistakes) Read(string? json, params string[] flags)
    {
        var bag = new DiagnosticBag();
        var settings = new DefinitionSettings();
        if (json is not null)
        {
            settings.ReadFile(File("vm.json", json), bag);
        }

        foreach (string flag in flags)
        {
            string[] parts = flag.Split('=', 2);
            settings.AddFlag(DefinitionKeys.Find(parts[0])!, parts[1]);
        }

        return (DefinitionReader.Read(installation.Open(), settings, bag), bag.Items);
    }

    /// <summary>Reads a definition that must be right.</summary>
    public VmDefinition ReadRight(string? json, params string[] flags)
    {
        (VmDefinition? definition, IReadOnlyList<Diagnostic> mistakes) = Read(json, flags);
        Assert.Empty(mistakes);
        return definition!;
    }

    public void Dispose() => installation.Dispose();
}
