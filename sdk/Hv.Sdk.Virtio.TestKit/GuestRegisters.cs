namespace Hv.Sdk.Virtio.TestKit;

/// <summary>A transport as a driver sees it: what the registers of PCI and MMIO have in common.</summary>
public abstract class GuestRegisters
{
    /// <summary>The bench that the driver runs on; a restored twin takes its place.</summary>
    public required DeviceBench Bench { get; set; }
    /// <summary>Device status.</summary>
    public abstract VirtioStatus Status { get; set; }
    /// <summary>Counts changes of the configuration.</summary>
    public abstract uint ConfigGeneration { get; }
    /// <summary>Interrupts that have arrived since the last call, as bits: 0 queues, 1 configuration.</summary>
    public abstract int TakeInterrupts();
    /// <summary>Features that the device offers.</summary>
    public abstract ulong DeviceFeatures { get; }
    /// <summary>Sets the features that the driver takes.</summary>
    public abstract void SetDriverFeatures(ulong features);
    /// <summary>Largest size of a queue; 0 when it is not there.</summary>
    public abstract int QueueMaximum(int queue);
    /// <summary>Sets a queue up and turns it on.</summary>
    public abstract void EnableQueue(int queue, int size, ulong descriptors, ulong driver, ulong device);
    /// <summary>Resets a queue (VIRTIO_F_RING_RESET); whether it is done.</summary>
    public abstract bool ResetQueue(int queue);
    /// <summary>Rings the doorbell.</summary>
    public abstract void Notify(int queue);
    /// <summary>Reads device-specific configuration.</summary>
    public abstract ulong ReadConfig(int offset, int size);
    /// <summary>Writes device-specific configuration.</summary>
    public abstract void WriteConfig(int offset, int size, ulong value);

    /// <summary>The registers of the bench's device, found as a driver finds them.</summary>
    public static GuestRegisters Of(DeviceBench bench)
    {
        ArgumentNullException.ThrowIfNull(bench);
        return bench.Pci is null ? new MmioGuestRegisters { Bench = bench } : PciGuestRegisters.Discover(bench);
    }
}
