using Hv.Sdk.Acpi;
using Hv.Sdk.Memory;
using Hv.Sdk.State;
using Hv.Sdk.Virtio.Transports;

namespace Hv.Sdk.Virtio;

/// <summary>The driver's view of a device: status, features, queues and configuration, over the transport that fits
/// where the board put it (PCI or MMIO). A device makes one in <see cref="IDevice.Attach"/>, gives it a
/// <see cref="VirtioState"/> in Reset and Load, and is called back through <see cref="IVirtioDevice"/>. On the strand
/// (virtio 1.2, sections 2 and 4).</summary>
public sealed class VirtioEndpoint : IInspectable
{
    private const VirtioStatus DriverBits = VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.DriverOk
        | VirtioStatus.FeaturesOk | VirtioStatus.Failed;

    private readonly IVirtioDevice device;
    private readonly IDeviceLog log;
    private readonly IStrand strand;
    private readonly VirtQueue[] queues;
    private readonly byte[] config;

    /// <summary>Claims regions and lines for a device of this model. Lines: <c>irq</c> on MMIO.</summary>
    /// <exception cref="ConfigurationException">The board put the device neither on PCI nor at an address.</exception>
    public VirtioEndpoint(IDeviceContext context, IVirtioDevice device, VirtioModel model)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(model);
        this.device = device;
        Model = model;
        log = context.Log;
        strand = context.Strand;
        Dma = context.Dma;
        config = new byte[model.ConfigBytes];
        queues = [.. model.QueueSizes.Select((size, i) => new VirtQueue(this, i, size))];
        OfferedFeatures = model.Features | VirtioFeature.Version1 | VirtioFeature.IndirectDescriptors
            | VirtioFeature.EventIndex
            | VirtioFeature.RingReset;
        State = NewState();
        Transport = context.Pci is not null ? new PciTransport(this, context)
            : context.Placement.MmioBase is not null ? new MmioTransport(this, context)
            : throw new ConfigurationException(
                $"'{context.Path}' is a virtio device: the board must put it on PCI or at an MMIO address");
    }

    /// <summary>What the device is.</summary>
    public VirtioModel Model { get; }
    /// <summary>Guest memory.</summary>
    public IDmaSpace Dma { get; }
    /// <summary>What it works on.</summary>
    public VirtioState State { get; private set; }
    /// <summary>The queues.</summary>
    public IReadOnlyList<VirtQueue> Queues => queues;
    /// <summary>All features that are offered.</summary>
    public ulong OfferedFeatures { get; }
    /// <summary>The driver is ready and nothing is broken: buffers may be taken.</summary>
    public bool IsLive =>
        (State.Status & (VirtioStatus.DriverOk | VirtioStatus.NeedsReset | VirtioStatus.Failed))
            == VirtioStatus.DriverOk && Transport.CanMasterBus;

    internal VirtioTransport Transport { get; }
    internal bool IsPacked => Has(VirtioFeature.PackedRing);
    internal bool HasIndirect => Has(VirtioFeature.IndirectDescriptors);
    internal bool HasEventIndex => Has(VirtioFeature.EventIndex);

    /// <summary>Whether driver and device agreed on a feature.</summary>
    public bool Has(ulong feature) =>
        (State.DriverFeatures & feature) != 0 && (State.Status & VirtioStatus.FeaturesOk) != 0;

    /// <summary>Makes <paramref name="state"/> that of power-on and works on it.</summary>
    public void Reset(VirtioState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Queues = NewState().Queues;
        Adopt(state);
        Transport.Reset(state.Pci);
    }

    /// <summary>Works on a state from a file and drives the outputs from it.</summary>
    /// <exception cref="StateException">No driver could have made it.</exception>
    public void Load(VirtioState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Queues.Length != queues.Length)
            throw new StateException($"the state has {state.Queues.Length} queues; this device has {queues.Length}");
        if ((state.DriverFeatures & ~OfferedFeatures) != 0 && (state.Status & VirtioStatus.FeaturesOk) != 0)
            throw new StateException(
                $"the driver had features that are not offered here: 0x{state.DriverFeatures & ~OfferedFeatures:x}");
        State = state;
        for (int i = 0; i < queues.Length; i++) queues[i].Validate(state.Queues[i]);
        Transport.Load(state.Pci);
        foreach (VirtQueue queue in queues) queue.PostOwed();
    }

    /// <summary>The device-specific configuration has changed: tells the driver (virtio 1.2, 2.5 and
    /// 4.1.4.3).</summary>
    public void ConfigChanged()
    {
        State.ConfigGeneration++;
        if ((State.Status & VirtioStatus.DriverOk) != 0) Transport.ConfigInterrupt();
    }

    /// <summary>The driver broke a rule that leaves no way on: DEVICE_NEEDS_RESET (virtio 1.2, 2.1.2).
    /// <paramref name="reason"/> is a constant.</summary>
    public void Fail(string reason)
    {
        log.GuestError(reason);
        if ((State.Status & VirtioStatus.NeedsReset) != 0) return;
        State.Status |= VirtioStatus.NeedsReset;
        if ((State.Status & VirtioStatus.DriverOk) != 0) Transport.ConfigInterrupt();
    }

    /// <summary>Adds the device to the ACPI namespace when only firmware can tell the guest where it is
    /// (MMIO).</summary>
    public void Contribute(IAcpiBuilder builder) => Transport.Contribute(builder);

    /// <inheritdoc/>
    public void Inspect(IInspector to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Field("status", (ulong)State.Status);
        to.Field("features", State.DriverFeatures);
        foreach (VirtQueue queue in queues)
        {
            if (!queue.IsEnabled) continue;
            to.Field($"queue{queue.Index}.size", (ulong)queue.Size);
            to.Field($"queue{queue.Index}.available", queue.State.NextAvailable);
            to.Field($"queue{queue.Index}.used", queue.State.NextUsed);
        }
    }

    internal void GuestError(string message) => log.GuestError(message);

    internal void Post(Action work) => strand.Post(work);

    // --- what both transports' registers do ---

    internal VirtQueue? SelectedQueue => State.QueueSelect < (uint)queues.Length ? queues[State.QueueSelect] : null;

    internal uint DeviceFeatures =>
        State.DeviceFeatureSelect <= 1 ? (uint)(OfferedFeatures >> (int)(32 * State.DeviceFeatureSelect)) : 0;

    internal uint DriverFeatures
    {
        get => State.DriverFeatureSelect <= 1
            ? (uint)(State.DriverFeatures >> (int)(32 * State.DriverFeatureSelect)) : 0;
        set
        {
            // 2.2.2, 3.1.1: what was agreed on stays until a reset.
            if ((State.Status & VirtioStatus.FeaturesOk) != 0 || State.DriverFeatureSelect > 1) return;
            int shift = (int)(32 * State.DriverFeatureSelect);
            State.DriverFeatures = State.DriverFeatures & ~((ulong)uint.MaxValue << shift) | (ulong)value << shift;
        }
    }

    /// <summary>2.1.1 and 3.1.1: bits are only added; zero resets; each step needs the one before.</summary>
    internal void WriteStatus(VirtioStatus value)
    {
        if (value == VirtioStatus.None)
        {
            DriverReset();
            return;
        }
        VirtioStatus added = value & DriverBits & ~State.Status;
        if ((added & VirtioStatus.FeaturesOk) != 0 && !AreFeaturesAcceptable())
        {
            log.GuestError("the driver's features were refused");
            added &= ~VirtioStatus.FeaturesOk;
        }
        if ((added & VirtioStatus.DriverOk) != 0 && ((State.Status | added) & VirtioStatus.FeaturesOk) == 0)
        {
            log.GuestError("DRIVER_OK without FEATURES_OK");
            added &= ~VirtioStatus.DriverOk;
        }
        State.Status |= added;
        if ((added & VirtioStatus.DriverOk) == 0) return;
        device.DriverReady();
        NotifyAll();
    }

    /// <summary>Buffers that came before the device could take them.</summary>
    internal void NotifyAll()
    {
        for (uint i = 0; i < queues.Length; i++) Notify(i);
    }

    internal void Notify(uint index)
    {
        if (index >= (uint)queues.Length || !queues[index].IsLive) return;
        queues[index].BeginBurst();
        device.QueueNotified(queues[index]);
    }

    /// <summary>VIRTIO_F_RING_RESET (2.6.1): one queue back to where it was before it was set up.</summary>
    internal void ResetQueue(VirtQueue queue)
    {
        if (!Has(VirtioFeature.RingReset)) return;
        queue.Clear();
        device.QueueReset(queue);
    }

    /// <summary>QueueReady written with zero (4.2.2.2): the queue stops where it is.</summary>
    internal void StopQueue(VirtQueue queue)
    {
        if (!queue.IsEnabled) return;
        queue.State.IsEnabled = false;
        device.QueueReset(queue);
    }

    /// <summary>Reads <paramref name="size"/> bytes of device-specific configuration; what lies beyond reads as
    /// zero.</summary>
    internal ulong ReadConfig(int offset, int size)
    {
        config.AsSpan().Clear();
        device.FillConfig(config);
        ulong value = 0;
        for (int i = 0; i < size && offset + i < config.Length; i++) value |= (ulong)config[offset + i] << (8 * i);
        return value;
    }

    internal void WriteConfig(int offset, int size, ulong value)
    {
        if (offset + size > config.Length) return;
        Span<byte> bytes = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        device.WriteConfig(offset, bytes[..size]);
    }

    private bool AreFeaturesAcceptable() =>
        (State.DriverFeatures & ~OfferedFeatures) == 0
        && (State.DriverFeatures & VirtioFeature.Version1) != 0
        && device.AcceptsFeatures(State.DriverFeatures);

    private void DriverReset()
    {
        State.Status = VirtioStatus.None;
        State.DeviceFeatureSelect = State.DriverFeatureSelect = State.QueueSelect = 0;
        State.DriverFeatures = 0;
        State.ConfigVector = VirtQueueState.NoVector;
        State.InterruptStatus = 0;
        foreach (VirtQueue queue in queues) queue.Clear();
        Transport.UpdateInterrupt();
        device.DriverReset();
    }

    private VirtioState NewState()
    {
        VirtioState state = new() { Queues = new VirtQueueState[queues.Length] };
        for (int i = 0; i < queues.Length; i++)
        {
            state.Queues[i] = new VirtQueueState();
            state.Queues[i].Clear(queues[i].MaximumSize);
        }
        return state;
    }

    private void Adopt(VirtioState state)
    {
        State = state;
        for (int i = 0; i < queues.Length; i++) queues[i].Adopt(state.Queues[i]);
    }
}
