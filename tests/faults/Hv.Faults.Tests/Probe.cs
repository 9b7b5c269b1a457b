using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Net;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Time;

namespace Hv.Faults.Tests;

/// <summary>A device that has every contract and does with it what the test says; it keeps what came of it.</summary>
[Device("probe")]
public sealed class ProbePlugin : IDeviceFactory
{
    public OptionSchema Options => OptionSchema.Empty;
    public IDevice Create(OptionValues options) => new Probe();
}

public sealed class Probe : IDevice, IIoHandler, IBlockListener, INetListener, ICharListener, IInspectable, IStateful
{
    public const ushort Port = 0x100;

    public IDeviceContext Context { get; private set; } = null!;
    public IBlockPort Drive { get; private set; } = null!;
    public INetPort Net { get; private set; } = null!;
    public ICharPort Line { get; private set; } = null!;
    public IrqLine Irq { get; private set; }
    public IVmTimer Timer { get; private set; } = null!;
    public byte[] Registers { get; } = new byte[16];
    public List<(ulong Tag, BlockStatus Status, long AtNs)> Completions { get; } = [];
    public List<(byte[] Frame, long AtNs)> Frames { get; } = [];
    public List<byte> Received { get; } = [];
    public List<(long DueNs, long NowNs)> Fired { get; } = [];
    public ulong Mode { get; set; }

    /// <summary>A bench with a probe on it.</summary>
    public static DeviceBench Bench(params BenchFault[] faults) => DeviceBench.Create(new ProbePlugin(), new BenchSetup
    {
        Faults = faults,
        Configure = bench =>
        {
            bench.AddBackend("drive", new BenchDisk(bench, 64 * 1024));
            bench.AddBackend("netdev", new BenchNet());
        },
    });

    public static Probe On(DeviceBench bench) => (Probe)bench.Device;

    public void Attach(IDeviceContext context)
    {
        Context = context;
        context.MapPorts("io", Port, Registers.Length, this, 0);
        Irq = context.IrqOut("irq");
        Timer = context.CreateTimer("t", due => Fired.Add((due.Nanoseconds, context.Clock.Now.Nanoseconds)));
        Drive = context.Backend<IBlockPort>("drive")!;
        Drive.Listen(this);
        Net = context.Backend<INetPort>("netdev")!;
        Net.Listen(this);
        Line = context.Backend<ICharPort>("chardev")!;
        Line.Listen(this);
    }

    public void Reset(ResetKind kind)
    {
    }

    public IoStatus Read(in IoAccess access, out ulong value)
    {
        value = Registers[access.Offset];
        return IoStatus.Ok;
    }

    public IoStatus Write(in IoAccess access, ulong value)
    {
        Registers[access.Offset] = (byte)value;
        return IoStatus.Ok;
    }

    /// <summary>Reads or writes a sector of the disk from or to guest memory at the same offset.</summary>
    public bool Submit(BlockOperation operation, ulong tag, long offset, int length = 512) => Drive.TrySubmit(
        new BlockRequest { Operation = operation, Tag = tag, OffsetBytes = offset, LengthBytes = length },
        [new DmaSegment { Address = new((ulong)offset), LengthBytes = (uint)length }]);

    void IBlockListener.Completed(ulong tag, BlockStatus status) =>
        Completions.Add((tag, status, Context.Clock.Now.Nanoseconds));

    void IBlockListener.Resized()
    {
    }

    bool INetListener.Receive(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        Frames.Add((frame.ToArray(), Context.Clock.Now.Nanoseconds));
        return true;
    }

    void INetListener.ReceiveFlush()
    {
    }

    void INetListener.ReadyToSend()
    {
    }

    void INetListener.LinkChanged(bool up)
    {
    }

    int ICharListener.Receive(ReadOnlySpan<byte> values)
    {
        Received.AddRange(values);
        return values.Length;
    }

    void ICharListener.ReadyToSend()
    {
    }

    void ICharListener.Resized(int columns, int rows)
    {
    }

    public void Inspect(IInspector to) => to.Field("mode", Mode);

    public string StateId => "test.probe";
    public ushort StateVersion => 1;
    public ushort OldestStateVersion => 1;
    public void Save(StateWriter writer) => writer.UInt(1, Mode);
    public void Load(StateReader reader) => Mode = reader.UInt(1, 0, ulong.MaxValue);

    public void Dispose()
    {
    }
}
