using System.Globalization;
using System.Runtime.InteropServices;
using Hv.Diagnostics;

namespace Hv.Guests;

/// <summary>A package with its version.</summary>
/// <param name="Name">The package.</param>
/// <param name="Version">Its version.</param>
/// <param name="Depends">What its Depends field names, alternatives and versions left out.</param>
public sealed record AptPackage(string Name, string Version, IReadOnlyList<string> Depends);

/// <summary>The distribution's packages, for an ordinary user: looked up and downloaded by apt, unpacked by dpkg-deb,
/// never installed. The machine's own package lists are used while they serve; where there are none, or they name files
/// that the archive has no more, lists are fetched into a state directory of our own.</summary>
public sealed class AptArchive
{
    private const string Architecture = "amd64";

    private readonly string stateDirectory;
    private readonly IGuestProgress progress;
    private bool usesOwnLists;

    /// <summary>An archive that keeps lists of its own below <paramref name="stateDirectory"/>.</summary>
    /// <exception cref="DiagnosticException">This machine has no apt.</exception>
    public AptArchive(string stateDirectory, IGuestProgress progress)
    {
        this.stateDirectory = stateDirectory;
        this.progress = progress;
        string[] missing = [.. new[] { "apt-get", "apt-cache", "dpkg-deb" }.Where(tool => !ExternalTool.Exists(tool))];
        if (missing.Length > 0)
        {
            throw new DiagnosticException(new Diagnostic(Codes.NoApt, Place.Of("hv run linux"),
                $"this machine has no {string.Join(", ", missing)}, so hv cannot fetch a kernel",
                "pass your own: hv run --kernel VMLINUZ --initrd INITRD --append console=ttyS0 (any bzImage and any initramfs)"));
        }

        // Another processor's machine does not list our packages.
        usesOwnLists = RuntimeInformation.OSArchitecture != System.Runtime.InteropServices.Architecture.X64;
        if (usesOwnLists)
        {
            Update();
        }
    }

    /// <summary>The newest version of the first of these packages that there is.</summary>
    /// <exception cref="DiagnosticException">There is none of them.</exception>
    public AptPackage Find(params ReadOnlySpan<string> names)
    {
        foreach (bool isRetry in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (string name in names)
            {
                if (TryFind(name) is { } package)
                {
                    return package;
                }
            }

            if (!isRetry && !usesOwnLists)
            {
                Update();
            }
        }

        throw new DiagnosticException(new Diagnostic(Codes.FetchFailed, Place.Of("apt-cache"),
            $"the archive has no {string.Join(" or ", names.ToArray())}",
                "see that /etc/apt lists an archive of your distribution"));
    }

    /// <summary>Downloads and unpacks packages into a directory.</summary>
    /// <exception cref="DiagnosticException">A download or an unpacking failed.</exception>
    public void Unpack(IReadOnlyList<AptPackage> packages, string directory)
    {
        string downloads = Path.Combine(directory, ".packages");
        Directory.CreateDirectory(downloads);
        foreach (AptPackage package in packages)
        {
            progress.Begin($"fetching {package.Name} {package.Version}");
            Download(package, downloads);
        }

        foreach (string file in Directory.EnumerateFiles(downloads, "*.deb"))
        {
            progress.Begin($"unpacking {Path.GetFileName(file).Split('_')[0]}");
            ExternalTool.Run("dpkg-deb", ["-x", file, directory]);
        }

        Directory.Delete(downloads, recursive: true);
    }

    private void Download(AptPackage package, string directory)
    {
        string[] arguments = ["download", "-q", $"{package.Name}={package.Version}"];
        if (!usesOwnLists && ExternalTool.TryRun(
            "apt-get", [.. Options(), .. arguments], directory, ReportProgress).Code == 0)
        {
            return;
        }

        if (!usesOwnLists)
        {
            // The machine's lists are stale: the archive has replaced that version. Ours name the one that replaced it.
            Update();
            progress.Begin($"fetching {package.Name}");
            arguments = ["download", "-q", package.Name];
        }

        ExternalTool.Run("apt-get", [.. Options(), .. arguments], directory, ReportProgress);
    }

    private AptPackage? TryFind(string name)
    {
        (int code, string output, _) =
            ExternalTool.TryRun("apt-cache", [.. Options(), "show", "--no-all-versions", name]);
        if (code != 0 || Field(output, "Version") is not { } version)
        {
            return null;
        }

        string[] depends = [.. (Field(output, "Depends") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(d => d.Split('|', '(')[0].Trim())];
        return new AptPackage(Field(output, "Package") ?? name, version, depends);
    }

    private void Update()
    {
        usesOwnLists = true;
        progress.Begin("fetching package lists");
        Directory.CreateDirectory(Path.Combine(stateDirectory, "lists", "partial"));
        Directory.CreateDirectory(Path.Combine(stateDirectory, "cache", "archives", "partial"));
        ExternalTool.Run("apt-get", [.. Options(), "update", "-q"], onLine: ReportProgress);
    }

    private string[] Options()
    {
        // Status-Fd: progress as lines "dlstatus:N:percent:what". Sandbox: root's cache directory is closed to the user
        // _apt.
        string[] common = ["-o", "APT::Status-Fd=1", "-o", "APT::Sandbox::User=root"];
        return !usesOwnLists ? common :
        [
            .. common,
            "-o", $"Dir::State={stateDirectory}",
            "-o", $"Dir::State::lists={Path.Combine(stateDirectory, "lists")}",
            "-o", $"Dir::Cache={Path.Combine(stateDirectory, "cache")}",
            "-o", $"APT::Architecture={Architecture}",
            "-o", $"APT::Architectures={Architecture}",
            "-o", "Acquire::Languages=none",
        ];
    }

    private void ReportProgress(string line)
    {
        string[] parts = line.Split(':');
        if (parts is ["dlstatus", _, var percent, ..]
            && double.TryParse(percent, NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
        {
            progress.Advance(value / 100);
        }
    }

    private static string? Field(string control, string name)
    {
        string start = $"{name}: ";
        return control.Split('\n').FirstOrDefault(l => l.StartsWith(start, StringComparison.Ordinal))?[start.Length..];
    }
}
