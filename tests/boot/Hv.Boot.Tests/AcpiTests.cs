using System.Diagnostics;
using System.Text.RegularExpressions;
using Hv.Guests;

namespace Hv.Boot.Tests;

/// <summary>The tables that a guest finds are what ACPICA's compiler takes without an error or a warning.</summary>
public sealed class AcpiTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hv-acpi").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>The compiler, from the distribution's package, unpacked and not installed.</summary>
    private string Compiler()
    {
        AptArchive archive = new(Path.Combine(Guest.CacheDirectory, "apt"), NoProgress.Instance);
        string unpacked = Directory.CreateDirectory(Path.Combine(folder, "acpica")).FullName;
        archive.Unpack([archive.Find("acpica-tools")], unpacked);
        return Path.Combine(unpacked, "usr/bin/iasl");
    }

    private string Run(string program, params string[] arguments)
    {
        ProcessStartInfo start =
            new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true,
                WorkingDirectory = folder };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string said = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0,
            $"{Path.GetFileName(program)} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{said}");
        return said;
    }

    [Theory]
    [InlineData("microvm", 2, "DSDT FACP APIC")]
    [InlineData("pc", 4, "DSDT FACP APIC HPET MCFG")]
    public async Task Tables_OfABoard_CompileWithoutWarnings(string board, int cpus, string expected)
    {
        string disk = Path.Combine(folder, "disk.img");
        await File.WriteAllBytesAsync(disk, new byte[1 << 20]);
        using HvProcess hv = await HvProcess.Run([
            .. Guest.Script(folder, KernelFlavour.Cloud,
                "for t in /sys/firmware/acpi/tables/????; do echo TABLE ${t##*/} $(base64 $t | tr -d '\\n') END; done",
                "quiet"),
            "--board", board, "--cpus", cpus.ToString(), "--disk", disk]);
        Assert.Equal(0, await hv.ExitCode());
        string compiler = Compiler();
        List<string> found = [];
        foreach (Match table in Regex.Matches(hv.Output, @"TABLE (\w{4}) (\S+) END"))
        {
            string name = table.Groups[1].Value;
            found.Add(name);
            await File.WriteAllBytesAsync(
                Path.Combine(folder, name + ".dat"), Convert.FromBase64String(table.Groups[2].Value));
            if (name == "FACS") continue; // has no checksum and no source form
            Run(compiler, "-d", name + ".dat");
            string said = Run(compiler, name + ".dsl");
            Assert.True(said.Contains("0 Errors", StringComparison.Ordinal)
                && said.Contains("0 Warnings", StringComparison.Ordinal), $"{name}:\n{said}");
        }
        Assert.All(expected.Split(' '), name => Assert.Contains(name, found));
    }
}
