using System.Buffers.Binary;
using Hv.Sdk;
using Hv.Sdk.Io;
using Hv.Sdk.Management;
using Hv.Sdk.State;
using Hv.Sdk.Time;
using Hv.Vmm.Description;
using Hv.Vmm.Snapshots;

namespace Hv.Vmm.Tests;

public sealed class SnapshotTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hv-snapshots-").FullName;

    private string Path(string name) => System.IO.Path.Combine(folder, name);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>A guest that never ends: counts in RAM, reads the clock, and makes a device arm a timer that draws
    /// randomness, raises a line and sends an interrupt.</summary>
    private static TestMachine Busy(TimeMode mode, int vcpus, string? restoreFrom = null, ulong seed = 7)
    {
        Step[] script =
        [
            new Step.Out(0xf0, 1, 1),
            new Step.Count(0x1000), new Step.Clock(0), new Step.Out(0x50, 4, 3333), new Step.Count(0x40000),
            new Step.In(0x50, 4, 1), new Step.WriteMemory(0xf000_0000, 8, 5), new Step.Jump(1),
        ];
        Step[] second = [new Step.Count(0x2000), new Step.Clock(0), new Step.Halt(), new Step.Jump(0)];
        TestMachine m = new TestMachine(script, second)
            .Add("worker", Worker)
            .Wire("worker", "irq", "apic", "lint0", 0);
        m.Description = m.Description with
        {
            Time = mode,
            VcpuCount = vcpus,
            Seed = seed,
            RestoreFrom = restoreFrom,
            StateHashInterval = mode == TimeMode.Deterministic ? 100_000u : 0,
        };
        return m;
    }

    private static void Worker(LambdaDevice d, IDeviceContext c)
    {
        c.MapPorts("io", 0x50, 4, d, 0);
        var irq = c.IrqOut("irq");
        IVmTimer? timer = null;
        timer = c.CreateTimer("work", due =>
        {
            Span<byte> random = stackalloc byte[8];
            c.Entropy.Fill(random);
            d.Registers[0]++;
            d.Registers[1] ^= BinaryPrimitives.ReadUInt64LittleEndian(random);
            d.Registers[2] = (ulong)due.Nanoseconds;
            irq.Set((d.Registers[0] & 1) != 0);
        });
        d.OnWrite = (in IoAccess _, ulong value) =>
        {
            if (timer.Due == VmTime.Never) timer.Arm(c.Clock.Now.AddNs((long)value));
            return IoStatus.Ok;
        };
        d.OnRead = (in IoAccess _, out ulong value) =>
        {
            value = d.Registers[1];
            return IoStatus.Ok;
        };
        d.OnReset = _ => Array.Clear(d.Registers);
    }

    [Theory]
    [InlineData(TimeMode.Real, 1)]
    [InlineData(TimeMode.Real, 2)]
    [InlineData(TimeMode.Deterministic, 1)]
    [InlineData(TimeMode.Deterministic, 2)]
    public async Task SaveAndRestore_BusyMachine_GoesOnWhereItWas(TimeMode mode, int vcpus)
    {
        string file = Path("busy.hvs");
        TestMachine first = Busy(mode, vcpus);
        ulong retired;
        ulong counted;
        using (Machine machine = first.Begin())
        {
            Assert.True(SpinWait.SpinUntil(() => first.Vcpu(0).Retired > 50_000, TestMachine.Patience));
            await machine.PauseAsync();
            await machine.SaveAsync(file);
            retired = first.Vcpu(0).Retired;
            counted = first.ScriptedEngine.Partition!.Word(0x1000);
        }

        TestMachine second = Busy(mode, vcpus, file, seed: 99);
        using Machine restored = second.Begin();
        await restored.PauseAsync();
        Assert.True(second.Vcpu(0).Retired >= retired);
        Assert.True(second.ScriptedEngine.Partition!.Word(0x1000) >= counted);
        Assert.Equal(0, second.Installs);
        await restored.ResumeAsync();
        Assert.True(SpinWait.SpinUntil(() => second.Vcpu(0).Retired > retired + 50_000, TestMachine.Patience));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SaveAndRestore_DeterministicMachineAtAnyMoment_GivesTheSameHashesAsOneThatWasNotSaved(int vcpus)
    {
        Dictionary<ulong, ulong> reference = [];
        TestMachine undisturbed = Busy(TimeMode.Deterministic, vcpus);
        using (Machine machine = undisturbed.Begin())
        {
            Assert.True(SpinWait.SpinUntil(() => undisturbed.Vcpu(0).Retired > 2_000_000, TestMachine.Patience));
            await machine.PauseAsync();
            foreach (StateHash hash in machine.StateHashes) reference.Add(hash.Instructions, hash.Hash);
        }

        int compared = 0;
        string? from = null;
        for (int round = 0; round < 8; round++)
        {
            TestMachine m = Busy(TimeMode.Deterministic, vcpus, from);
            using Machine machine = m.Begin();
            ulong until = (ulong)(round + 1) * 170_000;
            Assert.True(SpinWait.SpinUntil(() => m.Vcpu(0).Retired > until, TestMachine.Patience));
            await machine.PauseAsync();
            from = Path($"round{round}.hvs");
            await machine.SaveAsync(from);
            foreach (StateHash hash in machine.StateHashes)
            {
                if (!reference.TryGetValue(hash.Instructions, out ulong expected)) continue;
                Assert.Equal(expected, hash.Hash);
                compared++;
            }
        }
        Assert.True(compared >= 8, $"only {compared} hashes could be compared");
    }

    [Fact]
    public async Task Run_AnotherSeed_GivesOtherHashes()
    {
        List<ulong> hashes = [];
        foreach (ulong seed in (ulong[])[7, 7, 8])
        {
            TestMachine m = Busy(TimeMode.Deterministic, 2, seed: seed);
            using Machine machine = m.Begin();
            Assert.True(SpinWait.SpinUntil(() => m.Vcpu(0).Retired > 400_000, TestMachine.Patience));
            await machine.PauseAsync();
            hashes.Add(machine.StateHashes.Single(h => h.Instructions == 300_000).Hash);
        }
        Assert.Equal(hashes[0], hashes[1]);
        Assert.NotEqual(hashes[0], hashes[2]);
    }

    private async Task<string> SaveBusy()
    {
        string file = Path("saved.hvs");
        TestMachine m = Busy(TimeMode.Real, 1);
        using Machine machine = m.Begin();
        Assert.True(SpinWait.SpinUntil(() => m.Vcpu(0).Retired > 10_000, TestMachine.Patience));
        await machine.SaveAsync(file);
        return file;
    }

    private static string Refusal(TestMachine m)
    {
        using Machine machine = m.Make();
        return Assert.Throws<StateException>(() => machine.Start()).Message;
    }

    [Fact]
    public async Task Restore_FileCutAnywhere_IsRefused()
    {
        byte[] whole = File.ReadAllBytes(await SaveBusy());
        string cut = Path("cut.hvs");
        for (int i = 0; i < 24; i++)
        {
            File.WriteAllBytes(cut, whole[..(int)((long)whole.Length * i / 24)]);
            Assert.Contains("cut.hvs", Refusal(Busy(TimeMode.Real, 1, cut)), StringComparison.Ordinal);
        }
        File.WriteAllBytes(cut, whole[..^1]);
        Assert.Contains("ends too early", Refusal(Busy(TimeMode.Real, 1, cut)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_OneByteChangedAnywhere_IsRefused()
    {
        byte[] whole = File.ReadAllBytes(await SaveBusy());
        string changed = Path("changed.hvs");
        Random random = new(1);
        for (int i = 0; i < 60; i++)
        {
            byte[] bytes = [.. whole];
            int at = random.Next(bytes.Length);
            if (at is >= 12 and < 16) continue; // unused bytes of the header
            bytes[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(changed, bytes);
            Assert.Contains("changed.hvs", Refusal(Busy(TimeMode.Real, 1, changed)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Restore_MachineIsAnother_IsRefusedNamingTheDifference()
    {
        string file = await SaveBusy();
        TestMachine memory = Busy(TimeMode.Real, 1, file);
        memory.Description = memory.Description with { MemoryBytes = 2 << 20 };
        Assert.Contains("memory", Refusal(memory), StringComparison.Ordinal);
        Assert.Contains("vCPU", Refusal(Busy(TimeMode.Real, 2, file)), StringComparison.Ordinal);
        TestMachine more = Busy(TimeMode.Real, 1, file).Add("lamp", (_, _) => { });
        Assert.Contains("lamp", Refusal(more), StringComparison.Ordinal);
        TestMachine fewer = new([new Step.Halt()]);
        fewer.Description = fewer.Description with { RestoreFrom = file };
        Assert.Contains("worker", Refusal(fewer), StringComparison.Ordinal);
    }

    [Fact]
    public void Restore_NoSuchFile_SaysSo() =>
        Assert.Contains("no such file", Refusal(Busy(TimeMode.Real, 1, Path("ghost.hvs"))), StringComparison.Ordinal);

    [Fact]
    public async Task Save_FolderIsMissing_FailsAndTheMachineGoesOn()
    {
        TestMachine m = Busy(TimeMode.Real, 1);
        using Machine machine = m.Begin();
        await Assert.ThrowsAnyAsync<IOException>(() => machine.SaveAsync(Path("no/such/folder/file.hvs")));
        ulong retired = m.Vcpu(0).Retired;
        Assert.True(SpinWait.SpinUntil(() => m.Vcpu(0).Retired > retired, TestMachine.Patience));
        Assert.Equal(MachineState.Running, machine.State);
    }

    [Fact]
    public async Task Save_DeviceWithoutState_IsRefusedByNameFromTheBeginning()
    {
        TestMachine m = Busy(TimeMode.Real, 1).Add("amnesiac", () => new StatelessDevice());
        using Machine machine = m.Make();
        Assert.Contains("amnesiac", Assert.Single(machine.WhyUnsaveable), StringComparison.Ordinal);
        machine.Start();
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => machine.SaveAsync(Path("x.hvs")));
        Assert.Contains("amnesiac", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path("x.hvs")));
    }

    [Fact]
    public void SaveOnExit_MachineIsQuit_WritesAFileThatRestores()
    {
        TestMachine m = Busy(TimeMode.Real, 1);
        m.Description = m.Description with { SaveOnExit = Path("exit.hvs"), Timeout = TimeSpan.FromMilliseconds(100) };
        MachineOutcome outcome = m.Run();
        Assert.Equal((EndReason.Saved, 0), (outcome.Reason, outcome.ExitCode));
        TestMachine second = Busy(TimeMode.Real, 1, Path("exit.hvs"));
        using Machine restored = second.Begin();
        Assert.True(SpinWait.SpinUntil(() => second.Vcpu(0).Retired > m.Vcpu(0).Retired, TestMachine.Patience));
        Assert.Single(Directory.GetFiles(folder));
    }

    private sealed class StatelessDevice : IDevice
    {
        public void Attach(IDeviceContext context)
        {
        }

        public void Reset(ResetKind kind)
        {
        }

        public void Dispose()
        {
        }
    }

    /// <summary>Has work on the host: its end is posted when the drain begins.</summary>
    private sealed class Draining : IDevice, IDrain, IStateful
    {
        private IDeviceContext context = null!;
        private int steps;

        public bool IsDrained => steps == 2;
        public ulong StepsWhenSaved { get; private set; }
        public string StateId => "test.draining";
        public ushort StateVersion => 1;
        public ushort OldestStateVersion => 1;

        public void Attach(IDeviceContext to) => context = to;

        public void Reset(ResetKind kind) => steps = 0;

        public void BeginDrain() => _ = Task.Run(() => context.Strand.Post(() =>
        {
            steps++;
            context.Strand.Post(() => steps++);
        }));

        public void Save(StateWriter writer) => writer.UInt(1, StepsWhenSaved = (ulong)steps);

        public void Load(StateReader reader) => steps = (int)reader.UInt(1, 0, 2);

        public void Dispose()
        {
        }
    }

    [Theory]
    [InlineData(TimeMode.Real)]
    [InlineData(TimeMode.Deterministic)]
    public async Task Save_DeviceDrains_WhatItPostsIsDelivered(TimeMode mode)
    {
        Draining device = new();
        TestMachine m = Busy(mode, 1).Add("draining", () => device);
        using Machine machine = m.Begin();
        await machine.SaveAsync(Path("drained"));
        Assert.Equal(2ul, device.StepsWhenSaved);
    }

    /// <summary>A machine is saved while an instruction waits for the second of its reads: the first is not made
    /// again.</summary>
    [Fact]
    public async Task Save_InstructionWaitsForARead_ReadsThatItMadeAreKept()
    {
        List<ulong> reads = [];
        ulong ticket = 0;
        IDeviceContext? context = null;
        TestMachine Machine() =>
            new TestMachine([new Step.InAll(0, 0x30, 0x31), new Step.Out(0x600, 1, 0), new Step.Halt()])
            .Add("slow", (d, c) =>
            {
                context = c;
                c.MapPorts("io", 0x30, 2, d, 0);
                d.OnRead = (in IoAccess access, out ulong value) =>
                {
                    reads.Add(access.Offset);
                    value = (ulong)reads.Count;
                    if (access.Offset == 0) return IoStatus.Ok;
                    ticket = c.Defer(access);
                    return IoStatus.Deferred;
                };
            })
            .Add("off", (d, c) =>
            {
                c.MapPorts("off", 0x600, 1, d, 0);
                d.OnWrite = (in IoAccess _, ulong _) =>
                {
                    c.Machine.RequestPowerOff("done");
                    return IoStatus.Ok;
                };
            });
        TestMachine first = Machine();
        using (Machine machine = first.Begin())
        {
            Assert.True(SpinWait.SpinUntil(() => reads.Count == 2, TestMachine.Patience));
            await machine.SaveAsync(Path("waiting"));
        }
        TestMachine second = Machine();
        second.Description = second.Description with { RestoreFrom = Path("waiting") };
        using (Machine machine = second.Begin())
        {
            Assert.True(SpinWait.SpinUntil(() => reads.Count == 3, TestMachine.Patience));
            context!.Strand.Post(() => context.CompleteDeferred(ticket, 9));
            TestMachine.Wait(machine);
        }
        Assert.Equal([0, 1, 1], reads);
        Assert.Equal(0x0109ul, second.Vcpu(0).Register(0));
    }
}
