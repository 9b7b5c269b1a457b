using Hv.Guests;

namespace Hv.Boot.Tests;

/// <summary>Linux gives memory back to the host, by reporting free pages and by a balloon, and takes it
/// again.</summary>
public sealed class BalloonTests : IDisposable
{
    private const long MiB = 1 << 20;
    private const int FilledMiB = 100; // /tmp takes half of the memory at the most

    private readonly string folder = Directory.CreateTempSubdirectory("hv-balloon").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private HvProcess Start(string script, string balloon) => HvProcess.Start([
        .. Guest.Script(folder, KernelFlavour.Cloud, $"fill() {{ dd if=/dev/zero of=/tmp/fill bs=1M count={FilledMiB} 2>/dev/null; }}\n{script}", "quiet"),
        "--memory", "256M", "--device", balloon]);

    /// <summary>Waits until what the guest holds of the host has become what is wanted: the guest gives back in its own
    /// time.</summary>
    private static async Task<long> Until(HvProcess hv, Func<long, bool> isWanted)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(2));
        while (true)
        {
            long bytes = hv.SharedMemoryBytes();
            if (isWanted(bytes)) return bytes;
            if (limit.IsCancellationRequested) throw hv.Failure($"the guest holds {bytes / MiB} MiB of the host's memory");
            await Task.Delay(100);
        }
    }

    [Fact]
    public async Task FreePages_ThatLinuxReports_GoBackToTheHost()
    {
        using HvProcess hv = Start("fill; echo FILLED; read go; rm /tmp/fill; echo FREED; read go; fill; md5sum /tmp/fill\n", "virtio-balloon");
        _ = await hv.Expect("FILLED");
        long full = await Until(hv, b => b > FilledMiB * MiB);
        await hv.Type("go");
        _ = await hv.Expect("FREED");
        _ = await Until(hv, b => b < full - (FilledMiB - 20) * MiB);
        await hv.Type("go");
        Assert.Equal(0, await hv.ExitCode());
        Assert.Contains("2f282b84e7e608d5852449ed940bfc51", hv.Output, StringComparison.Ordinal);
    }

    [Fact, Trait("tier", "nightly")]
    public async Task Balloon_InflatedAndDeflatedByLinux_TakesMemoryFromTheHostAndGivesItBack()
    {
        const string Script = """
            count() { grep "balloon_$1" /proc/vmstat | cut -d' ' -f2; }
            rmmod virtio_balloon
            fill; rm /tmp/fill; echo TOUCHED; read go
            modprobe virtio_balloon
            while [ $(count inflate) -lt 32768 ]; do sleep 1; done
            echo INFLATED; read go
            rmmod virtio_balloon
            echo DEFLATED $(count deflate); fill; md5sum /tmp/fill

            """;
        using HvProcess hv = Start(Script, "virtio-balloon,inflate=128M,reporting=off");
        _ = await hv.Expect("TOUCHED");
        _ = await Until(hv, b => b > (FilledMiB + 40) * MiB);
        await hv.Type("go");
        _ = await hv.Expect("INFLATED");
        // Half of it is in the balloon now.
        _ = await Until(hv, b => b < 132 * MiB);
        await hv.Type("go");
        _ = await hv.Expect("DEFLATED [0-9]{5}");
        Assert.Equal(0, await hv.ExitCode());
        Assert.Contains("2f282b84e7e608d5852449ed940bfc51", hv.Output, StringComparison.Ordinal);
    }
}
