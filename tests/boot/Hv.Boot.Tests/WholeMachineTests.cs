using System.Text.Json;
using Hv.Guests;

namespace Hv.Boot.Tests;

/// <summary>A booting kernel is saved, restored and repeated.</summary>
public sealed class WholeMachineTests : IDisposable
{
    private const string Script = "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i | md5sum > /tmp/sum$i; done; cat /tmp/sum* | md5sum; echo END-OF-SCRIPT\n";

    private readonly string folder = Directory.CreateTempSubdirectory("hv-machine").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task SavedAndRestoredAt(int seed, string board, int cpus)
    {
        // The moments come from the seed; which instruction each one hits depends on the host.
        string[] arguments =
            [.. Guest.Script(folder, KernelFlavour.Cloud, Script, "quiet"), "--board", board, "--cpus",
                cpus.ToString()];
        string snapshot = Path.Combine(folder, "machine.hvsave");
        string timeout = $"{new Random(seed).Next(300, 4000)}ms";
        using HvProcess first = await HvProcess.Run([.. arguments, "--timeout", timeout, "--save-on-exit", snapshot]);
        int code = await first.ExitCode();
        Assert.True(code == 0, $"seed {seed}: hv ended with {code}: {first.Errors}");
        if (!File.Exists(snapshot)) return; // the host was so fast that the guest was done
        using HvProcess second = await HvProcess.Run([.. arguments, "--restore", snapshot]);
        if (await second.ExitCode() != 0) throw second.Failure(
            $"seed {seed}, saved after {timeout}: the restored machine ended with {await second.ExitCode()}");
        Assert.Contains("END-OF-SCRIPT", second.Output, StringComparison.Ordinal);
        File.Delete(snapshot);
    }

    [Theory]
    [InlineData(1, "microvm", 1)]
    [InlineData(2, "pc", 2)]
    public Task Restore_OfABootingKernel_GoesOnToTheSameEnd(int seed, string board, int cpus) =>
        SavedAndRestoredAt(seed, board, cpus);

    [Fact, Trait("tier", "nightly")]
    public async Task Restore_AtTwentyMoments_GoesOnToTheSameEnd()
    {
        for (int seed = 100; seed < 120; seed++) await SavedAndRestoredAt(
            seed, seed % 2 == 0 ? "microvm" : "pc", 1 + (seed % 4 / 3));
    }

    private async Task<string[]> Hashes(string[] arguments, int seed, ulong every)
    {
        string result = Path.Combine(folder, Guid.NewGuid().ToString("n"));
        using HvProcess hv = await HvProcess.Run([.. arguments, "--time", "deterministic", "--seed", seed.ToString(),
            "--state-hash-every", every.ToString(), "--result", result]);
        if (await hv.ExitCode() != 0) throw hv.Failure("the deterministic run failed");
        using JsonDocument json = JsonDocument.Parse(await File.ReadAllTextAsync(result));
        return [.. json.RootElement.GetProperty("stateHashes").EnumerateArray().Select(h => h.GetString()!)];
    }

    private async Task RepeatsExactly(int runs, ulong every, string board, int cpus)
    {
        string[] arguments =
            [.. Guest.Script(folder, KernelFlavour.Cloud, "echo done\n", "quiet"), "--board", board, "--cpus",
                cpus.ToString()];
        string[] first = await Hashes(arguments, seed: 5, every);
        Assert.True(first.Length > 5, $"only {first.Length} hashes were taken");
        for (int i = 1; i < runs; i++) Assert.Equal(first, await Hashes(arguments, seed: 5, every));
        Assert.NotEqual(first, await Hashes(arguments, seed: 6, every));
    }

    [Fact]
    public Task DeterministicBoot_WithOneSeed_IsTheSameBitForBit() =>
        RepeatsExactly(2, every: 100_000_000, "microvm", 1);

    [Theory, Trait("tier", "nightly")]
    [InlineData("microvm", 1)]
    [InlineData("pc", 2)]
    public Task DeterministicBoot_TenTimes_IsTheSameEveryTenMillionInstructions(string board, int cpus) =>
        RepeatsExactly(10, every: 10_000_000, board, cpus);
}
