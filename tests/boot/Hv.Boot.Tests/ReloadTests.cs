using System.Globalization;
using Hv.Control;
using Hv.Guests;
using Xunit.Abstractions;

namespace Hv.Boot.Tests;

/// <summary>The code of the disk and of the serial port is replaced under a Linux that writes and reads its disk,
/// compares what it reads, and talks on the line all the time.</summary>
public sealed class ReloadTests(ITestOutputHelper output) : IDisposable
{
    private const int DiskBytes = 64 << 20;
    private const int PingEvery = 10;
    private const int CollectEvery = 100;
    // What a guest at work makes the process take and give back between two looks; 20 KB lost with each reload would
    // be more.
    private const long PrivateBytesNoise = 16 << 20;

    // Each round writes a block at another place, past all caches, and reads it back; whatever goes wrong prints
    // FAILED.
    private const string Script = """
        echo 1 > /proc/sys/kernel/printk
        (while read line; do echo "heard $line"; [ "$line" = end ] && : > /tmp/end; done) < /dev/console &
        n=0
        while [ ! -e /tmp/end ]; do
          n=$((n + 1))
          at=$((n * 37 % 240 * 4))
          dd if=/dev/urandom of=/tmp/block bs=64k count=4 2>/dev/null
          written=$(md5sum < /tmp/block)
          dd if=/tmp/block of=/dev/vda bs=64k seek=$at conv=fsync,notrunc 2>/dev/null || echo "FAILED to write round $n"
          echo 3 > /proc/sys/vm/drop_caches
          read=$(dd if=/dev/vda bs=64k skip=$at count=4 2>/dev/null | md5sum)
          [ "$written" = "$read" ] || echo "FAILED to read back round $n"
          echo "round $n done, and a line that is long enough to fill the transmitter's FIFO more than once"
        done
        dmesg | grep -iE 'i/o error|timed out|hung task|blocked for|oops|BUG:|call trace' | sed 's/^/FAILED /'
        echo "ROUNDS $n"

        """;

    private readonly string folder = Directory.CreateTempSubdirectory("hv-reload").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task Reload(int times, string board, int cpus)
    {
        string disk = Path.Combine(folder, "disk.img");
        using (FileStream file = File.Create(disk)) file.SetLength(DiskBytes);
        Dictionary<string, string> variables = new() { ["XDG_RUNTIME_DIR"] = folder };
        using HvProcess hv = HvProcess.Start(variables,
            [.. Guest.Script(folder, KernelFlavour.Cloud, Script), "--engine", "interpret", "--name", "guinea-pig", "--reloadable",
                "--disk", disk, "--board", board, "--cpus", cpus.ToString(CultureInfo.InvariantCulture)]);
        _ = await hv.Expect("^round 3 done");

        string[] plugins = ["hv.storage.virtio-blk", "hv.serial.uart16550"];
        List<double> blackouts = [];
        List<long> privateBytes = [];
        using ControlClient client = ControlClient.Connect(Path.Combine(folder, "hv"), "guinea-pig");
        for (int i = 1; i <= times; i++)
        {
            ReloadInfo done = await client.CallAsync<ReloadInfo>(
                Methods.ReloadPlugin, new ReloadRequest(plugins[i % 2], null), CancellationToken.None);
            _ = Assert.Single(done.Devices);
            blackouts.Add(done.BlackoutMs);
            if (i % PingEvery == 0)
            {
                _ = await hv.Expect("^round [0-9]+ done");
                await hv.Type($"ping {i}");
                _ = await hv.Expect($"heard ping {i}\r?$");
            }
            if (i % CollectEvery == 0 || i == times)
            {
                PluginsInfo info = await client.CallAsync<PluginsInfo>(
                    Methods.Plugins, new PluginsRequest { Collect = true }, CancellationToken.None);
                Assert.Equal((i, 0), (info.ContextsLetGo, info.ContextsInMemory));
                privateBytes.Add(info.PrivateBytes);
            }
        }

        await hv.Type("end");
        int rounds = int.Parse((await hv.Expect(@"^ROUNDS (\d+)\r?\n")).Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.Equal(0, await hv.ExitCode());
        Assert.DoesNotContain("FAILED", hv.Output, StringComparison.Ordinal);
        Assert.Empty(hv.Errors.Trim());
        Assert.True(rounds >= times / PingEvery, $"the guest came through {rounds} rounds only");
        blackouts.Sort();
        output.WriteLine($"{times} reloads during {rounds} rounds; blackout in ms: median {Percentile(50):0.0}, p99 {Percentile(99):0.0}, most "
            + $"{blackouts[^1]:0.0}; private MiB: {string.Join(' ', privateBytes.Select(b => b >> 20))}");
        if (privateBytes.Count > 1)
        {
            Assert.True(privateBytes[^1] - privateBytes[0] < PrivateBytesNoise,
                $"private bytes grew from {privateBytes[0]} after {CollectEvery} reloads to {privateBytes[^1]} after {times}");
        }

        double Percentile(int p) => blackouts[(blackouts.Count - 1) * p / 100];
    }

    [Theory]
    [InlineData("microvm", 1)]
    [InlineData("pc", 2)]
    public Task Reload_DiskAndSerialUnderLoad_TheGuestNoticesNothing(string board, int cpus) => Reload(20, board, cpus);

    [Fact, Trait("tier", "nightly")]
    public Task Reload_AThousandTimes_NothingIsLostAndNothingIsKept() => Reload(1000, "pc", 2);
}
