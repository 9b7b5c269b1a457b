using System.IO.Compression;
using Hv.Diagnostics;

namespace Hv.Guests.Tests;

/// <summary>Modules bring what they need, in the order in which it is loaded.</summary>
public sealed class ModuleDependencies : IDisposable
{
    private readonly ModuleFixture fixture = new();

    public ModuleDependencies()
    {
        fixture.Add("kernel/ring.ko", "name=ring|depends=");
        fixture.Add("kernel/bus-core.ko", "name=bus_core|depends=ring");
        fixture.Add("kernel/disk.ko", "name=disk|depends=bus-core,ring|softdep=pre: sum|alias=bus:d2v*");
        fixture.Add("kernel/sum.ko", "name=sum|depends=");
        fixture.Add("kernel/other.ko", "name=other|depends=");
    }

    public void Dispose() => fixture.Dispose();

    [Fact]
    public void WithDependencies_PutsWhatIsNeededFirstAndLeavesTheRestOut()
    {
        IReadOnlyList<KernelModule> modules =
            new KernelModules(fixture.Root).WithDependencies(["disk", "bus-core", "absent"]);

        Assert.Equal(["sum", "ring", "bus_core", "disk"], modules.Select(m => m.Name));
    }

    [Fact]
    public void DependencyList_NamesTheNearestFirst()
    {
        string list = KernelModules.DependencyList(new KernelModules(fixture.Root).WithDependencies(["disk"]));

        Assert.Contains("kernel/disk.ko: kernel/bus-core.ko kernel/ring.ko\n", list);
        Assert.Contains("kernel/ring.ko:\n", list);
    }

    [Fact]
    public void AliasList_LeadsToTheModule() =>
        Assert.Equal("alias bus:d2v* disk\n",
            KernelModules.AliasList(new KernelModules(fixture.Root).WithDependencies(["disk"])));

    [Fact]
    public void Read_CompressedModules_AreUnpackedUnderTheirPlainName()
    {
        fixture.Add("kernel/packed.ko.gz", "name=packed|depends=zipped", Gzip);
        fixture.Add("kernel/zipped.ko.zst", "name=zipped|depends=", b => [.. new ZstdSharp.Compressor().Wrap(b)]);

        IReadOnlyList<KernelModule> modules = new KernelModules(fixture.Root).WithDependencies(["packed"]);

        Assert.Equal(["kernel/zipped.ko", "kernel/packed.ko"], modules.Select(m => m.RelativePath));
    }

    [Fact]
    public void Read_SoftDependenciesInACircle_EndsAnyway()
    {
        fixture.Add("kernel/left.ko", "name=left|depends=|softdep=pre: right");
        fixture.Add("kernel/right.ko", "name=right|depends=|softdep=pre: left");

        IReadOnlyList<KernelModule> modules = new KernelModules(fixture.Root).WithDependencies(["left"]);

        Assert.Equal(["right", "left"], modules.Select(m => m.Name));
        Assert.Equal("kernel/right.ko:\nkernel/left.ko:\n", KernelModules.DependencyList(modules));
    }

    [Fact]
    public void Read_NoModule_IsNamed()
    {
        File.WriteAllText(Path.Combine(fixture.Root, "text.ko"), "this is text");

        DiagnosticException e =
            Assert.Throws<DiagnosticException>(() => new KernelModules(fixture.Root).WithDependencies(["text"]));

        Assert.Equal(Codes.BadPackage, e.Diagnostics[0].Code);
        Assert.EndsWith("text.ko", e.Diagnostics[0].Place.Source);
    }

    [Fact]
    public void Has_BuiltInModules_AreThere()
    {
        File.WriteAllText(Path.Combine(fixture.Root, "modules.builtin"), "kernel/fs/ext4/ext4.ko\n");
        var modules = new KernelModules(fixture.Root);

        Assert.True(modules.Has("ext4"));
        Assert.True(modules.Has("bus_core"));
        Assert.False(modules.Has("absent"));
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}
