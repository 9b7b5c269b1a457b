using System.Net.Sockets;
using Hv.Fixtures;

namespace Hv.Tests;

/// <summary>Running VMs that take commands: <c>hv plugin reload</c>, and the socket as a script uses it.</summary>
public sealed class CommandedMachines : IDisposable
{
    private const string Plugin = "acme.lamp";
    private readonly HvProcess hv = new();
    private readonly FixtureInstallation installation = new();

    public CommandedMachines()
    {
        installation.List($$"""
            { "plugins": [
              { "path": "{{Path.GetDirectoryName(HvProcess.Executable)}}/plugins/*" }, { "path": "plugins/*" } ] }
            """);
        installation.Add(Plugin, Lamp("one"), "lamp");
        installation.Open();
        File.WriteAllBytes(Path.Combine(hv.Root, "kernel.elf"), StubKernel.PrintAndSpin("UP\n"));
    }

    public void Dispose()
    {
        hv.Dispose();
        installation.Dispose();
    }

    /// <summary>A device that says at the warning level which code loads which state.</summary>
    private static string Lamp(string name, int version = 1, int oldest = 1, bool hasState = true) => $$"""
        using Hv.Sdk;
        using Hv.Sdk.State;

        [Device("lamp", Title = "a lamp")]
        public sealed class LampFactory : IDeviceFactory
        {
            public OptionSchema Options => OptionSchema.Empty;
            public IDevice Create(OptionValues options) => new Lamp();
        }

        public sealed class Lamp : IDevice{{(hasState ? ", IStateful" : "")}}
        {
            private IDeviceContext context;
            private ulong loads;
            public void Attach(IDeviceContext to) => context = to;
            public void Reset(ResetKind kind) => loads = 0;
            public void Dispose() { }
            public string StateId => "acme.lamp";
            public ushort StateVersion => {{version}};
            public ushort OldestStateVersion => {{oldest}};
            public void Save(StateWriter writer) => writer.UInt(1, loads + 1);
            public void Load(StateReader reader)
            {
                loads = reader.UInt(1, 0, ulong.MaxValue);
                context.Log.Write(LogLevel.Warn, "{{name}} loads " + loads + " of version " + reader.Version);
            }
        }
        """;

    private RunningHv Run(params string[] more) => RunningHv.Start(hv,
    [
        "run", "--plugins", Path.Combine(installation.Root, "plugins.json"), "--kernel", "kernel.elf", "--memory", "64M",
        "--name", "light", "--device", "lamp", .. more,
    ]);

    private (int Code, string Text) Command(params string[] arguments)
    {
        using RunningHv command = RunningHv.Start(hv, arguments);
        int code = command.ExitCode();
        return (code, command.Text);
    }

    private string Build(string source)
    {
        string folder = Directory.CreateDirectory(Path.Combine(hv.Root, "build")).FullName;
        PluginCompiler.Compile(Path.Combine(folder, $"{Plugin}.dll"), source, PluginCompiler.SdkPath);
        File.Copy(Path.Combine(installation.Folder(Plugin), "plugin.json"), Path.Combine(folder, "plugin.json"), overwrite: true);
        return folder;
    }

    [Fact]
    public void Reload_NewerVersion_TakesTheStateOverAndSaysWhatHappened()
    {
        using RunningHv vm = Run("--reloadable");
        _ = RunningHv.Socket(hv, "light");

        (int code, string text) = Command("plugin", "reload", Plugin, "--path", Build(Lamp("two", version: 2)));

        Assert.Equal(0, code);
        Assert.Contains($"{Plugin} 1.2.3: lamp0; the guest stood still for", text, StringComparison.Ordinal);
        // The first load is the rehearsal.
        vm.Expect("two loads 1 of version 1");
        (code, text) = Command("plugin", "reload", Plugin, "--path", Build(Lamp("three", version: 3, oldest: 2)), "--json");
        Assert.Equal(0, code);
        Assert.Contains("\"blackoutMs\"", text, StringComparison.Ordinal);
        vm.Expect("three loads 2 of version 2");
    }

    [Fact]
    public void Reload_NewCodeReadsNewerStatesOnly_IsRefusedByNameAndTheOldRunsOn()
    {
        using RunningHv vm = Run("--reloadable");
        string socket = RunningHv.Socket(hv, "light");

        (int code, string text) = Command("plugin", "reload", Plugin, "--path", Build(Lamp("two", version: 3, oldest: 2)));

        Assert.Equal(4, code);
        Assert.Contains("error HV2019: the device lamp0 (lamp) has state acme.lamp of version 1", text, StringComparison.Ordinal);
        Assert.Contains("reads 2 to 3", text, StringComparison.Ordinal);
        Assert.Equal("running", RunningHv.Call(socket, "info").GetProperty("state").GetString());
        File.WriteAllText(Path.Combine(hv.Root, "build", $"{Plugin}.dll"), "half a build");
        (code, text) = Command("plugin", "reload", Plugin, "--path", Path.Combine(hv.Root, "build"));
        Assert.Equal(4, code);
        Assert.Contains("HV2005", text, StringComparison.Ordinal);
        Assert.Equal(0, Command("plugin", "reload", Plugin, "--path", Build(Lamp("two"))).Code);
        vm.Expect("two loads 1 of version 1");
    }

    [Fact]
    public void Reload_Watching_FollowsBuildsUntilInterrupted()
    {
        using RunningHv vm = Run("--reloadable");
        _ = RunningHv.Socket(hv, "light");
        using RunningHv watch = RunningHv.Start(hv, "plugin", "reload", "--watch", Build(Lamp("one")));
        watch.Expect($"for {Plugin} in the VM 'light'");

        _ = Build(Lamp("two"));
        watch.Expect("lamp0; the guest stood still for");
        vm.Expect("two loads");
        File.WriteAllText(Path.Combine(hv.Root, "build", $"{Plugin}.dll"), "half a build");
        watch.Expect("HV2005");
        _ = Build(Lamp("three"));
        vm.Expect("three loads");

        watch.Interrupt();
        Assert.Equal(130, watch.ExitCode());
    }

    [Fact]
    public void Reload_NothingToCommand_SaysHowToStartIt()
    {
        (int code, string text) = Command("plugin", "reload", Plugin);
        Assert.Equal(1, code);
        Assert.Contains("HV3005", text, StringComparison.Ordinal);
        Assert.Contains("--reloadable", text, StringComparison.Ordinal);

        using RunningHv vm = Run();
        vm.Expect("UP");
        Assert.Equal(1, Command("plugin", "reload", Plugin, "--vm", "light").Code);
        Assert.Equal(2, Command("plugin", "reload").Code);
    }

    [Fact]
    public void Reload_PluginsThatTheMachineHolds_AreRefusedByName()
    {
        using RunningHv vm = Run("--reloadable");
        _ = RunningHv.Socket(hv, "light");
        Assert.Contains("engine 'interpret'", Refused("hv.engines.x86.interpreter"), StringComparison.Ordinal);
        Assert.Contains("ILocalApics", Refused("hv.chipset.local-apic"), StringComparison.Ordinal);
        Assert.Contains("did you mean", Refused("acme.lam"), StringComparison.Ordinal);

        string Refused(string plugin)
        {
            (int code, string text) = Command("plugin", "reload", plugin);
            Assert.NotEqual(0, code);
            return text;
        }
    }

    [Fact]
    public void Socket_IsTheOwnersAlone_AndGoesWithTheMachine()
    {
        using RunningHv vm = Run("--reloadable");
        string socket = RunningHv.Socket(hv, "light");
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode ReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            Assert.Equal(ReadWrite, File.GetUnixFileMode(socket));
            Assert.Equal(ReadWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(socket)!));
        }

        Assert.Equal("light", RunningHv.Call(socket, "info").GetProperty("name").GetString());
        _ = RunningHv.Call(socket, "pause");
        Assert.Equal("paused", RunningHv.Call(socket, "info").GetProperty("state").GetString());
        _ = RunningHv.Call(socket, "resume");
        _ = RunningHv.Call(socket, "reset");
        Assert.Equal("running", RunningHv.Call(socket, "info").GetProperty("state").GetString());
        _ = RunningHv.Call(socket, "quit");
        Assert.Equal(0, vm.ExitCode());
        Assert.False(File.Exists(socket));
    }

    [Fact]
    public void Socket_ClientsThatDoNotSpeakTheLanguage_HarmNobody()
    {
        using RunningHv vm = Run("--reloadable");
        string socket = RunningHv.Socket(hv, "light");
        foreach (string words in (string[])["", "hello", "{", "[]", """{"jsonrpc":"2.0","id":1,"method":"format"}""", "\0\0\0\0"])
        {
            using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            client.Connect(new UnixDomainSocketEndPoint(socket));
            client.Send(System.Text.Encoding.UTF8.GetBytes(words + "\n"));
        }

        Assert.Equal("running", RunningHv.Call(socket, "info").GetProperty("state").GetString());
    }

    [Fact]
    public void Socket_OfAKilledMachine_IsTakenOver_AndOfALivingOneIsNot()
    {
        using (RunningHv killed = Run("--reloadable"))
        {
            _ = RunningHv.Socket(hv, "light");
            killed.Kill();
        }

        using RunningHv first = Run("--reloadable");
        string socket = RunningHv.Socket(hv, "light");
        int process = RunningHv.Call(socket, "info").GetProperty("processId").GetInt32();
        using RunningHv second = Run("--reloadable");
        Assert.True(SpinWait.SpinUntil(
            () => Directory.GetFiles(Path.Combine(hv.Root, "hv"), "light-*.sock").Length == 1, TimeSpan.FromMinutes(1)));

        Assert.Equal(process, RunningHv.Call(socket, "info").GetProperty("processId").GetInt32());
        (int code, string text) = Command("plugin", "reload", Plugin);
        Assert.Equal(1, code);
        Assert.Contains("2 VMs are running: light, light-", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("save-on-exit", "--save-on-exit", "x.hvsave")]
    [InlineData("reloadable", "--reloadable")]
    [InlineData("front-end 'terminal'", "--display", "terminal,save-file=x.hvsave")]
    public void Run_DeviceWithoutStateAndSavingAskedFor_IsRefusedWhenItIsCreated(string asker, params string[] flags)
    {
        installation.Add(Plugin, Lamp("one", hasState: false), "lamp");

        using RunningHv vm = Run([.. flags, "--timeout", "5s"]);

        Assert.Equal(2, vm.ExitCode());
        Assert.Contains($"{asker}: the device lamp0 (lamp, plugin {Plugin}) does not say how it is saved", vm.Text,
            StringComparison.Ordinal);
        Assert.DoesNotContain("UP", vm.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_DeviceWithoutStateAndNobodyAsks_Runs()
    {
        installation.Add(Plugin, Lamp("one", hasState: false), "lamp");

        using RunningHv vm = Run("--timeout", "2s");

        Assert.Equal(124, vm.ExitCode());
    }
}
