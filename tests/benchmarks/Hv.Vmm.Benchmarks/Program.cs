using System.Runtime.Loader;
using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Signals;
using Hv.Sdk.Time;
using Hv.Vmm;
using Hv.Vmm.Benchmarks;
using Hv.Vmm.Buses;
using Hv.Vmm.Description;
using Hv.Vmm.Strands;
using Hv.Vmm.Tests;
using Hv.Vmm.Time;

// Nanoseconds of the paths between a vCPU and a device. Usage: [--seconds N] [part of a path's name]
double seconds = 1;
string? only = null;
for (int i = 0; i < args.Length; i++)
{
    if (args[i] == "--seconds") seconds = double.Parse(args[++i], System.Globalization.CultureInfo.InvariantCulture);
    else only = args[i];
}
Measurement measure = new(seconds, only);
Measurement.PrintHead();
Paths.Lookups(measure);
Paths.Accesses(measure);
Paths.Memory(measure);
Paths.Timers(measure);
Paths.Interrupts(measure);
Paths.Disk(measure);

/// <summary>The paths, a method a part of the core.</summary>
internal static class Paths
{
    private const ushort Port = 0x100;
    private const ulong Gpa = 0xfe00_0000;
    private const int Devices = 32;

    public static void Lookups(Measurement measure)
    {
        List<IRegion> regions = [];
        TestMachine test = new([new Step.Halt()]);
        for (int i = 0; i < Devices; i++)
        {
            uint index = (uint)i;
            test.Add($"dut{i}", () => new BenchDevice
            {
                Attached = d =>
                {
                    regions.Add(d.Context.MapPorts("p", (ushort)(Port + 16 * index), 8, d, 0));
                    regions.Add(d.Context.MapMemory("m", Gpa + 0x1_0000 * index, 0x1000, d, 0));
                },
            });
        }
        using Machine machine = test.Make();
        AddressBus ports = ((Region)regions[0]).Bus, memory = ((Region)regions[1]).Bus;
        measure.Row($"bus lookup: port, {Devices} regions", n => Look(ports, Port, 16, n));
        measure.Row($"bus lookup: MMIO, {Devices} regions", n => Look(memory, Gpa, 0x1_0000, n));
    }

    private static void Look(AddressBus bus, ulong start, ulong step, int calls)
    {
        for (int i = 0; i < calls; i++) _ = bus.Table.Find(start + step * (uint)(i % Devices), out _, out _);
    }

    public static void Accesses(Measurement measure)
    {
        BenchDevice plain = new();
        IIoHandler[] handlers = [plain];
        measure.Row("register read: interface call", n => Call(handlers, n));
        AddressBus? port = null, memory = null;
        Func<IDevice> Maker(Type type) => () =>
        {
            IDevice device = (IDevice)Activator.CreateInstance(type)!;
            return new Mapped(device, (p, m) => (port, memory) = (p, m));
        };
        void Rows(string what, Type type, Threading threading, bool hasFault)
        {
            TestMachine test = new TestMachine([new Step.Halt()]).Fault("pass", new PassThrough())
                .Add("dut", Maker(type), threading);
            FaultDescription pass = new() { Fault = new ExtensionChoice { Name = "pass" }, Where = "dut" };
            if (hasFault) test.Description = test.Description with { Faults = [pass] };
            using Machine machine = test.Make();
            VcpuBus bus = new(port!, memory!, 0, () => { });
            bus.Connect(new EverNextVcpu());
            measure.Row($"port read: {what}", n => ReadPort(bus, n));
            measure.Row($"MMIO write: {what}", n => WriteMemory(bus, n));
        }
        Rows("concurrent device", typeof(BenchDevice), Threading.Concurrent, hasFault: false);
        Rows("strand", typeof(BenchDevice), Threading.Serialized, hasFault: false);
        Rows("strand, fault in the way", typeof(BenchDevice), Threading.Serialized, hasFault: true);
        foreach (bool isCollectible in (bool[])[false, true])
        {
            AssemblyLoadContext context = new("plugin", isCollectible);
            Type loaded = context.LoadFromAssemblyPath(typeof(BenchDevice).Assembly.Location)
                .GetType(typeof(BenchDevice).FullName!)!;
            Rows($"strand, {(isCollectible ? "collectible" : "own")} context", loaded, Threading.Serialized, false);
        }
    }

    private static void Call(IIoHandler[] handlers, int calls)
    {
        IoAccess access = new() { Size = 1 };
        for (int i = 0; i < calls; i++) _ = handlers[0].Read(access, out _);
    }

    private static void ReadPort(VcpuBus bus, int calls)
    {
        for (int i = 0; i < calls; i++) _ = bus.ReadPort(Port, 1, out _);
    }

    private static void WriteMemory(VcpuBus bus, int calls)
    {
        for (int i = 0; i < calls; i++) _ = bus.WriteMmio(Gpa, 4, (uint)i);
    }

    public static void Memory(Measurement measure)
    {
        BenchDevice device = new();
        using Machine machine = new TestMachine([new Step.Halt()]).Add("dut", () => device).Make();
        IDmaSpace dma = device.Context.Dma;
        foreach (int length in (int[])[16, 4096])
        {
            byte[] bytes = new byte[length];
            measure.Row($"DMA read: {length} bytes", n =>
            {
                for (int i = 0; i < n; i++) _ = dma.TryRead(new GuestPhysicalAddress(0x1000), bytes);
            });
            measure.Row($"DMA write: {length} bytes", n =>
            {
                for (int i = 0; i < n; i++) _ = dma.TryWrite(new GuestPhysicalAddress(0x1000), bytes);
            });
        }
        measure.Row("DMA window: 4096 bytes, opened and closed", n =>
        {
            for (int i = 0; i < n; i++)
            {
                if (dma.TryWindow(new GuestPhysicalAddress(0x1000), 4096, DmaAccess.Read, out DmaWindow w)) w.Dispose();
            }
        });
    }

    public static void Timers(Measurement measure)
    {
        BenchDevice device = new();
        using Machine machine = new TestMachine([new Step.Halt()]).Add("dut", () => device).Make();
        TimerQueue queue = new();
        StrandOwner owner = new((Strand)device.Context.Strand);
        VmTimer[] timers = [.. Enumerable.Range(0, Devices).Select(i => queue.Create(owner, $"t{i}", _ => { }))];
        for (int i = 1; i < Devices; i++) timers[i].Arm(VmTime.FromNs(1_000_000 + i));
        measure.Row($"timer arm: {Devices - 1} others", n =>
        {
            for (int i = 0; i < n; i++) timers[0].Arm(VmTime.FromNs(2_000_000 + i % 1024));
        });
        measure.Row($"timer arm and fire: {Devices - 1} others", n =>
        {
            for (int i = 0; i < n; i++)
            {
                timers[0].Arm(VmTime.FromNs(1));
                if (queue.TryTakeDue(1, out VmTimer due, out uint generation)) due.Fire(generation);
            }
        });
    }

    public static void Interrupts(Measurement measure)
    {
        IrqLine line = default;
        BenchDevice from = new() { Attached = d => line = d.Context.IrqOut("out") };
        BenchDevice to = new() { Attached = d => d.Context.IrqIn("in", 1, d) };
        using Machine machine = new TestMachine([new Step.Halt()]).Add("from", () => from).Add("to", () => to)
            .Wire("from", "out", "to", "in", 0).Make();
        measure.Row("interrupt line: raised and lowered", n =>
        {
            for (int i = 0; i < n; i++)
            {
                line.Set(true);
                line.Set(false);
            }
        });
        IMsiTarget msi = from.Context.Msi;
        measure.Row("MSI: to a local APIC", n =>
        {
            for (int i = 0; i < n; i++) msi.Send(new MsiMessage { Address = 0xfee0_0000, Data = 0x40 });
        });
    }

    public static void Disk(Measurement measure)
    {
        if (!measure.Wants("block request")) return;
        string image = Path.GetTempFileName();
        File.WriteAllBytes(image, new byte[1 << 20]);
        IBlockPort disk = null!;
        BenchDevice device = new()
        {
            Attached = d =>
            {
                disk = d.Context.Backend<IBlockPort>("drive")!;
                disk.Listen(d);
            },
        };
        TestMachine test = new TestMachine([new Step.Halt()]).Format("zero", new ZeroFormat())
            .Add("disk0", () => device);
        test.Description = test.Description with
        {
            Backends =
            [
                new DiskBackendDescription { DevicePath = "disk0", Slot = "drive", File = image, Format = "zero" },
            ],
        };
        using (Machine machine = test.Begin())
        {
            foreach (int depth in (int[])[1, 16])
                measure.Row($"block request: read of 4096, {depth} in flight", n => Request(device, disk, depth, n));
        }
        File.Delete(image);
    }

    private static void Request(BenchDevice device, IBlockPort disk, int depth, int calls)
    {
        long begun = device.Completions, first = begun;
        while (begun - first < calls)
        {
            if (begun - device.Completions >= depth) continue;
            using StrandScope scope = device.Context.Strand.Enter();
            BlockRequest request = new() { LengthBytes = 4096, Tag = (ulong)begun };
            if (disk.TrySubmit(request, Segments)) begun++;
        }
        while (device.Completions < begun) Thread.SpinWait(1);
    }

    private static readonly DmaSegment[] Segments =
        [new DmaSegment { Address = new GuestPhysicalAddress(0x1000), LengthBytes = 4096 }];

    /// <summary>Maps a device that knows nothing of where it is.</summary>
    private sealed class Mapped(IDevice inner, Action<AddressBus, AddressBus> attached) : IDevice
    {
        public void Attach(IDeviceContext context)
        {
            inner.Attach(context);
            var handler = (IIoHandler)inner;
            attached(((Region)context.MapPorts("p", Port, 8, handler, 0)).Bus,
                ((Region)context.MapMemory("m", Gpa, 0x1000, handler, 0)).Bus);
        }

        public void Reset(ResetKind kind) => inner.Reset(kind);
        public void Dispose() => inner.Dispose();
    }
}
