using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Hv.Diagnostics;
using Hv.PluginHost;

namespace Hv.Commands;

/// <summary><c>hv doctor</c>: what this host can do, and what to do about the rest.</summary>
internal static class DoctorCommand
{
    private enum Verdict
    {
        Good,
        Missing,
        Bad,
    }

    private sealed record Finding(string Subject, Verdict Verdict, string Detail, string? Remedy);

    /// <summary>The command.</summary>
    public static Command Create(GlobalOptions global)
    {
        var command = new Command("doctor", "Says what this host can do, what it lacks, and what to do about it.");
        command.SetAction(parsed => Run(global.OpenCatalog(parsed), parsed.GetValue(global.Json)));
        return command;
    }

    private static int Run(PluginCatalog catalog, bool isJson)
    {
        Finding[] findings =
        [
            Host(), Kvm(), .. Engines(catalog), Plugins(catalog), SharedMemory(), Apt(),
            Directory("cache directory", Installation.CacheDirectory),
            Directory("state directory", Installation.StateDirectory),
        ];
        if (isJson)
        {
            WriteJson(findings);
        }
        else
        {
            foreach (Finding f in findings)
            {
                string mark = f.Verdict switch { Verdict.Good => "ok", Verdict.Missing => "--", _ => "!!" };
                Console.Out.WriteLine($"{mark,-4}{f.Subject}: {f.Detail}");
                if (f.Remedy is not null)
                {
                    Console.Out.WriteLine($"      {f.Remedy}");
                }
            }
        }

        return findings.Any(f => f.Verdict == Verdict.Bad) ? ExitCodes.Failure : ExitCodes.Success;
    }

    private static Finding Host()
    {
        string features = X86Base.IsSupported
            ? $"AVX2 {(Avx2.IsSupported ? "yes" : "no")}, FMA {(Fma.IsSupported ? "yes" : "no")}, AVX-512 {(Avx512F.IsSupported ? "yes" : "no")}"
            : "not x86";
        return new Finding("host", Verdict.Good,
            $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} CPUs, {features}, "
            + $"{RuntimeInformation.FrameworkDescription}, Hv {Installation.Version}", null);
    }

    private static Finding Kvm()
    {
        const string Device = "/dev/kvm";
        if (!File.Exists(Device))
        {
            return new Finding("hardware virtualization", Verdict.Missing, $"there is no {Device}",
                "guests run without it on the translating and interpreting engines; inside a VM, nested virtualization would give it");
        }

        try
        {
            using FileStream device = File.Open(Device, FileMode.Open, FileAccess.ReadWrite);
            return new Finding("hardware virtualization", Verdict.Good, $"{Device} can be opened", null);
        }
        catch (UnauthorizedAccessException)
        {
            return new Finding("hardware virtualization", Verdict.Missing, $"{Device} is there, but not for you",
                "join the group kvm: sudo usermod -aG kvm \"$USER\", then log in again");
        }
        catch (IOException e)
        {
            return new Finding("hardware virtualization", Verdict.Missing, $"{Device}: {e.Message}", null);
        }
    }

    private static IEnumerable<Finding> Engines(PluginCatalog catalog)
    {
        foreach (CatalogEntry entry in catalog.List(ExtensionKind.Engine))
        {
            string name = entry.Provided.Name;
            Finding finding;
            try
            {
                string? why = new CatalogExtensions(catalog).Engine(name).WhyUnavailable();
                finding = new Finding(
                    $"engine {name}", why is null ? Verdict.Good : Verdict.Missing, why ?? entry.Provided.Title, null);
            }
            catch (Exception e) when (e is Vmm.PluginException or Sdk.ConfigurationException)
            {
                finding = new Finding($"engine {name}", Verdict.Bad, e.Message, null);
            }

            yield return finding;
        }
    }

    private static Finding Plugins(PluginCatalog catalog)
    {
        Diagnostic[] problems =
            [.. catalog.ListProblems, .. catalog.Plugins.Where(p => p.IsEnabled).SelectMany(catalog.Check)];
        return problems.Length == 0
            ? new Finding("plugins", Verdict.Good, $"{catalog.Plugins.Count} installed, all load", null)
            : new Finding("plugins", Verdict.Bad, string.Join("; ", problems.Select(p => p.Problem)),
                "hv plugin check says more");
    }

    private static Finding SharedMemory()
    {
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20;
        return new Finding("memory", available >= 1024 ? Verdict.Good : Verdict.Missing,
            $"{available} MiB for hv and its guests",
            available >= 1024 ? null : "give guests less: --memory 256M");
    }

    private static Finding Apt()
    {
        string[] missing = [.. new[] { "apt-get", "apt-cache", "dpkg-deb" }.Where(tool => !IsOnPath(tool))];
        return missing.Length == 0
            ? new Finding("guests by apt", Verdict.Good, "hv run linux can fetch a kernel", null)
            : new Finding("guests by apt", Verdict.Missing, $"{string.Join(", ", missing)} not found",
                "hv run linux needs them the first time; hv run --kernel F --initrd F does not");
    }

    private static bool IsOnPath(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(
            d => File.Exists(Path.Combine(d, tool)));

    private static Finding Directory(string subject, string path)
    {
        try
        {
            System.IO.Directory.CreateDirectory(path);
            string probe = Path.Combine(path, $".probe-{Environment.ProcessId}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            long free = new DriveInfo(path).AvailableFreeSpace >> 20;
            return new Finding(subject, free > 512 ? Verdict.Good : Verdict.Missing, $"{path}, {free} MiB free", null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Finding(subject, Verdict.Bad, e.Message, "see the XDG_CACHE_HOME and XDG_STATE_HOME variables");
        }
    }

    private static void WriteJson(Finding[] findings) => JsonOutput.Write(json =>
    {
        json.WriteStartArray();
        foreach (Finding f in findings)
        {
            json.WriteStartObject();
            json.WriteString("subject", f.Subject);
            json.WriteString("verdict", f.Verdict.ToString().ToLowerInvariant());
            json.WriteString("detail", f.Detail);
            json.WriteString("remedy", f.Remedy);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });
}
