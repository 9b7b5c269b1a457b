using System.Diagnostics;
using System.Text.Json;

using Hv.Fixtures;

namespace Hv.Tests;

/// <summary>Whole runs of guests of a few instructions: how they end, what they print, what is left behind.</summary>
public sealed class MachineRuns : IDisposable
{
    private readonly HvProcess hv = new();

    public void Dispose() => hv.Dispose();

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 7)]
    [InlineData(0x80, 1)]
    public void ExitPort_WriteOfV_EndsWithTwiceVPlusOne(byte value, int code)
    {
        HvResult result = Run(StubKernel.Exit(value), "--exit-port", "0xf4");

        Assert.Equal(code, result.ExitCode);
    }

    [Fact]
    public void TripleFault_EndsWithThree()
    {
        HvResult result = Run(StubKernel.TripleFault(), "--result", "result.json");

        Assert.Equal(3, result.ExitCode);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(hv.Root, "result.json")));
        Assert.Equal("crash", document.RootElement.GetProperty("reason").GetString());
        Assert.Equal(3, document.RootElement.GetProperty("exitCode").GetInt32());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Timeout_OfAGuestThatRestsOrSpins_EndsWith124(bool spins)
    {
        byte[] kernel = spins ? StubKernel.PrintAndSpin("x") : StubKernel.Print("x");

        Assert.Equal(124, Run(kernel, "--timeout", "1s").ExitCode);
    }

    [Fact]
    public void Serial_OnStandardOutput_IsTheGuestsBytesAndNothingElse()
    {
        HvResult result = Run(StubKernel.Print("HELLO, bytes!\n"), "--timeout", "1s");

        Assert.Equal("HELLO, bytes!\n", result.Output);
    }

    [Fact]
    public void Serial_ToAFile_HoldsTheBytes()
    {
        HvResult result = Run(StubKernel.Print("HELLO"), "--timeout", "1s", "--serial", "file:serial.log");

        Assert.Equal("HELLO", File.ReadAllText(Path.Combine(hv.Root, "serial.log")));
        Assert.Equal("", result.Output);
    }

    [Fact]
    public void Fault_OnTheExitPort_ChangesTheCodeAndIsReported()
    {
        HvResult result = Run(StubKernel.Exit(0), "--exit-port", "0xf4", "--json", "--stats",
            "--fault", "bit-flips,where=exit0:region:*,direction=write,mask=2,name=flip");

        Assert.Equal(5, result.ExitCode);
        using JsonDocument document = JsonDocument.Parse(result.Error);
        JsonElement fault = Assert.Single(document.RootElement.GetProperty("faults").EnumerateArray());
        Assert.Equal("flip", fault.GetProperty("name").GetString());
        Assert.Equal(1, fault.GetProperty("fired").GetInt32());
        Assert.Contains(": 0x0 became 0x2", fault.GetProperty("firings")[0].GetProperty("evidence").GetString());
        Assert.Equal(1,
            document.RootElement.GetProperty("statistics").GetProperty("fault flip").GetProperty("fired").GetInt32());
    }

    [Fact]
    public void Fault_ThatNeverFires_EndsTheRunWithSix()
    {
        HvResult result =
            Run(StubKernel.Exit(0), "--exit-port", "0xf4", "--fault", "io-errors,where=serial0,nth=1000000");

        Assert.Equal(6, result.ExitCode);
        Assert.Contains("the fault 'io-errors' at 'serial0' never fired", result.Error);
    }

    [Fact]
    public void Fault_AtNoPlace_IsAMistakeWithASuggestion()
    {
        HvResult result = Run(StubKernel.Exit(0), "--fault", "io-errors,where=seriel0");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("error HV1109: this machine has no place 'seriel0' for a fault", result.Error);
        Assert.Contains("did you mean 'serial0'?", result.Error);
    }

    [Fact]
    public void Result_AsJson_GoesToStandardErrorWithStatistics()
    {
        HvResult result = Run(StubKernel.Exit(0), "--exit-port", "0xf4", "--json", "--stats");

        using JsonDocument document = JsonDocument.Parse(result.Error);
        Assert.Equal("exit-port", document.RootElement.GetProperty("reason").GetString());
        Assert.Equal(JsonValueKind.Object, document.RootElement.GetProperty("statistics").ValueKind);
    }

    [Fact]
    public void Definition_RunFromAnotherDirectory_FindsItsKernelBesideIt()
    {
        string folder = Directory.CreateDirectory(Path.Combine(hv.Root, "vms")).FullName;
        File.WriteAllBytes(Path.Combine(folder, "kernel.elf"), StubKernel.Exit(1));
        hv.Write("vms/vm.json", """{ "kernel": "kernel.elf", "exit-port": "0xf4", "memory": "64M" } // small""");

        Assert.Equal(3, hv.Run("run", "vms/vm.json").ExitCode);
    }

    [Fact]
    public void Kernel_Truncated_EndsWithTwo()
    {
        HvResult result = Run(StubKernel.Exit(0)[..0x300], "--exit-port", "0xf4");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("kernel.elf", result.Error);
    }

    [Theory]
    [InlineData("INT", 1, 130)]
    [InlineData("QUIT", 1, 130)]
    [InlineData("HUP", 1, 130)]
    [InlineData("TERM", 2, 130)]
    public void Signal_EndsTheMachine(string signal, int times, int code)
    {
        using Process process = Start(StubKernel.Print("READY\n"));
        Assert.Equal("READY", process.StandardOutput.ReadLine());

        for (int i = 0; i < times; i++)
        {
            hv.RunProgram("kill", $"-{signal}", $"{process.Id}");

            // Two of one kind that arrive together are one to the kernel: wait until the first was heard.
            if (i + 1 < times)
            {
                Assert.Contains("power off", process.StandardError.ReadLine());
            }
        }

        process.WaitForExit();
        Assert.Equal(code, process.ExitCode);
    }

    [Fact]
    public void SaveOnExit_ThenRestore_GoesOnWithoutStartingAgain()
    {
        using (Process process = Start(StubKernel.Print("READY\n"), "--save-on-exit", "saved.hvsave"))
        {
            Assert.Equal("READY", process.StandardOutput.ReadLine());
            hv.RunProgram("kill", "-INT", $"{process.Id}");
            process.WaitForExit();
        }

        Assert.True(File.Exists(Path.Combine(hv.Root, "saved.hvsave")));
        HvResult result = Run(StubKernel.Print("READY\n"), "--restore", "saved.hvsave", "--timeout", "1s");

        Assert.Equal(124, result.ExitCode);
        Assert.Equal("", result.Output);
    }

    private HvResult Run(byte[] kernel, params string[] flags)
    {
        File.WriteAllBytes(Path.Combine(hv.Root, "kernel.elf"), kernel);
        return hv.Run(["run", "--kernel", "kernel.elf", "--memory", "64M", .. flags]);
    }

    private Process Start(byte[] kernel, params string[] flags)
    {
        File.WriteAllBytes(Path.Combine(hv.Root, "kernel.elf"), kernel);
        var start = new ProcessStartInfo(
            HvProcess.Executable, ["run", "--kernel", "kernel.elf", "--memory", "64M", "--timeout", "120s", .. flags])
        {
            WorkingDirectory = hv.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["XDG_STATE_HOME"] = Path.Combine(hv.Root, "state");
        return Process.Start(start)!;
    }
}
