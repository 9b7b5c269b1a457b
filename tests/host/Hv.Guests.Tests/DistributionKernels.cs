using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Hv.Guests.Tests;

/// <summary>The kernel of the distribution that this is, by the real apt from an archive of our own: packages that are
/// named and depend on each other as those of Ubuntu 24.04 and Debian 12 do.</summary>
public sealed class DistributionKernels : IDisposable
{
    private const string Ubuntu = "6.8.0-45-generic", Debian = "6.1.0-40-cloud-amd64", DebianGeneric = "6.1.0-40-amd64";

    private readonly string root = Directory.CreateTempSubdirectory("hv-archive-").FullName;
    private readonly StringBuilder index = new();

    public DistributionKernels()
    {
        Directory.CreateDirectory(At("archive"));
        Package("linux-image-virtual", "6.8.0-45.45", $"linux-image-{Ubuntu}");
        Package("linux-image-generic", "6.8.0-45.45", $"linux-image-{Ubuntu}");
        Package($"linux-image-{Ubuntu}", "6.8.0-45.45",
            $"kmod, linux-base (>= 4.5ubuntu1~16.04.1), linux-modules-{Ubuntu}", $"boot/vmlinuz-{Ubuntu}");
        // Packages for the same kernel whose names begin alike, and an older one.
        Package($"linux-modules-{Ubuntu}", "6.8.0-45.45", "", $"lib/modules/{Ubuntu}/modules.order");
        Package($"linux-modules-extra-{Ubuntu}", "6.8.0-45.45", "", $"lib/modules/{Ubuntu}/extra");
        Package("linux-image-6.8.0-31-generic", "6.8.0-31.31", "linux-modules-6.8.0-31-generic", "boot/vmlinuz-6.8.0-31-generic");
        Package("linux-image-cloud-amd64", "6.1.153-1", $"linux-image-{Debian} (= 6.1.153-1)");
        Package("linux-image-amd64", "6.1.153-1", $"linux-image-{DebianGeneric} (= 6.1.153-1)");
        foreach (string version in (string[])[Debian, DebianGeneric])
        {
            Package($"linux-image-{version}", "6.1.153-1", "kmod, linux-base (>= 4.3~)", $"boot/vmlinuz-{version}",
                $"lib/modules/{version}/modules.order");
        }
        File.WriteAllText(At("archive/Packages"), index.ToString());
        File.WriteAllText(At("sources.list"), $"deb [trusted=yes] copy:{At("archive")} ./\n");
        File.WriteAllText(At("status"), "");
        // What apt takes for the machine's own lists are none.
        File.WriteAllText(At("apt.conf"), $$"""
            Dir::Etc::SourceList "{{At("sources.list")}}";
            Dir::Etc::SourceParts "-";
            Dir::State "{{At("state")}}";
            Dir::State::status "{{At("status")}}";
            Dir::Cache "{{At("cache-of-apt")}}";
            APT::Architecture "amd64";
            """);
        Directory.CreateDirectory(At("state/lists/partial"));
        Directory.CreateDirectory(At("cache-of-apt/archives/partial"));
        Environment.SetEnvironmentVariable("APT_CONFIG", At("apt.conf"));
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("APT_CONFIG", null);
        Directory.Delete(root, recursive: true);
    }

    private string At(string path) => Path.Combine(root, path);

    private void Package(string name, string version, string depends, params string[] files)
    {
        string tree = At("tree-" + name);
        string control = $"Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n"
            + (depends.Length > 0 ? $"Depends: {depends}\n" : "") + "Description: a package of a test\n";
        Directory.CreateDirectory(Path.Combine(tree, "DEBIAN"));
        File.WriteAllText(Path.Combine(tree, "DEBIAN/control"), control);
        foreach (string file in files)
        {
            string path = Path.Combine(tree, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, $"{name} {version}");
        }
        string deb = At($"archive/{name}.deb");
        using Process build = Process.Start(new ProcessStartInfo("dpkg-deb", ["--root-owner-group", "-Znone", "-b", tree, deb])
        {
            RedirectStandardOutput = true,
        })!;
        build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        Assert.Equal(0, build.ExitCode);
        byte[] bytes = File.ReadAllBytes(deb);
        index.Append(control).Append(CultureInfo.InvariantCulture, $"Filename: ./{name}.deb\nSize: {bytes.Length}\n")
            .Append(CultureInfo.InvariantCulture, $"SHA256: {Convert.ToHexStringLower(SHA256.HashData(bytes))}\n\n");
    }

    [Theory]
    [InlineData("PRETTY_NAME=\"Ubuntu 24.04 LTS\"\nID=ubuntu\nID_LIKE=debian\n", KernelFlavour.Cloud, Ubuntu)]
    [InlineData("PRETTY_NAME=\"Ubuntu 24.04 LTS\"\nID=ubuntu\nID_LIKE=debian\n", KernelFlavour.Generic, Ubuntu)]
    [InlineData("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", KernelFlavour.Cloud, Ubuntu)]
    [InlineData("ID=debian\nVERSION_ID=\"12\"\nHOME_URL=\"not ubuntu\"\n", KernelFlavour.Cloud, Debian)]
    [InlineData("ID=debian\n", KernelFlavour.Generic, DebianGeneric)]
    public void Kernel_IsTheDistributionsNewest(string osRelease, KernelFlavour flavour, string version)
    {
        File.WriteAllText(At("os-release"), osRelease);

        GuestKernel kernel = new GuestCatalog(At("cache"), NoProgress.Instance, At("os-release")).Kernel(flavour);

        Assert.Equal(version, kernel.Version);
        Assert.StartsWith($"linux-image-{version} ", File.ReadAllText(kernel.Image), StringComparison.Ordinal);
    }

    [Fact]
    public void Kernel_OfAnUbuntuWithoutItsOwn_IsTheOtherDistributions()
    {
        File.WriteAllText(At("os-release"), "ID=ubuntu\n");
        string lists = File.ReadAllText(At("archive/Packages"));
        File.WriteAllText(At("archive/Packages"), lists.Replace("Package: linux-image-virtual", "Package: linux-image-other", StringComparison.Ordinal));

        GuestKernel kernel = new GuestCatalog(At("cache"), NoProgress.Instance, At("os-release")).Kernel(KernelFlavour.Cloud);

        Assert.Equal(Debian, kernel.Version);
    }
}
