using Hv.Diagnostics;

namespace Hv.Guests;

/// <summary>Which build of the distribution's kernel.</summary>
public enum KernelFlavour : byte
{
    /// <summary>For virtual machines: few drivers, boots fast. Debian's <c>linux-image-cloud-amd64</c>, Ubuntu's
    /// <c>linux-image-virtual</c>.</summary>
    Cloud,
    /// <summary>For any machine: Debian's <c>linux-image-amd64</c>, Ubuntu's <c>linux-image-generic</c>.</summary>
    Generic,
}

/// <summary>Guests that are made from the distribution's packages, and kept: what was made once is there at once and
/// offline. Any thread and any number of processes.</summary>
public sealed class GuestCatalog
{
    /// <summary>Moves when what is kept of a package changes.</summary>
    private const string Recipe = "hv-guest 1";

    private readonly string cacheDirectory;
    private readonly IGuestProgress progress;
    private readonly string osRelease;
    private readonly PreparedDirectory prepared;

    /// <summary>A catalog that keeps its guests below a cache directory.</summary>
    /// <param name="cacheDirectory">Made when it is not there.</param>
    /// <param name="progress">Hears how it goes on.</param>
    /// <param name="osRelease">Which distribution this is (os-release(5)): it decides which kernel is the first choice.</param>
    public GuestCatalog(string cacheDirectory, IGuestProgress progress, string osRelease = "/etc/os-release")
    {
        this.osRelease = osRelease;
        this.cacheDirectory = cacheDirectory;
        this.progress = progress;
        prepared = new PreparedDirectory(Path.Combine(cacheDirectory, "guests"));
    }

    /// <summary>A stock kernel.</summary>
    /// <exception cref="DiagnosticException">It cannot be fetched; says what to do.</exception>
    public GuestKernel Kernel(KernelFlavour flavour)
    {
        string name = flavour == KernelFlavour.Cloud ? "kernel-cloud" : "kernel-generic";
        return new GuestKernel(prepared.Get(name, Recipe, directory => FetchKernel(flavour, directory)));
    }

    /// <summary>A statically linked busybox.</summary>
    /// <exception cref="DiagnosticException">It cannot be fetched; says what to do.</exception>
    public Busybox Busybox() => new(prepared.Get("busybox", Recipe, FetchBusybox));

    /// <summary>The kernel and the initramfs of <c>hv run linux</c>.</summary>
    /// <exception cref="DiagnosticException">They cannot be fetched; says what to do.</exception>
    public LinuxGuest Linux()
    {
        GuestKernel kernel = Kernel(KernelFlavour.Cloud);
        string directory = prepared.Get("linux", $"{Recipe} {InitramfsBuilder.Recipe} {kernel.Version}", to =>
        {
            Busybox busybox = Busybox();
            progress.Begin("building the root");
            var builder = new InitramfsBuilder(busybox);
            builder.AddKernelModules(kernel, InitramfsBuilder.UsualModules);
            using FileStream file = File.Create(Path.Combine(to, "initrd"));
            builder.Write(file, isCompressed: false);
            return $"{kernel.Version} and busybox";
        });
        return new LinuxGuest(kernel.Image, Path.Combine(directory, "initrd"), kernel.Version);
    }

    private AptArchive OpenArchive() => new(Path.Combine(cacheDirectory, "apt"), progress);

    private string FetchKernel(KernelFlavour flavour, string directory)
    {
        progress.Begin("looking for a kernel");
        AptArchive archive = OpenArchive();
        bool isCloud = flavour == KernelFlavour.Cloud;
        bool isUbuntu = IsUbuntu(osRelease);
        AptPackage newest = (isCloud, isUbuntu) switch
        {
            (true, true) => archive.Find("linux-image-virtual", "linux-image-cloud-amd64"),
            (true, false) => archive.Find("linux-image-cloud-amd64", "linux-image-virtual"),
            (false, true) => archive.Find("linux-image-generic", "linux-image-amd64"),
            (false, false) => archive.Find("linux-image-amd64", "linux-image-generic"),
        };

        // These packages are empty: the kernel that is current is what they depend on.
        string imageName = newest.Depends.FirstOrDefault(d => d.StartsWith("linux-image-", StringComparison.Ordinal))
            ?? throw Bad($"{newest.Name} {newest.Version} names no kernel");
        AptPackage image = archive.Find(imageName);
        AptPackage[] modules =
            [.. image.Depends.Where(d => d.StartsWith("linux-modules-", StringComparison.Ordinal)).Select(
                d => archive.Find(d))];
        string unpacked = Path.Combine(directory, "unpacked");
        Directory.CreateDirectory(unpacked);
        archive.Unpack([image, .. modules], unpacked);

        string kernel = Directory.EnumerateFiles(Path.Combine(unpacked, "boot"), "vmlinuz-*").FirstOrDefault()
            ?? throw Bad($"{image.Name} holds no boot/vmlinuz");
        File.Move(kernel, Path.Combine(directory, "vmlinuz"));
        string modulesRoot = new[] { "lib/modules", "usr/lib/modules" }.Select(
            p => Path.Combine(unpacked, p)).FirstOrDefault(Directory.Exists)
            ?? throw Bad($"{image.Name} holds no modules");
        Directory.Move(modulesRoot, Path.Combine(directory, "modules"));
        Directory.Delete(unpacked, recursive: true);
        return $"{image.Name} {image.Version}";
    }

    private string FetchBusybox(string directory)
    {
        AptArchive archive = OpenArchive();
        AptPackage package = archive.Find("busybox-static");
        string unpacked = Path.Combine(directory, "unpacked");
        Directory.CreateDirectory(unpacked);
        archive.Unpack([package], unpacked);
        string program = new[] { "bin/busybox", "usr/bin/busybox" }.Select(
            p => Path.Combine(unpacked, p)).FirstOrDefault(File.Exists)
            ?? throw Bad($"{package.Name} holds no busybox");
        File.Move(program, Path.Combine(directory, Guests.Busybox.ProgramFile));
        Directory.Delete(unpacked, recursive: true);
        return $"{package.Name} {package.Version}";
    }

    // Ubuntu, and what is made from it.
    private static bool IsUbuntu(string osRelease) => File.Exists(osRelease)
        && File.ReadLines(osRelease).Select(l => l.Split('=', 2)).Any(f => f is ["ID" or "ID_LIKE", var names]
            && names.Trim('"', '\'').Split(' ').Contains("ubuntu"));

    private static DiagnosticException Bad(string problem) =>
        new(new Diagnostic(Codes.BadPackage, Place.Of("apt"), problem,
            "pass a kernel of your own: hv run --kernel F --initrd F"));
}
