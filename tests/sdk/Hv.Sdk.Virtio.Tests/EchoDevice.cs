using System.Buffers.Binary;
using Hv.Sdk.Acpi;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Sdk.Virtio.Tests;

/// <summary>Queue 0 copies what it reads to what it writes at once; queue 1 keeps buffers until a timer gives the
/// newest back first.</summary>
[Device("virtio-echo")]
public sealed class EchoPlugin : IDeviceFactory
{
    public OptionSchema Options => OptionSchema.Empty;
    public IDevice Create(OptionValues options) => new EchoDevice();
}

[DeviceState("virtio-echo", 1)]
public sealed partial class EchoState
{
    [Field(1)] public VirtioState Virtio = new();
    [Field(2)] public ushort[] HeldIds = new ushort[EchoDevice.MaximumHeld];
    [Field(3)] public ushort[] HeldCounts = new ushort[EchoDevice.MaximumHeld];
    [Field(4, Maximum = EchoDevice.MaximumHeld)] public uint HeldCount;
    [Field(5)] public uint Setting;
}

public sealed class EchoDevice : IDevice, IVirtioDevice, IStateful, IAcpiContributor
{
    public const int MaximumHeld = 16;
    public const ulong DependentFeature = 1, NeededFeature = 2;
    private const long DelayNs = 1000;

    private readonly VirtioChain chain = new();
    private readonly byte[] copy = new byte[64 * 1024];
    private EchoState state = new();
    private IVmTimer timer = null!;
    private IVmClock clock = null!;

    public VirtioEndpoint Endpoint { get; private set; } = null!;
    /// <summary>Called for each buffer that queue 0 takes.</summary>
    public Action? Taken { get; set; }
    /// <summary>How often queue 0 was looked at.</summary>
    public int Looks { get; private set; }

    public string StateId => EchoState.StateId;
    public ushort StateVersion => EchoState.StateVersion;
    public ushort OldestStateVersion => EchoState.OldestStateVersion;

    public void Attach(IDeviceContext context)
    {
        clock = context.Clock;
        timer = context.CreateTimer("delay", GiveBack);
        Endpoint = new VirtioEndpoint(context, this, new VirtioModel
        {
            DeviceId = 42,
            PciClass = 0xff_0000,
            Features = DependentFeature | NeededFeature | VirtioFeature.PackedRing,
            QueueSizes = [256, 64],
            ConfigBytes = 12,
        });
    }

    public void Reset(ResetKind kind)
    {
        state = new EchoState();
        Endpoint.Reset(state.Virtio);
    }

    public void Save(StateWriter writer) => state.Save(writer);

    public void Load(StateReader reader)
    {
        state = EchoState.Load(reader);
        Endpoint.Load(state.Virtio);
    }

    public void Contribute(IAcpiBuilder builder) => Endpoint.Contribute(builder);

    public void FillConfig(Span<byte> config)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(config, 0x1234_5678);
        BinaryPrimitives.WriteUInt32LittleEndian(config[8..], state.Setting);
    }

    public void WriteConfig(int offset, ReadOnlySpan<byte> value)
    {
        if (offset == 8 && value.Length == 4) state.Setting = BinaryPrimitives.ReadUInt32LittleEndian(value);
    }

    public bool AcceptsFeatures(ulong features) =>
        (features & DependentFeature) == 0 || (features & NeededFeature) != 0;
    public void DriverReady() { }

    public void QueueNotified(VirtQueue queue)
    {
        if (queue.Index == 0) Echo(queue);
        else Hold(queue);
    }

    private void Echo(VirtQueue queue)
    {
        Looks++;
        while (queue.TryPop(chain))
        {
            Taken?.Invoke();
            Span<byte> bytes = copy.AsSpan(
                0, (int)Math.Min((uint)copy.Length, Math.Min(chain.ReadableBytes, chain.WritableBytes)));
            if (!chain.TryTake(Endpoint.Dma, bytes) || !chain.TryPut(Endpoint.Dma, bytes))
            {
                Endpoint.Fail("a buffer is not in RAM");
                return;
            }
            queue.Complete(chain.Token, (uint)bytes.Length);
        }
        queue.Flush();
    }

    private void Hold(VirtQueue queue)
    {
        while (state.HeldCount < MaximumHeld && queue.TryPop(chain))
        {
            (state.HeldIds[state.HeldCount], state.HeldCounts[state.HeldCount]) = (chain.Token.Id, chain.Token.Count);
            state.HeldCount++;
        }
        if (state.HeldCount > 0 && timer.Due == VmTime.Never) timer.Arm(clock.Now.AddNs(DelayNs));
    }

    private void GiveBack(VmTime due)
    {
        VirtQueue queue = Endpoint.Queues[1];
        while (state.HeldCount > 0)
        {
            uint last = --state.HeldCount;
            queue.Complete(new VirtioToken(state.HeldIds[last], state.HeldCounts[last]), 0);
            (state.HeldIds[last], state.HeldCounts[last]) = (0, 0);
        }
        queue.Flush();
        if (queue.IsLive) Hold(queue);
    }

    public void QueueReset(VirtQueue queue)
    {
        if (queue.Index == 1) Abandon();
    }

    public void DriverReset() => Abandon();

    private void Abandon()
    {
        state.HeldCount = 0;
        Array.Clear(state.HeldIds);
        Array.Clear(state.HeldCounts);
    }

    public void Dispose() { }
}
