using System.Text.Json;
using System.Text.RegularExpressions;
using Hv.Guests;

namespace Hv.Boot.Tests;

/// <summary>Stock kernels boot, find their hardware in order, and end as they should.</summary>
public sealed class BootTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hv-boot").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>What a script says of the kernel's own warnings and worse (levels 0 to 4).</summary>
    private const string ShowWarnings = "dmesg -r | sed -n 's/^<[0-4]>/WARNING: /p'\n";

    /// <summary>Warnings that are not about the machine: the same kernels give them on every host.</summary>
    private static readonly Regex NotAboutHardware = new(
        // A machine without PCI says so, as it should.
        @"PCI: (Fatal: No config space|System does not support)|Spectre|Speculat|RETBleed|mitigation|vulnerab|ENTRY_IBPB|unsigned|taint|MDS|TAA|TSX|module verification|ima:|L1TF|SRBDS|GDS|MMIO Stale|RRSB",
        RegexOptions.IgnoreCase);

    private static IEnumerable<string> Complaints(string log) => log.Split('\n')
        .Where(l => l.Contains("WARNING: ", StringComparison.Ordinal) && !NotAboutHardware.IsMatch(l));

    private async Task<HvProcess> BootScript(KernelFlavour flavour, string script, params string[] more)
    {
        HvProcess hv = await HvProcess.Run([.. Guest.Script(folder, flavour, script), .. more]);
        return hv;
    }

    private async Task BootsWithoutComplaint(KernelFlavour flavour, string board, int cpus)
    {
        using HvProcess hv =
            await BootScript(flavour, ShowWarnings
                + "echo CPUS=$(nproc); echo CLOCK=$(cat /sys/devices/system/clocksource/*/current_clocksource)",
            "--board", board, "--cpus", cpus.ToString(), "--engine", "interpret");
        int code = await hv.ExitCode();
        if (code != 0) throw hv.Failure($"hv ended with {code}");
        Assert.Contains($"CPUS={cpus}", hv.Output, StringComparison.Ordinal);
        Assert.Contains("CLOCK=tsc", hv.Output, StringComparison.Ordinal);
        Assert.Empty(Complaints(hv.Output));
    }

    [Theory]
    [InlineData("microvm", 1)]
    [InlineData("pc", 2)]
    public Task Boot_OfTheCloudKernel_FindsItsHardware(string board, int cpus) =>
        BootsWithoutComplaint(KernelFlavour.Cloud, board, cpus);

    [Theory, Trait("tier", "nightly")]
    [InlineData("microvm", 2)]
    [InlineData("microvm", 4)]
    [InlineData("pc", 1)]
    [InlineData("pc", 4)]
    public Task Boot_OfTheCloudKernelElsewhere_FindsItsHardware(string board, int cpus) =>
        BootsWithoutComplaint(KernelFlavour.Cloud, board, cpus);

    [Theory, Trait("tier", "nightly")]
    [InlineData("microvm", 1)]
    [InlineData("microvm", 2)]
    [InlineData("pc", 1)]
    [InlineData("pc", 2)]
    [InlineData("pc", 4)]
    public Task Boot_OfTheGenericKernel_FindsItsHardware(string board, int cpus) =>
        BootsWithoutComplaint(KernelFlavour.Generic, board, cpus);

    [Fact]
    public async Task RunLinux_GivesAShellThatPowersOff()
    {
        using HvProcess hv = HvProcess.Start("run", "linux");
        _ = await hv.Expect(@"# \x1b?");
        await hv.Type("echo $((6*7))-$(uname -s)");
        _ = await hv.Expect(@"^42-Linux\r?$");
        await hv.Type("poweroff");
        Assert.Equal(0, await hv.ExitCode());
    }

    [Fact]
    public async Task SigTerm_PressesThePowerButton()
    {
        using HvProcess hv = HvProcess.Start("run", "linux");
        _ = await hv.Expect(@"# \x1b?");
        hv.Signal("TERM");
        Assert.Equal(0, await hv.ExitCode());
    }

    [Fact]
    public async Task Reboot_UnderNoReboot_EndsAsAReset()
    {
        string result = Path.Combine(folder, "result.json");
        using HvProcess hv = await BootScript(KernelFlavour.Cloud, "reboot -f", "--no-reboot", "--result", result);
        Assert.Equal(0, await hv.ExitCode());
        using JsonDocument json = JsonDocument.Parse(await File.ReadAllTextAsync(result));
        Assert.Equal("reset", json.RootElement.GetProperty("reason").GetString(), ignoreCase: true);
    }

    [Fact]
    public async Task Reboot_WithoutNoReboot_BootsAgain()
    {
        using HvProcess hv =
            HvProcess.Start([.. Guest.Script(folder, KernelFlavour.Cloud, "reboot -f"), "--timeout", "300s"]);
        _ = await hv.Expect("Linux version");
        _ = await hv.Expect("Linux version");
    }

    [Fact]
    public async Task Panic_OfTheKernel_ResetsAndIsShown()
    {
        using HvProcess hv =
            await BootScript(KernelFlavour.Cloud, "echo c > /proc/sysrq-trigger; sleep 100", "--no-reboot");
        Assert.Contains("Kernel panic", hv.Output, StringComparison.Ordinal);
        Assert.Equal(0, await hv.ExitCode());
    }

    [Fact]
    public async Task Timeout_Passed_EndsWith124()
    {
        using HvProcess hv = await BootScript(KernelFlavour.Cloud, "sleep 1000", "--timeout", "2s");
        Assert.Equal(124, await hv.ExitCode());
    }

    [Fact]
    public async Task Ext4_OnVirtioBlk_IsCleanAfterwards()
    {
        string disk = Path.Combine(folder, "disk.img");
        await using (FileStream file = File.Create(disk)) file.SetLength(64 << 20);
        Tool("mkfs.ext4", "-q", disk);
        using HvProcess hv = await BootScript(KernelFlavour.Cloud,
            """
            modprobe -q ext4
            mkdir -p /mnt && mount -t ext4 /dev/vda /mnt || exit 1
            dd if=/dev/urandom of=/mnt/random bs=64k count=200 2>/dev/null
            md5sum /mnt/random > /mnt/sum
            for i in $(seq 1 200); do echo $i > /mnt/file$i; done
            sync; umount /mnt; mount -t ext4 /dev/vda /mnt
            md5sum -c /mnt/sum && echo SUM-OK; cat /mnt/file200; umount /mnt
            """, "--disk", disk + ",format=raw");
        Assert.Equal(0, await hv.ExitCode());
        Assert.Contains("SUM-OK", hv.Output, StringComparison.Ordinal);
        Tool("e2fsck", "-f", "-n", disk);
    }

    private static void Tool(string name, params string[] arguments)
    {
        // Where a user's PATH lacks the system directories.
        string path = new[] { "/usr/sbin/", "/sbin/", "/usr/bin/" }.Select(d => d + name).FirstOrDefault(File.Exists)
            ?? name;
        using System.Diagnostics.Process tool = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(
                path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string said = tool.StandardOutput.ReadToEnd() + tool.StandardError.ReadToEnd();
        tool.WaitForExit();
        Assert.True(tool.ExitCode == 0, $"{name} ended with {tool.ExitCode}:\n{said}");
    }
}
