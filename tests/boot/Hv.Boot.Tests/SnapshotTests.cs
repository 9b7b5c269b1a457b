using System.Diagnostics;
using System.Text.RegularExpressions;
using Hv.Guests;

namespace Hv.Boot.Tests;

/// <summary>A boot that is saved at some moment and goes on in another process comes to the same end.</summary>
public sealed class SnapshotTests : IDisposable
{
    private const string Script = "cat /proc/interrupts | wc -l; head -c 8 /dev/urandom | od -x; echo END-OF-SCRIPT\n";

    private readonly string folder = Directory.CreateTempSubdirectory("hv-snapshot").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task<HvProcess> Boot(params IEnumerable<string> more)
    {
        HvProcess hv = await HvProcess.Run(
            [.. Guest.Script(folder, KernelFlavour.Cloud, Script), "--engine", "interpret", "--stats", .. more]);
        int code = await hv.ExitCode();
        return code == 0 ? hv : throw hv.Failure($"hv ended with {code}");
    }

    /// <summary>How many instructions the machine retired, and the hash of all its state at the end.</summary>
    private static (string Instructions, string Hash) End(HvProcess hv) =>
        (Regex.Match(hv.Errors, "^instructions: .*$", RegexOptions.Multiline).Value,
            Regex.Match(hv.Errors, "^state-hash: .*$", RegexOptions.Multiline).Value);

    /// <summary>Saves a run at each fraction of its duration on the host, restores it, and compares with a run that was
    /// left alone.</summary>
    private async Task SavedAnywhere(int cpus, params IEnumerable<double> fractions)
    {
        string[] mode = ["--time", "deterministic", "--seed", "11", "--cpus", cpus.ToString()];
        string file = Path.Combine(folder, "saved.hvs");
        long begin = Stopwatch.GetTimestamp();
        using HvProcess whole = await Boot(mode);
        TimeSpan duration = Stopwatch.GetElapsedTime(begin);
        Assert.Contains("END-OF-SCRIPT", whole.Output, StringComparison.Ordinal);
        Assert.NotEmpty(End(whole).Instructions);
        Assert.NotEmpty(End(whole).Hash);

        foreach (double fraction in fractions)
        {
            string before = await SaveAround(whole.Output, duration * fraction, mode, file);
            using HvProcess second = await Boot([.. mode, "--restore", file]);
            Assert.Equal(whole.Output, before + second.Output);
            Assert.Equal(End(whole), End(second));
            File.Delete(file);
        }
    }

    /// <summary>Saves a run after a while; gives its output until then. A host that is quicker this time lets the guest
    /// come to its end first: then it is tried again earlier.</summary>
    private async Task<string> SaveAround(string wholeOutput, TimeSpan moment, string[] mode, string file)
    {
        for (; moment > TimeSpan.FromMilliseconds(1); moment /= 2)
        {
            using HvProcess first = await Boot(
                [.. mode, "--timeout", $"{(int)moment.TotalMilliseconds}ms", "--save-on-exit", file]);
            if (File.Exists(file)) return first.Output;
            Assert.Equal(wholeOutput, first.Output);
        }
        throw new InvalidOperationException("the guest came to its end before it could be saved, however early");
    }

    [Fact]
    public Task DeterministicBoot_SavedAndRestored_IsTheSameRun() => SavedAnywhere(2, 0.5);

    [Fact, Trait("tier", "nightly")]
    public Task DeterministicBoot_SavedAtTwentyMoments_IsTheSameRun() =>
        SavedAnywhere(1, Enumerable.Range(1, 20).Select(i => i / 22.0));
}
