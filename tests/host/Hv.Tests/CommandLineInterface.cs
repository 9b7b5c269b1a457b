using System.Text.Json;

namespace Hv.Tests;

/// <summary>The command line is an interface: exit codes, places of mistakes, JSON and completion stay as they
/// are.</summary>
public sealed class CommandLineInterface : IDisposable
{
    private readonly HvProcess hv = new();

    public void Dispose() => hv.Dispose();

    [Fact]
    public void Version_FromAnyDirectory_IsPrinted()
    {
        HvResult result = hv.Run("--version");

        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"^hv \d+\.\d+\.\d+\s*$", result.Output);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("run", "--help")]
    [InlineData("device", "--help")]
    public void Help_OnStandardOutput_IsNoMistake(params string[] arguments)
    {
        HvResult result = hv.Run(arguments);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("hv", result.Output);
        Assert.Equal("", result.Error.Trim());
    }

    [Fact]
    public void RunHelp_HasExamplesAndExitCodes()
    {
        string help = hv.Run("run", "--help").Output;

        Assert.Contains("hv run linux", help);
        Assert.Contains("124 after --timeout", help);
        Assert.Contains("--memory SIZE", help);
    }

    [Theory]
    [InlineData("did you mean '--memory'?", "run", "--memry", "1G")]
    [InlineData("did you mean 'list'?", "plugin", "lsit")]
    [InlineData("did you mean 'run'?", "rnu")]
    [InlineData("one argument too many", "run", "a.json", "b.json")]
    [InlineData("give a size such as 512M", "run", "--memory", "12Q")]
    [InlineData("there is no board", "run", "--board", "microvmm")]
    [InlineData("there is no device", "run", "--device", "virtio-rnd")]
    [InlineData("does not exist", "run", "--kernel", "nowhere")]
    [InlineData("there is nothing to boot", "run")]
    [InlineData("nothing is named 'uart16551'", "device", "help", "uart16551")]
    [InlineData("only hv run takes arguments after '--'", "doctor", "--", "x")]
    public void Mistake_EndsWithTwoAndSaysWhat(string expected, params string[] arguments)
    {
        HvResult result = hv.Run(arguments);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Error);
        Assert.Matches(@"error HV\d{4}: ", result.Error);
        Assert.Equal("", result.Output);
    }

    [Fact]
    public void Definition_WithFiveMistakes_ReportsAllWithTheirPlacesAndCreatesNothing()
    {
        hv.Write("vm.json", """
            {
              "kernal": "vmlinuz",
              "memory": "12Q",
              "cpus": 1000,
              "board": "micorvm",
              "device": "uart16550,prot=1"
            }
            """);

        HvResult result = hv.Run("run", "vm.json");

        Assert.Equal(2, result.ExitCode);
        foreach (string place in (
            string[])["vm.json:2:3: ", "vm.json:3:13: ", "vm.json:4:11: ", "vm.json:5:12: ", "vm.json:6:"])
        {
            Assert.Contains(place, result.Error);
        }

        Assert.Equal(["vm.json"], Directory.EnumerateFileSystemEntries(hv.Root).Select(p => Path.GetFileName(p)));
    }

    [Fact]
    public void Mistakes_AsJson_CarryTheirFields()
    {
        HvResult result = hv.Run("run", "--memory", "12Q", "--kernel", "nowhere", "--json");

        using JsonDocument document = JsonDocument.Parse(result.Error);
        Assert.Equal(2, document.RootElement.GetProperty("exitCode").GetInt32());
        Assert.Equal(
            ["HV1101", "HV1001"],
            document.RootElement.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("code").GetString()));
    }

    [Fact]
    public void Engine_ThatIsNotInstalled_EndsWithFive()
    {
        hv.Write("vmlinuz", "x");
        hv.Write("plugins.json", """{ "plugins": [ ] }""");

        HvResult result = hv.Run("run", "--kernel", "vmlinuz", "--engine", "kvm", "--plugins", "plugins.json");

        Assert.Equal(5, result.ExitCode);
    }

    [Fact]
    public void BrokenPlugin_ThatIsNeeded_EndsWithFourAndIsNamed()
    {
        hv.Write("vmlinuz", "x");
        hv.Write("plugins.json", """{ "plugins": [ { "path": "Broken" } ] }""");
        Directory.CreateDirectory(Path.Combine(hv.Root, "Broken"));
        hv.Write("Broken/plugin.json", """
            { "id": "broken.board", "version": "1", "sdk": ">=9.0 <10.0", "assembly": "Broken.dll",
              "provides": [ { "kind": "board", "name": "microvm", "title": "x" } ] }
            """);

        HvResult result = hv.Run("run", "--kernel", "vmlinuz", "--plugins", "plugins.json");

        Assert.Equal(4, result.ExitCode);
        Assert.Contains("plugin 'broken.board'", result.Error);
    }

    [Fact]
    public void PluginList_AsJson_ListsEveryPluginWithWhatItProvides()
    {
        using JsonDocument document = JsonDocument.Parse(hv.Run("plugin", "list", "--json").Output);

        JsonElement uart = document.RootElement.GetProperty("plugins").EnumerateArray()
            .Single(p => p.GetProperty("id").GetString() == "hv.serial.uart16550");
        Assert.Equal("uart16550", uart.GetProperty("provides")[0].GetProperty("name").GetString());
        Assert.Equal(0, uart.GetProperty("problems").GetArrayLength());
    }

    [Fact]
    public void PluginCheck_AllOwnPlugins_Load()
    {
        HvResult result = hv.Run("plugin", "check");

        Assert.Equal("", result.Error.Trim());
        Assert.Equal(0, result.ExitCode);
        Assert.Contains(" 0 with problems", result.Output);
    }

    [Fact]
    public void DeviceList_NamesTheTerminalAndTheUart()
    {
        string output = hv.Run("device", "list").Output;

        Assert.Matches(@"(?m)^device +uart16550 +\S", output);
        Assert.Matches(@"(?m)^front-end +terminal +\S", output);
        Assert.DoesNotMatch(@"(?m) $", output);
    }

    [Fact]
    public void DeviceHelp_AsTextAndJson_ShowsOptions()
    {
        Assert.Contains("append", hv.Run("device", "help", "file").Output);

        using JsonDocument document = JsonDocument.Parse(hv.Run("device", "help", "file", "--json").Output);
        JsonElement target = document.RootElement.GetProperty("options").EnumerateArray()
            .Single(o => o.GetProperty("name").GetString() == "target");
        Assert.True(target.GetProperty("required").GetBoolean());
        Assert.Equal("path", target.GetProperty("type").GetString());
    }

    [Fact]
    public void FaultList_AsTextAndJson_HasFaultsAndNothingElse()
    {
        Assert.Matches(@"(?m)^fault +power-cut +\S", hv.Run("fault", "list").Output);

        using JsonDocument document = JsonDocument.Parse(hv.Run("fault", "list", "--json").Output);
        Assert.All(document.RootElement.EnumerateArray(), f => Assert.Equal("fault",
            f.GetProperty("kind").GetString()));
    }

    [Fact]
    public void FaultHelp_AsTextAndJson_SaysWhereWhatAndWhen()
    {
        string text = hv.Run("fault", "help", "io-errors").Output;
        Assert.Contains("Breaks: DEVICE:chardev, DEVICE:drive, DEVICE:netdev", text);
        Assert.Matches(@"(?m)^  operation +any\|read", text);
        Assert.Matches(@"(?m)^  probability +text", text);

        using JsonDocument document = JsonDocument.Parse(hv.Run("fault", "help", "io-errors", "--json").Output);
        Assert.Equal(3, document.RootElement.GetProperty("breaks").GetArrayLength());
        Assert.Contains(document.RootElement.GetProperty("when").EnumerateArray(),
            o => o.GetProperty("name").GetString() == "nth");
        Assert.Equal(2, hv.Run("fault", "help", "io-error").ExitCode);
    }

    [Fact]
    public void Doctor_AsJson_HasAFindingForEverySubject()
    {
        using JsonDocument document = JsonDocument.Parse(hv.Run("doctor", "--json").Output);

        string?[] subjects =
            [.. document.RootElement.EnumerateArray().Select(f => f.GetProperty("subject").GetString())];
        Assert.Contains("hardware virtualization", subjects);
        Assert.Contains("plugins", subjects);
        Assert.Contains("engine interpret", subjects);
    }

    [Theory]
    [InlineData("hv ru", "run")]
    [InlineData("hv run --exit", "--exit-port")]
    [InlineData("hv run --board micro", "microvm")]
    [InlineData("hv run --time det", "deterministic")]
    [InlineData("hv device help uart", "uart16550")]
    public void Completion_InBash_CompletesTheWord(string line, string expected)
    {
        string last = line.Split(' ')[^1];
        string script = $$"""
            source <('{{HvProcess.Executable}}' completion bash)
            hv() { '{{HvProcess.Executable}}' "$@"; }
            COMP_LINE='{{line}}'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=({{line}}); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _hv hv '{{last}}' ''
            printf '%s\n' "${COMPREPLY[@]}"
            """;

        HvResult result = hv.RunProgram("bash", "-c", script);

        Assert.Contains(expected, result.Output.Split('\n'));
    }

    [Fact]
    public void RunLinux_WithoutApt_SaysWhatToPass()
    {
        HvResult result = hv.RunProgram(
            "/usr/bin/env", "PATH=/nowhere", $"DOTNET_ROOT={DotnetRoot}", HvProcess.Executable, "run", "linux");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("HV4001", result.Error);
        Assert.Contains("--kernel VMLINUZ --initrd INITRD", result.Error);
    }

    /// <summary>The runtime that runs this test, three levels above its core library.</summary>
    private static string DotnetRoot =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
}
