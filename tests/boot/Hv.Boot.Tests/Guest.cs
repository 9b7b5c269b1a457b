using Hv.Guests;

namespace Hv.Boot.Tests;

/// <summary>Real guests, got in the way that <c>hv run linux</c> gets them, and kept in the same cache.</summary>
internal static class Guest
{
    private static readonly Lock Gate = new();

    public static string CacheDirectory { get; } = FindCacheDirectory();

    public static GuestCatalog Catalog { get; } = new(CacheDirectory, NoProgress.Instance);

    private static string FindCacheDirectory()
    {
        string? xdg = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        string root = string.IsNullOrEmpty(xdg)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache") : xdg;
        return Path.Combine(root, "hv");
    }

    /// <summary>Arguments that boot a kernel with a root that runs a script and powers off.</summary>
    /// <param name="folder">Where the initramfs goes.</param>
    /// <param name="flavour">Which kernel.</param>
    /// <param name="script">Lines for the guest's shell.</param>
    /// <param name="append">More words for the kernel's command line.</param>
    public static string[] Script(string folder, KernelFlavour flavour, string script, string append = "")
    {
        lock (Gate)
        {
            GuestKernel kernel = Catalog.Kernel(flavour);
            InitramfsBuilder builder = new(Catalog.Busybox());
            builder.AddKernelModules(kernel, InitramfsBuilder.UsualModules);
            builder.RunScript("#!/bin/sh\n" + script);
            string initrd = Path.Combine(folder, Guid.NewGuid().ToString("n") + ".cpio");
            using (FileStream file = File.Create(initrd)) builder.Write(file, isCompressed: false);
            return ["run", "--kernel", kernel.Image, "--initrd", initrd, "--append",
                $"console=ttyS0 panic=-1 {append}".Trim()];
        }
    }
}
