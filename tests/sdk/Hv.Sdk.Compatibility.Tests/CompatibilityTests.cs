using System.Security.Cryptography;
using Hv.Fixtures;
using Hv.PluginHost;
using Hv.Sdk.Conformance.Device;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;
using Hv.Testing;

namespace Hv.Sdk.Compatibility.Tests;

/// <summary>A plugin that was compiled against any released minor version of the SDK loads into this host, runs, is
/// saved and restored, and passes the device suite. <c>HV_UPDATE_KEPT=1</c> keeps the plugin of a version whose folder
/// has sources only.</summary>
public sealed class CompatibilityTests : IDisposable
{
    private readonly FixtureInstallation installation = new();

    public static TheoryData<string> Versions => [.. KeptPlugin.Versions];

    public static TheoryData<string, string> Checks
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string version in KeptPlugin.Versions)
            {
                foreach (Check check in DeviceSuite.Default.AllChecks) data.Add(version, check.Name);
            }
            return data;
        }
    }

    public CompatibilityTests()
    {
        if (Environment.GetEnvironmentVariable("HV_UPDATE_KEPT") != "1") return;
        foreach (KeptPlugin plugin in KeptPlugin.Versions.Select(KeptPlugin.Of))
        {
            plugin.Keep();
            plugin.KeepState(Load(plugin));
        }
    }

    public void Dispose() => installation.Dispose();

    /// <summary>As the host loads it, from its binary, into a load context of its own.</summary>
    private IDeviceFactory Load(KeptPlugin plugin)
    {
        string folder = Install(plugin);
        PluginCatalog catalog = installation.Open();
        InstalledPlugin installed = catalog.Plugins.Single(p => p.Folder == folder);
        Assert.Empty(catalog.Check(installed));
        return catalog.Create<IDeviceFactory>(ExtensionKind.Device, "kept");
    }

    private string Install(KeptPlugin plugin)
    {
        string folder = installation.Folder("Hv.Kept");
        Directory.CreateDirectory(folder);
        foreach (string file in (string[])["Hv.Kept.dll", "plugin.json"]) File.Copy(
            Path.Combine(plugin.Folder, file), Path.Combine(folder, file), overwrite: true);
        return folder;
    }

    [Fact]
    public void ThisMinorVersion_IsKept() => Assert.Contains(PluginCatalog.SdkVersion.ToString(2), KeptPlugin.Versions);

    [Theory, MemberData(nameof(Versions))]
    public void Binary_IsTheOneThatWasRecorded(string version)
    {
        KeptPlugin plugin = KeptPlugin.Of(version);
        Assert.Equal(plugin.RecordedHash, Convert.ToHexStringLower(SHA256.HashData(plugin.Bytes)));
    }

    /// <summary>An older binary needs the SDK and framework of its day to be made again; its hash vouches for
    /// it.</summary>
    [Fact]
    public void BinaryOfThisMinorVersion_ComesFromItsSourcesByteForByte()
    {
        KeptPlugin plugin = KeptPlugin.Of(PluginCatalog.SdkVersion.ToString(2));
        Assert.Equal(plugin.Bytes, plugin.Compile());
    }

    [Theory, MemberData(nameof(Versions))]
    public void Binary_IsBoundToTheMajorVersionOnly(string version)
    {
        IDeviceFactory factory = Load(KeptPlugin.Of(version));
        System.Reflection.AssemblyName sdk =
            factory.GetType().Assembly.GetReferencedAssemblies().Single(a => a.Name == "Hv.Sdk");
        Assert.Equal(new Version(1, 0, 0, 0), sdk.Version);
        Assert.NotSame(System.Runtime.Loader.AssemblyLoadContext.Default,
            System.Runtime.Loader.AssemblyLoadContext.GetLoadContext(factory.GetType().Assembly));
    }

    [Theory, MemberData(nameof(Checks))]
    public void Binary_PassesTheDeviceSuite(string version, string check)
    {
        KeptPlugin plugin = KeptPlugin.Of(version);
        DeviceSubject subject =
            new() { Factory = Load(plugin), States = plugin.States, Prepare = static (bench, _) =>
                KeptPlugin.Use(bench) };
        CheckResult result = DeviceSuite.Default.RunCheck(check, subject, ConformanceOptions.Quick);
        Assert.True(result.Outcome is CheckOutcome.Passed, $"{check}: {result.Outcome} {result.Evidence}");
    }

    [Theory, MemberData(nameof(Versions))]
    public void State_ThatItSaved_GoesOnTicking(string version)
    {
        KeptPlugin plugin = KeptPlugin.Of(version);
        RecordedState state = Assert.Single(plugin.States);
        using DeviceBench bench = DeviceBench.Create(Load(plugin));
        KeptPlugin.Use(bench);
        using DeviceBench twin = DeviceBench.Restore(bench.Save());
        Assert.Equal(Convert.ToHexString(state.Bytes), Convert.ToHexString(bench.Save().State));
        Assert.Equal(3ul, twin.In(0xf2));
        twin.Advance(1_000_000);
        Assert.Equal(4ul, twin.In(0xf2));
    }

    /// <summary>In a whole machine: the guest writes 5 to port F4h (the device's control register there), which starts
    /// the ticks.</summary>
    [Theory, MemberData(nameof(Versions))]
    public async Task Binary_InAMachine_RunsIsSavedAndRestored(string version)
    {
        string folder = Install(KeptPlugin.Of(version));
        string kernel = Path.Combine(installation.Root, "kernel.elf"), saved = Path.Combine(installation.Root, "saved");
        File.WriteAllBytes(kernel, StubKernel.Exit(5));
        VmSetup setup = new VmSetup { Installation = KeptPlugin.Metadata("HvOutput") }.With("kernel", kernel).With(
            "memory", "64M")
            .WithPlugin(folder).WithDevice("kept,port=0xf4");
        ulong ticks;
        await using (Vm vm = await Vm.Start(setup))
        {
            while ((ticks = await vm.Devices["kept0"].Counter("ticks")) == 0) await Task.Delay(10);
            await vm.Pause();
            ticks = await vm.Devices["kept0"].Counter("ticks");
            await vm.Save(saved);
        }
        await using Vm restored = await Vm.Start(setup.RestoredFrom(saved));
        Assert.Equal(1ul, await restored.Devices["kept0"].Counter("writes"));
        while (await restored.Devices["kept0"].Counter("ticks") <= ticks) await Task.Delay(10);
    }
}
