using System.IO.Compression;
using System.Reflection;

namespace Hv.Guests;

/// <summary>Builds a small root in memory: busybox, modules, and a first process that loads them and keeps a shell on
/// the console (or runs <c>/hv/run</c> and powers off, where there is one).</summary>
public sealed class InitramfsBuilder
{
    /// <summary>Moves when the same packages would give another root.</summary>
    internal const string Recipe = "root 5";

    private static readonly string[] EmptyDirectories =
        ["dev", "proc", "sys", "tmp", "run", "root", "mnt", "sbin", "usr/bin", "usr/sbin"];

    private readonly SortedDictionary<string, Action<CpioWriter>> entries = new(StringComparer.Ordinal);
    private readonly List<string> motd = [];

    /// <summary>A root around this busybox.</summary>
    public InitramfsBuilder(Busybox busybox)
    {
        ArgumentNullException.ThrowIfNull(busybox);
        foreach (string directory in EmptyDirectories)
        {
            AddDirectory(directory);
        }

        Put("dev/console", writer => writer.AddCharacterDevice("dev/console", 0x180, 5, 1));
        AddFile("bin/busybox", File.ReadAllBytes(busybox.Program), isExecutable: true);
        AddLink("bin/sh", "/bin/busybox");
        foreach (string path in busybox.CommandPaths().Where(p => !p.EndsWith("/busybox", StringComparison.Ordinal)))
        {
            AddLink(path, "/bin/busybox");
        }

        AddOwnFiles();
        motd.Add("A busybox shell, as root. 'poweroff' ends the VM.");
    }

    /// <summary>Drivers that machines of Hv have use for, and ext4.</summary>
    public static IReadOnlyList<string> UsualModules { get; } =
    [
        "button", "evdev", "virtio_pci", "virtio_mmio", "virtio_blk", "virtio_net", "virtio_console", "virtio_rng",
        "virtio_balloon",
        "pvpanic_mmio", "crc32c_generic", "ext4",
    ];

    /// <summary>Modules with what they need; all but those for file systems are loaded at the start, the rest when it
    /// is used.</summary>
    public void AddKernelModules(GuestKernel kernel, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        IReadOnlyList<KernelModule> modules = kernel.Modules.WithDependencies(names);
        string root = $"lib/modules/{kernel.Version}";
        foreach (KernelModule module in modules)
        {
            AddFile($"{root}/{module.RelativePath}", module.Image, isExecutable: false);
        }

        AddText($"{root}/modules.dep", KernelModules.DependencyList(modules));
        AddText($"{root}/modules.alias", KernelModules.AliasList(modules));
        AddText("etc/modules",
            string.Join('\n', modules.Where(m => IsDriver(m.RelativePath)).Select(m => m.Name)) + "\n");
        motd.Insert(0, $"Linux {kernel.Version} on Hv.");
    }

    /// <summary>Adds a file.</summary>
    public void AddFile(string path, byte[] contents, bool isExecutable) =>
        Put(path, writer => writer.AddFile(path, isExecutable ? 0x1EDu : 0x1A4u, contents));

    /// <summary>Adds a text file; scripts (<c>#!</c>) become executable.</summary>
    public void AddText(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Put(path, writer => writer.AddText(
            path, text.StartsWith("#!", StringComparison.Ordinal) ? 0x1EDu : 0x1A4u, text));
    }

    /// <summary>Makes the boot run a shell script and power off, instead of keeping a shell on the console.</summary>
    public void RunScript(string script) => AddText("hv/run", script);

    /// <summary>Writes the archive. Uncompressed boots faster: the guest needs not undo it.</summary>
    public void Write(Stream to, bool isCompressed)
    {
        AddText("etc/motd", string.Join('\n', motd) + "\n\n");
        if (!isCompressed)
        {
            WriteEntries(to);
            return;
        }

        using var gzip = new GZipStream(to, CompressionLevel.Optimal, leaveOpen: true);
        WriteEntries(gzip);
    }

    private static bool IsDriver(string modulePath) =>
        modulePath.StartsWith("kernel/drivers/", StringComparison.Ordinal);

    private void WriteEntries(Stream to)
    {
        // Sorted by path: a directory stands before what is in it.
        var writer = new CpioWriter(to);
        foreach (Action<CpioWriter> write in entries.Values)
        {
            write(writer);
        }

        writer.Finish();
    }

    private void AddOwnFiles()
    {
        const string Prefix = "root/";
        Assembly assembly = typeof(InitramfsBuilder).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(
            n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            AddText(name[Prefix.Length..], reader.ReadToEnd());
        }
    }

    private void AddDirectory(string path) => Put(path, writer => writer.AddDirectory(path, 0x1ED));

    private void AddLink(string path, string target) => Put(path, writer => writer.AddLink(path, target));

    private void Put(string path, Action<CpioWriter> write)
    {
        for (int slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            string parent = path[..slash];
            entries.TryAdd(parent, writer => writer.AddDirectory(parent, 0x1ED));
        }

        entries[path] = write;
    }
}
