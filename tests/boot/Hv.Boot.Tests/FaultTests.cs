using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hv.Guests;

namespace Hv.Boot.Tests;

/// <summary>What a stock Linux makes of faults.</summary>
public sealed class FaultTests : IDisposable
{
    private const long Megabyte = 1 << 20;

    private readonly string folder = Directory.CreateTempSubdirectory("hv-faults").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Disk(long megabytes)
    {
        string path = Path.Combine(folder, "disk.img");
        using FileStream file = File.Create(path);
        file.SetLength(megabytes * Megabyte);
        return path;
    }

    /// <summary>Runs a script under faults; gives the console and the result.</summary>
    private async Task<(string Console, JsonElement Result)> Run(string script, params string[] more)
    {
        string result = Path.Combine(folder, "result.json");
        string[] arguments =
            [.. Guest.Script(folder, KernelFlavour.Cloud, script, "quiet"), "--result", result, "--timeout", "170s",
                .. more];
        using HvProcess hv = await HvProcess.Run(arguments);
        if (!File.Exists(result)) throw hv.Failure("there is no result");
        using JsonDocument json = JsonDocument.Parse(await File.ReadAllTextAsync(result));
        return (hv.Output, json.RootElement.Clone());
    }

    private static long Fired(JsonElement result) => result.GetProperty("faults")[0].GetProperty("fired").GetInt64();

    private static string[] Evidence(JsonElement result) =>
    [
        .. result.GetProperty("faults")[0].GetProperty("firings").EnumerateArray()
            .Select(f => $"{f.GetProperty("virtualNs")} {f.GetProperty("evidence")}"),
    ];

    [Fact]
    public async Task IoErrors_OnABadSpot_AreInputOutputErrorsInLinux()
    {
        (string console, JsonElement result) = await Run(
            """
            dd if=/dev/vda of=/dev/null bs=4k count=1 skip=512 && echo GOOD-SPOT
            dd if=/dev/vda of=/dev/null bs=4k count=1 skip=256 || echo BAD-SPOT
            dmesg | grep 'I/O error'

            """, "--disk", $"{Disk(16)},format=raw",
            "--fault", "io-errors,where=disk0:drive,operation=read,start=1M,length=4K");
        Assert.Equal(0, result.GetProperty("exitCode").GetInt32());
        Assert.Contains("GOOD-SPOT", console, StringComparison.Ordinal);
        Assert.Contains("Input/output error", console, StringComparison.Ordinal);
        Assert.Contains("BAD-SPOT", console, StringComparison.Ordinal);
        Assert.Contains("I/O error, dev vda, sector 2048", console, StringComparison.Ordinal);
        Assert.True(Fired(result) > 0);
        Assert.Contains(" ended with IoError", Evidence(result)[0], StringComparison.Ordinal);
    }

    // The disk's line rises and Linux never sees it: a reader hangs, and the kernel says so.
    [Fact, Trait("tier", "nightly")]
    public async Task LostInterrupt_OfADisk_HangsItsReader()
    {
        (string console, JsonElement result) = await Run(
            """
            echo 4 > /proc/sys/kernel/hung_task_timeout_secs
            (i=0; while dd if=/dev/vda of=/dev/null bs=4k count=1 skip=$((i*64)); do i=$((i+1)); done) 2>/dev/null &
            sleep 14
            dmesg | grep 'blocked for more than'

            """, "--disk", $"{Disk(256)},format=raw", "--time", "deterministic",
            "--fault", "lost-interrupts,where=disk0:irq:*,nth=40");
        Assert.Equal(1, Fired(result));
        Assert.Matches("task dd:[0-9]+ blocked for more than 4 seconds", console);
    }

    [Fact, Trait("tier", "nightly")]
    public async Task Latency_OfADisk_IsTimeThatLinuxWaits()
    {
        (string console, JsonElement result) = await Run(
            """
            read before rest < /proc/uptime
            dd if=/dev/vda of=/dev/null bs=4k count=1 skip=999 2> /dev/null
            read after rest < /proc/uptime
            echo BEFORE=$before AFTER=$after

            """, "--disk", $"{Disk(16)},format=raw", "--time", "deterministic",
            "--fault", "latency,where=disk0:drive,delay=2s,after=1s");
        Assert.True(Fired(result) > 0);
        Match times = Regex.Match(console, @"BEFORE=(\d+)\.\d+ AFTER=(\d+)\.\d+");
        Assert.True(times.Success, console);
        // Virtual time, in whole seconds: what the rule says, whatever the host does.
        Assert.InRange(long.Parse(times.Groups[2].Value) - long.Parse(times.Groups[1].Value), 2, 20);
    }

    [Fact, Trait("tier", "nightly")]
    public async Task Faults_WithOneSeed_AreTheSameRun_AndWithAnotherAnother()
    {
        string disk = $"{Disk(64)},format=raw,readonly";
        async Task<(string[] Hashes, string[] Evidence)> Once(int seed)
        {
            (_, JsonElement result) = await Run(
                "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do dd if=/dev/vda of=/dev/null bs=64k count=1 skip=$((i*16)); done\n",
                "--disk", disk, "--time", "deterministic", "--seed", seed.ToString(), "--state-hash-every", "50000000",
                "--fault", "io-errors,where=disk0,operation=read,probability=30%");
            return ([.. result.GetProperty("stateHashes").EnumerateArray().Select(h => h.GetString()!)],
                Evidence(result));
        }

        (string[] hashes, string[] evidence) = await Once(1);
        Assert.NotEmpty(evidence);
        (string[] again, string[] evidenceAgain) = await Once(1);
        Assert.Equal(evidence, evidenceAgain);
        Assert.Equal(hashes, again);
        (_, string[] other) = await Once(2);
        Assert.NotEqual(evidence, other);
    }

    /// <summary>A guest that writes and syncs file after file loses its power: what it had synced is there, and the
    /// file system is sound once its journal is replayed.</summary>
    [Theory, Trait("tier", "nightly")]
    [InlineData(1, "on=write,nth=150")]
    [InlineData(2, "on=write,nth=400")]
    [InlineData(3, "on=flush,nth=25")]
    [InlineData(4, "on=flush,nth=60")]
    [InlineData(5, "on=write,nth=700,torn=off")]
    [InlineData(6, "after=12s")]
    public async Task PowerCut_UnderExt4_LosesNothingThatWasSynced(int seed, string when)
    {
        string disk = Disk(64);
        Tool("mkfs.ext4", "-q", "-F", disk);
        (string console, JsonElement result) = await Run(
            """
            mkdir -p /m && mount -t ext4 /dev/vda /m && echo MOUNTED
            i=0
            while true; do
              i=$((i+1))
              mkdir -p /m/d$((i%7))
              seq 1 $((i%50+1)) > /m/d$((i%7))/f$i
              echo $i > /m/last
              [ $i -gt 20 ] && rm -f /m/d$(((i-20)%7))/f$((i-20))
              [ $((i%4)) = 0 ] && sync && echo SYNCED=$i
            done

            """, "--disk", $"{disk},format=raw", "--time", "deterministic", "--seed", seed.ToString(),
            "--fault", $"power-cut,where=disk0,{when}");
        Assert.Contains("MOUNTED", console, StringComparison.Ordinal);
        Assert.Equal("power-cut", result.GetProperty("reason").GetString());
        Assert.Equal((0, 1L), (result.GetProperty("exitCode").GetInt32(), Fired(result)));

        // 1: the journal was replayed. Anything above means that the file system was damaged beyond that.
        Assert.InRange(Tool("e2fsck", "-p", "-f", disk).Code, 0, 1);
        Assert.Equal(0, Tool("e2fsck", "-n", "-f", disk).Code);
        Match synced = Regex.Matches(console, @"SYNCED=(\d+)").LastOrDefault() ?? Match.Empty;
        Assert.True(synced.Success, "the power failed before the first sync: it proves nothing");
        int last = int.Parse(synced.Groups[1].Value);
        for (int i = Math.Max(1, last - 15); i <= last; i++)
        {
            string expected = string.Concat(Enumerable.Range(1, i % 50 + 1).Select(n => $"{n}\n"));
            Assert.Equal(expected, Tool("debugfs", "-R", $"cat /d{i % 7}/f{i}", disk).Output);
        }
    }

    private static (int Code, string Output) Tool(string name, params string[] arguments)
    {
        ProcessStartInfo start = new(name, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process =
            Process.Start(start) ?? throw new InvalidOperationException($"{name} (e2fsprogs) is needed");
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        _ = errors.Result;
        return (process.ExitCode, output);
    }
}
