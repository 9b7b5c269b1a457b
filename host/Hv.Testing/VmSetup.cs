using System.Reflection;
using Hv.Configuration;
using Hv.Diagnostics;
using Hv.Guests;

namespace Hv.Testing;

/// <summary>What a VM of a test is made of: the keys of a VM definition, as <c>hv run</c> takes them, and the plugins
/// under test. One thread; a setup can be started any number of times.</summary>
public sealed class VmSetup
{
    private readonly List<(DefinitionKey Key, string Value)> settings = [];
    private readonly List<string> plugins = [];

    /// <summary>An installation of Hv: the folder that holds <c>plugins.json</c>. Null looks at the environment
    /// variable
    /// <c>HV_INSTALLATION</c>, then beside the test's assemblies.</summary>
    public string? Installation { get; set; }

    /// <summary>How long the host may take until something that a test waits for happens. It fails tests that would
    /// hang; it is no measure of speed.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>Folders of plugins beyond those of the installation.</summary>
    internal IReadOnlyList<string> Plugins => plugins;

    /// <summary>Sets a key, or adds to one that can be given several times: everything that <c>hv run --help</c>
    /// lists.</summary>
    /// <exception cref="ArgumentException">There is no such key.</exception>
    public VmSetup With(string key, string value)
    {
        DefinitionKey found = DefinitionKeys.Find(key) ?? throw new ArgumentException(
            $"there is no key '{key}': {Suggestion.Remedy(key, [.. DefinitionKeys.All.Select(k => k.Name)])}",
                nameof(key));
        settings.Add((found, value));
        return this;
    }

    /// <summary>A device, as <c>--device</c> takes it: <c>NAME[,key=value…]</c>.</summary>
    public VmSetup WithDevice(string device) => With("device", device);

    /// <summary>A disk, as <c>--disk</c> takes it: <c>FILE[,key=value…]</c>.</summary>
    public VmSetup WithDisk(string disk) => With("disk", disk);

    /// <summary>A plugin under test: the folder with its <c>plugin.json</c>, usually its build output.</summary>
    public VmSetup WithPlugin(string folder)
    {
        plugins.Add(Path.GetFullPath(folder));
        return this;
    }

    /// <summary>The plugins whose projects a test project references.</summary>
    /// <typeparam name="TTest">Any class of the test project.</typeparam>
    /// <exception cref="VmTestException">It references none.</exception>
    public VmSetup WithPluginsOf<TTest>()
    {
        string[] folders = [.. typeof(TTest).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Where(a => a.Key == TestInstallation.PluginKey).Select(a => a.Value!)];
        if (folders.Length == 0)
        {
            throw new VmTestException($"the project of {typeof(TTest)} references no project with a plugin.json in its output");
        }

        foreach (string folder in folders)
        {
            WithPlugin(folder);
        }

        return this;
    }

    /// <summary>Plugins can be replaced under the running guest (<see cref="Vm.Reload"/>).</summary>
    public VmSetup Reloadable() => With("reloadable", "on");

    /// <summary>Virtual time counts instructions: the same setup with the same seed gives the same run, bit for
    /// bit.</summary>
    public VmSetup Deterministic(ulong seed) =>
        With("time", "deterministic").With("seed", seed.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>A stock Linux kernel with a small root and a shell on the serial line; both are fetched when they are
    /// used first.</summary>
    /// <param name="root">Adds to the root: programs, modules, a script instead of the shell.</param>
    /// <param name="modules">Modules of that kernel beyond the usual ones; they are loaded at the start.</param>
    public VmSetup WithLinux(Action<InitramfsBuilder>? root = null, params IReadOnlyList<string> modules)
    {
        GuestCatalog guests = new(TestGuests.CacheDirectory, NoProgress.Instance);
        if (root is null && modules.Count == 0)
        {
            LinuxGuest linux = guests.Linux();
            return With("kernel", linux.Kernel).With("initrd", linux.Initrd).With("append", LinuxGuest.CommandLine);
        }

        GuestKernel kernel = guests.Kernel(KernelFlavour.Cloud);
        InitramfsBuilder builder = new(guests.Busybox());
        builder.AddKernelModules(kernel, [.. InitramfsBuilder.UsualModules, .. modules]);
        root?.Invoke(builder);
        string initrd = TestGuests.Write(builder);
        return With("kernel", kernel.Image).With("initrd", initrd).With("append", LinuxGuest.CommandLine);
    }

    /// <summary>Goes on from a VM that was saved.</summary>
    public VmSetup RestoredFrom(string file) => With("restore", file);

    internal DefinitionSettings ToDefinition()
    {
        DefinitionSettings definition = new();
        foreach ((DefinitionKey key, string value) in settings)
        {
            definition.AddFlag(key, value);
        }

        return definition;
    }
}
