namespace Hv.Sdk.Virtio.TestKit;

/// <summary>Registers of virtio over PCI, found through the capability list (virtio 1.2, 4.1.4), with MSI-X turned
/// on.</summary>
public sealed class PciGuestRegisters : GuestRegisters
{
    /// <summary>Where the driver puts BAR 0; the others follow 64 KiB apart.</summary>
    public const ulong FirstBar = 0xe000_0000;
    /// <summary>MSI data of vector 0.</summary>
    public const uint FirstVector = 0x40;

    private readonly Dictionary<int, ulong> structures = [];
    private int msix;
    private uint notifyMultiplier;
    private int seenMessages;

    private PciGuestRegisters() { }

    /// <summary>Assigns BARs, finds the structures, turns memory, bus mastering and MSI-X on.</summary>
    public static PciGuestRegisters Discover(DeviceBench bench)
    {
        ArgumentNullException.ThrowIfNull(bench);
        PciGuestRegisters found = new() { Bench = bench };
        bench.WriteConfig(0x10, (uint)FirstBar);
        bench.WriteConfig(0x14, (uint)FirstBar + 0x1_0000);
        bench.WriteConfig(4, 0x6, 2);
        for (int at = (int)bench.ReadConfig(0x34, 1), n = 0; at != 0 && n < 48;
            at = (int)bench.ReadConfig(at + 1, 1), n++) found.Take(at);
        bench.WriteConfig(found.msix + 2, 0x8000, 2);
        int vectors = (int)(bench.ReadConfig(found.msix + 2, 2) & 0x7ff) + 1;
        for (uint v = 0; v < vectors; v++)
        {
            ulong entry = FirstBar + 0x1_0000 + 16 * v;
            bench.WriteMmio(entry, 0xfee0_0000);
            bench.WriteMmio(entry + 4, 0);
            bench.WriteMmio(entry + 8, FirstVector + v);
            bench.WriteMmio(entry + 12, 0);
        }
        found.seenMessages = bench.Msi.Count;
        return found;
    }

    private void Take(int at)
    {
        switch (Bench.ReadConfig(at, 1))
        {
            case 0x11: msix = at; return;
            case 0x09:
                int type = (int)Bench.ReadConfig(at + 3, 1);
                if (type > 4) return;
                structures[type] = FirstBar + (Bench.ReadConfig(at + 4, 1) << 16) + Bench.ReadConfig(at + 8);
                if (type == 2) notifyMultiplier = Bench.ReadConfig(at + 16);
                return;
        }
    }

    private ulong Read(int type, int offset, int size) => Bench.ReadMmio(structures[type] + (uint)offset, size);
    private void Write(int type, int offset, int size, ulong value) =>
        Bench.WriteMmio(structures[type] + (uint)offset, value, size);

    /// <inheritdoc/>
    public override VirtioStatus Status { get => (VirtioStatus)Read(1, 0x14, 1); set => Write(1, 0x14, 1, (ulong)value);
        }

    /// <inheritdoc/>
    public override uint ConfigGeneration => (uint)Read(1, 0x15, 1);

    /// <inheritdoc/>
    public override int TakeInterrupts()
    {
        int causes = 0;
        seenMessages = Math.Max(seenMessages, Bench.Msi.Count - 64); // the bench keeps 64
        for (; seenMessages < Bench.Msi.Count; seenMessages++) causes |= Bench.Msi[seenMessages].Data == FirstVector
            ? 2 : 1;
        return causes;
    }

    /// <inheritdoc/>
    public override ulong DeviceFeatures
    {
        get
        {
            Write(1, 0, 4, 0);
            ulong low = Read(1, 4, 4);
            Write(1, 0, 4, 1);
            return low | Read(1, 4, 4) << 32;
        }
    }

    /// <inheritdoc/>
    public override void SetDriverFeatures(ulong features)
    {
        Write(1, 8, 4, 0);
        Write(1, 12, 4, (uint)features);
        Write(1, 8, 4, 1);
        Write(1, 12, 4, features >> 32);
        Write(1, 0x10, 2, 0); // configuration changes use vector 0
    }

    /// <inheritdoc/>
    public override int QueueMaximum(int queue)
    {
        Write(1, 0x16, 2, (ulong)queue);
        return (int)Read(1, 0x18, 2);
    }

    /// <inheritdoc/>
    public override void EnableQueue(int queue, int size, ulong descriptors, ulong driver, ulong device)
    {
        Write(1, 0x16, 2, (ulong)queue);
        Write(1, 0x18, 2, (ulong)size);
        Write(1, 0x1a, 2, (ulong)queue + 1);
        Write(1, 0x20, 4, (uint)descriptors);
        Write(1, 0x24, 4, descriptors >> 32);
        Write(1, 0x28, 8, driver);
        Write(1, 0x30, 8, device);
        Write(1, 0x1c, 2, 1);
    }

    /// <inheritdoc/>
    public override bool ResetQueue(int queue)
    {
        Write(1, 0x16, 2, (ulong)queue);
        Write(1, 0x3a, 2, 1);
        return Read(1, 0x3a, 2) == 0;
    }

    /// <inheritdoc/>
    public override void Notify(int queue)
    {
        Write(1, 0x16, 2, (ulong)queue);
        Write(2, (int)(Read(1, 0x1e, 2) * notifyMultiplier), 2, (ulong)queue);
    }

    /// <inheritdoc/>
    public override ulong ReadConfig(int offset, int size) => Read(4, offset, size);
    /// <inheritdoc/>
    public override void WriteConfig(int offset, int size, ulong value) => Write(4, offset, size, value);
}
