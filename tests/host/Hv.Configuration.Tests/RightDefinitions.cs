using Hv.Sdk;
using Hv.Vmm.Description;

namespace Hv.Configuration.Tests;

/// <summary>What a definition and flags come to.</summary>
public sealed class RightDefinitions : IDisposable
{
    private readonly DefinitionFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Theory]
    [InlineData("512", 512UL << 20)]
    [InlineData("64M", 64UL << 20)]
    [InlineData("1073741824", 1UL << 30)]
    public void Memory_WithoutAUnit_IsInMebibytes(string text, ulong bytes) =>
        Assert.Equal(bytes, fixture.ReadRight("""{ "kernel": "vmlinuz" }""", "memory=" + text).Machine.MemoryBytes);

    [Fact]
    public void Read_CommentsAndTrailingCommas_AreAllowed()
    {
        VmDefinition vm = fixture.ReadRight("""
            {
              // what to boot
              "kernel": "vmlinuz", /* beside this file */
              "memory": "1G",
              "cpus": 2,
              "no-reboot": true,
              "timeout": "90s",
              "watchdog": "45s",
            }
            """);

        Assert.Equal(Path.Combine(fixture.Root, "vmlinuz"), vm.Machine.Boot.Kernel);
        Assert.Equal(1UL << 30, vm.Machine.MemoryBytes);
        Assert.Equal(2, vm.Machine.VcpuCount);
        Assert.True(vm.Machine.NoReboot);
        Assert.Equal(TimeSpan.FromSeconds(90), vm.Machine.Timeout);
        Assert.Equal(TimeSpan.FromSeconds(45), vm.Machine.WatchdogPatience);
        Assert.Equal("vm", vm.Machine.Name);
        Assert.Null(vm.Machine.Engine);
        Assert.Equal("microvm", vm.Machine.Board.Name);
    }

    [Fact]
    public void Read_FlagsOverADefinition_ReplaceValuesAndAddDevices()
    {
        fixture.File("a.img", "a");
        string second = fixture.File("b.img", "b");

        VmDefinition vm = fixture.ReadRight(
            """{ "kernel": "vmlinuz", "memory": "1G", "disk": "a.img" }""", "memory=256M", $"disk={second},readonly");

        Assert.Equal(256UL << 20, vm.Machine.MemoryBytes);
        DiskBackendDescription[] disks = [.. vm.Machine.Backends.OfType<DiskBackendDescription>()];
        Assert.Equal(["a.img", "b.img"], disks.Select(d => Path.GetFileName(d.File)));
        Assert.Equal([false, true], disks.Select(d => d.IsReadOnly));
        Assert.Equal(["disk0", "disk1"], vm.Machine.Devices.Select(d => d.Path));
        Assert.All(vm.Machine.Devices, d => Assert.Equal("virtio-blk", d.Model));
    }

    [Fact]
    public void Read_DiskAsTextOrAsObject_ComesToTheSame()
    {
        fixture.File("a.img", "a");

        VmDefinition text = fixture.ReadRight("""{ "kernel": "vmlinuz", "disk": "a.img,readonly,serial=X1" }""");
        VmDefinition parts = fixture.ReadRight(
            """{ "kernel": "vmlinuz", "disk": [ { "file": "a.img", "readonly": true, "serial": "X1" } ] }""");

        DiskBackendDescription first = text.Machine.Backends.OfType<DiskBackendDescription>().Single();
        DiskBackendDescription second = parts.Machine.Backends.OfType<DiskBackendDescription>().Single();
        Assert.Equal((first.File, first.IsReadOnly, first.Serial), (second.File, second.IsReadOnly, second.Serial));
        Assert.Equal("X1", first.Serial);
    }

    [Fact]
    public void Read_DiskWithOptionsOfItsModel_GivesThemToTheDevice()
    {
        string path = fixture.File("a.img", "a");

        VmDefinition vm = fixture.ReadRight("""{ "kernel": "vmlinuz" }""", $"disk={path},queues=2,serial=X1");

        Assert.Equal("2", Assert.Single(Assert.Single(vm.Machine.Devices).Options).Value);
        Assert.Equal("X1", vm.Machine.Backends.OfType<DiskBackendDescription>().Single().Serial);
    }

    [Fact]
    public void Read_SerialWithAModel_ConnectsADeviceOfThatModel()
    {
        VmDefinition vm = fixture.ReadRight("""{ "kernel": "vmlinuz" }""", "serial=stdio,model=uart,depth=4");

        DeviceDescription device = Assert.Single(vm.Machine.Devices);
        Assert.Equal(("uart0", "uart", "4"), (device.Path, device.Model, device.Options["depth"]));
        Assert.Equal("uart0", Assert.IsType<ConsoleBackendDescription>(Assert.Single(vm.Machine.Backends)).DevicePath);
    }

    [Fact]
    public void Read_CommaTwiceInAText_IsOneComma()
    {
        string path = fixture.File("a,b.img", "x");

        VmDefinition vm = fixture.ReadRight(
            null, "kernel=" + Path.Combine(fixture.Root, "vmlinuz"), "disk=" + path.Replace(",", ",,"));

        Assert.Equal(path, vm.Machine.Backends.OfType<DiskBackendDescription>().Single().File);
    }

    [Fact]
    public void Read_PathOptionsInADefinition_AreRelativeToIt()
    {
        VmDefinition vm = fixture.ReadRight("""{ "kernel": "vmlinuz", "device": "uart,log=uart.log,name=com" }""");

        DeviceDescription device = Assert.Single(vm.Machine.Devices);
        Assert.Equal("com", device.Path);
        Assert.Equal(Path.Combine(fixture.Root, "uart.log"), device.Options["log"]);
    }

    [Fact]
    public void Read_OptionsOfThePluginList_StandBelowTheDefinition()
    {
        fixture.List("""{ "plugins": [ { "path": "plugins/Parts", "options": { "depth": 4, "mode": "slow" } } ] }""");

        VmDefinition vm = fixture.ReadRight("""{ "kernel": "vmlinuz", "device": "uart,mode=fast" }""");

        IReadOnlyDictionary<string, string> options = Assert.Single(vm.Machine.Devices).Options;
        Assert.Equal(("4", "fast"), (options["depth"], options["mode"]));
    }

    [Fact]
    public void Read_NoSerial_PutsTheFirstPortOnTheTerminal()
    {
        VmDefinition vm = fixture.ReadRight("""{ "kernel": "vmlinuz" }""");

        Assert.IsType<ConsoleBackendDescription>(Assert.Single(vm.Machine.Backends));
        Assert.Equal("terminal", Assert.Single(vm.FrontEnds).Name);
    }

    [Fact]
    public void Read_SerialNone_StartsNoFrontEnd()
    {
        VmDefinition vm = fixture.ReadRight("""{ "kernel": "vmlinuz" }""", "serial=none");

        Assert.IsType<NullCharBackendDescription>(Assert.Single(vm.Machine.Backends));
        Assert.Empty(vm.FrontEnds);
    }

    [Fact]
    public void Read_SameNameAndSeed_GiveTheSameIdentity()
    {
        const string Json = """{ "kernel": "vmlinuz", "name": "a" }""";

        Guid first = fixture.ReadRight(Json).Machine.Id;

        Assert.Equal(first, fixture.ReadRight(Json).Machine.Id);
        Assert.NotEqual(first, fixture.ReadRight(Json, "seed=7").Machine.Id);
        Assert.NotEqual(first, fixture.ReadRight(Json, "name=b").Machine.Id);
    }

    [Fact]
    public void Read_EngineThatIsKnownButNotInstalled_IsUnavailableNotWrong() =>
        Assert.Throws<UnavailableException>(() => fixture.Read("""{ "kernel": "vmlinuz", "engine": "kvm" }"""));

    [Fact]
    public void Read_WordsForTheGuest_EndTheCommandLine()
    {
        var bag = new Diagnostics.DiagnosticBag();
        var settings = new DefinitionSettings();
        settings.ReadFile(fixture.File("vm.json", """{ "append": "console=ttyS0" }"""), bag);

        settings.AppendToCommandLine(["quiet", "panic=1"]);

        Assert.Equal("console=ttyS0 quiet panic=1", settings[DefinitionKeys.Find("append")!][0].Text);
    }

    [Fact]
    public void Faults_FromTheDefinitionAndFlags_AreRulesInTheirOrder()
    {
        IReadOnlyList<FaultDescription> faults = fixture.ReadRight(
            """
            {
              "kernel": "vmlinuz",
              "faults": [ { "fault": "glitch", "where": "disk0:drive", "depth": 3, "nth": 2, "probability": 0.5 } ]
            }
            """, "fault=glitch,where=machine,name=second,after=5ms,optional").Machine.Faults;

        Assert.Equal([("glitch", null, "disk0:drive"), ("glitch", "second", "machine")],
            faults.Select(f => (f.Fault.Name, f.Name, f.Where)));
        Assert.Equal("3", Assert.Single(faults[0].Fault.Options).Value);
        Assert.Equal(["nth=2", "probability=0.5"], faults[0].When.Select(w => $"{w.Key}={w.Value}").Order());
        Assert.Equal(["after=5ms", "optional=on"], faults[1].When.Select(w => $"{w.Key}={w.Value}").Order());
        Assert.Equal((3, 15), (faults[0].Place.Line, faults[0].Place.Column));
    }
}
