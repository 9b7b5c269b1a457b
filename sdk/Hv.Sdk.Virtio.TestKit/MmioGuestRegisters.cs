namespace Hv.Sdk.Virtio.TestKit;

/// <summary>Registers of virtio-mmio (virtio 1.2, 4.2.2).</summary>
public sealed class MmioGuestRegisters : GuestRegisters
{
    private ulong Base => Bench.Setup.Placement.MmioBase!.Value;

    private uint this[int offset]
    {
        get => (uint)Bench.ReadMmio(Base + (uint)offset);
        set => Bench.WriteMmio(Base + (uint)offset, value);
    }

    /// <inheritdoc/>
    public override VirtioStatus Status { get => (VirtioStatus)this[0x70]; set => this[0x70] = (uint)value; }

    /// <inheritdoc/>
    public override uint ConfigGeneration => this[0xfc];

    /// <inheritdoc/>
    public override int TakeInterrupts()
    {
        if (!Bench.Line("irq").Level) return 0;
        uint causes = this[0x60];
        this[0x64] = causes;
        return (int)causes;
    }

    /// <inheritdoc/>
    public override ulong DeviceFeatures
    {
        get
        {
            this[0x14] = 0;
            ulong low = this[0x10];
            this[0x14] = 1;
            return low | (ulong)this[0x10] << 32;
        }
    }

    /// <inheritdoc/>
    public override void SetDriverFeatures(ulong features)
    {
        this[0x24] = 0;
        this[0x20] = (uint)features;
        this[0x24] = 1;
        this[0x20] = (uint)(features >> 32);
    }

    /// <inheritdoc/>
    public override int QueueMaximum(int queue)
    {
        this[0x30] = (uint)queue;
        return (int)this[0x34];
    }

    /// <inheritdoc/>
    public override void EnableQueue(int queue, int size, ulong descriptors, ulong driver, ulong device)
    {
        this[0x30] = (uint)queue;
        this[0x38] = (uint)size;
        (this[0x80], this[0x84]) = ((uint)descriptors, (uint)(descriptors >> 32));
        (this[0x90], this[0x94]) = ((uint)driver, (uint)(driver >> 32));
        (this[0xa0], this[0xa4]) = ((uint)device, (uint)(device >> 32));
        this[0x44] = 1;
    }

    /// <inheritdoc/>
    public override bool ResetQueue(int queue)
    {
        this[0x30] = (uint)queue;
        this[0xc0] = 1;
        return this[0xc0] == 0;
    }

    /// <inheritdoc/>
    public override void Notify(int queue) => this[0x50] = (uint)queue;

    /// <inheritdoc/>
    public override ulong ReadConfig(int offset, int size) => Bench.ReadMmio(Base + 0x100 + (uint)offset, size);

    /// <inheritdoc/>
    public override void WriteConfig(int offset, int size, ulong value) =>
        Bench.WriteMmio(Base + 0x100 + (uint)offset, value, size);
}
