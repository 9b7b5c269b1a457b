using System.Buffers.Binary;
using System.Numerics;
using Hv.Sdk.Io;
using Hv.Sdk.Signals;
using Hv.Sdk.State;

namespace Hv.Sdk.Pci;

/// <summary>Configuration space of one function with a header of type 0: identity, BARs that follow what the guest
/// writes, capabilities, INTx, MSI and MSI-X (PCI Local Bus 3.0, chapter 6). Build it in <see cref="IDevice.Attach"/>:
/// BARs, capabilities, then <see cref="Present"/>. Afterwards <see cref="Reset"/> and <see cref="Load"/> give it the
/// state to work on. On the strand.</summary>
public sealed class PciFunction : IPciFunction
{
    private readonly IDeviceContext context;
    private readonly byte[] powerOn = new byte[Header.Bytes];
    private readonly byte[] writable = new byte[Header.Bytes];
    private readonly byte[] clearedByOne = new byte[Header.Bytes];
    private readonly byte[] owned = new byte[Header.Bytes];
    private readonly PciBar?[] bars = new PciBar?[Header.BarCount];
    private readonly List<PciCapability> capabilities = [];
    private IrqLine intx;
    private int nextCapability = Header.FirstCapability;
    private int lastLink = Header.CapabilityPointer;

    /// <summary>A function of <paramref name="context"/>'s device, which the board put on PCI.</summary>
    public PciFunction(IDeviceContext context, in PciIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(context);
        this.context = context;
        Slot = context.Pci ?? throw new ConfigurationException(
            $"'{context.Path}' is a PCI device; this board did not put it on a PCI bus");
        State = new PciFunctionState();
        Word(powerOn, Header.VendorId) = identity.VendorId;
        Word(powerOn, Header.DeviceId) = identity.DeviceId;
        powerOn[Header.RevisionId] = identity.RevisionId;
        powerOn[Header.ClassCode] = (byte)identity.ClassCode;
        powerOn[Header.ClassCode + 1] = (byte)(identity.ClassCode >> 8);
        powerOn[Header.ClassCode + 2] = (byte)(identity.ClassCode >> 16);
        Word(powerOn, Header.SubsystemVendorId) = identity.SubsystemVendorId;
        Word(powerOn, Header.SubsystemId) = identity.SubsystemId;
        Word(writable, Header.Command) =
            (ushort)(Command.BusMaster | Command.ParityError | Command.SystemError | Command.InterruptDisable);
        Word(clearedByOne, Header.Status) = (ushort)Status.Errors;
        writable[Header.CacheLineSize] = 0xff;
        writable[Header.LatencyTimer] = 0xff;
        writable[Header.InterruptLine] = 0xff;
    }

    /// <summary>The function's place on the bus.</summary>
    public IPciSlot Slot { get; }
    /// <summary>What it works on.</summary>
    public PciFunctionState State { get; private set; }
    /// <summary>Message-signalled interrupts; null without the capability.</summary>
    public Msi? Msi { get; private set; }
    /// <summary>Extended message-signalled interrupts; null without the capability.</summary>
    public Msix? Msix { get; private set; }
    /// <summary>Told when the guest lets the function master the bus, or stops it. Set while building.</summary>
    public Action<bool>? BusMasterChanged { get; init; }

    /// <summary>The guest lets the function read and write memory and send messages (PCI 3.0, table 6-1, bit
    /// 2).</summary>
    public bool IsBusMaster => (CommandBits & Command.BusMaster) != 0;

    private Command CommandBits => (Command)ReadWord(Header.Command);

    internal IMsiTarget MsiTarget => context.Msi;

    /// <summary>Adds a base address register and claims its region. The length is a power of two; 64-bit kinds take the
    /// next index too.</summary>
    public IRegion AddBar(int index, BarKind kind, ulong lengthBytes, IIoHandler handler, int token)
    {
        bool isIo = kind == BarKind.Io;
        bool isWide = kind is BarKind.Memory64 or BarKind.Prefetchable64;
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index + (isWide ? 1 : 0), Header.BarCount);
        // 6.2.5.1: a memory BAR has at least 16 bytes, an I/O BAR 4 to 256.
        if (!BitOperations.IsPow2(lengthBytes) || lengthBytes < (isIo ? 4u : 16u) || (isIo && lengthBytes > 256)
            || (!isWide && lengthBytes > 1u << 31))
            throw new ArgumentOutOfRangeException(
                nameof(lengthBytes), lengthBytes, $"not a length for a BAR of kind {kind}");
        if (bars[index] is not null || (isWide && bars[index + 1] is not null)
            || (index > 0 && bars[index - 1] is { IsWide: true }))
            throw new InvalidOperationException($"BAR {index} is taken");
        IRegion region = context.AddRegion(
            isIo ? AddressSpace.Ports : AddressSpace.Memory, $"bar{index}", lengthBytes, handler, token);
        PciBar bar = new(Header.Bar0 + 4 * index, isIo, isWide, lengthBytes, region);
        bars[index] = bar;
        int at = bar.Offset;
        powerOn[at] = kind switch { BarKind.Io => 1, BarKind.Memory32 => 0, BarKind.Memory64 => 4, _ => 12 };
        ulong addressBits = ~(lengthBytes - 1);
        BinaryPrimitives.WriteUInt32LittleEndian(writable.AsSpan(at), (uint)addressBits);
        if (isWide) BinaryPrimitives.WriteUInt32LittleEndian(writable.AsSpan(at + 4), (uint)(addressBits >> 32));
        Word(writable, Header.Command) |= (ushort)(isIo ? Command.IoSpace : Command.MemorySpace);
        return region;
    }

    /// <summary>Adds a capability: ID and link, then <paramref name="body"/>, of which configuration software can
    /// change the bits in
    /// <paramref name="writeMask"/> (shorter than the body: the rest is read-only). Gives its offset.</summary>
    public int AddCapability(
        byte id, ReadOnlySpan<byte> body, ReadOnlySpan<byte> writeMask, ICapabilityHandler? handler)
    {
        int at = nextCapability;
        int length = 2 + body.Length;
        if (at + length > Header.Bytes) throw new InvalidOperationException(
            "no room for another capability in 256 bytes");
        // 6.7: the list begins at the capability pointer; each link is dword-aligned; zero ends it.
        powerOn[lastLink] = (byte)at;
        Word(powerOn, Header.Status) |= (ushort)Status.Capabilities;
        powerOn[at] = id;
        body.CopyTo(powerOn.AsSpan(at + 2));
        writeMask.CopyTo(writable.AsSpan(at + 2));
        lastLink = at + 1;
        nextCapability = at + length + 3 & ~3;
        capabilities.Add(new PciCapability(at, length, handler));
        return at;
    }

    /// <summary>Adds MSI with a 64-bit address and a mask bit a vector (PCI 3.0, 6.8.1). 1 to 32 vectors, a power of
    /// two.</summary>
    public Msi AddMsi(int vectors)
    {
        Msi = new Msi(this, vectors);
        return Msi;
    }

    /// <summary>Adds MSI-X with its table and pending bits in a BAR of their own (PCI 3.0, 6.8.2). 1 to 2048
    /// vectors.</summary>
    public Msix AddMsix(int vectors, int bar)
    {
        Msix = new Msix(this, vectors, bar);
        AddBar(bar, BarKind.Memory32, Msix.RegionBytes, Msix, 0);
        return Msix;
    }

    /// <summary>Connects INTx#: 1 is INTA#.</summary>
    public void AddIntx(int pin)
    {
        powerOn[Header.InterruptPin] = (byte)pin;
        OwnBits(Header.Status, (byte)Status.Interrupt);
        intx = Slot.IntX(pin);
    }

    /// <summary>Adds the PCI Express capability, version 2, of an endpoint integrated into the root complex
    /// (PCIe 5.0, 7.5.3: no link registers). Extended configuration space reads as "no capabilities".</summary>
    public void AddExpress()
    {
        Span<byte> body = stackalloc byte[0x3a];
        Span<byte> mask = stackalloc byte[0x3a];
        body.Clear();
        mask.Clear();
        body[0] = 0x92;       // 7.5.3.2: version 2, device/port type 9
        body[3] = 0x80;       // 7.5.3.3: role-based error reporting (bit 15)
        mask[6] = 0x0f;       // 7.5.3.4: error reporting enables
        int at = AddCapability(CapabilityId.Express, body, mask, null);
        clearedByOne[at + 10] = 0x0f; // 7.5.3.5: error bits
    }

    /// <summary>Shows the function to the bus: nothing may be added afterwards.</summary>
    public void Present()
    {
        State = PowerOn();
        Slot.Attach(this);
    }

    /// <summary>Makes <paramref name="state"/> that of power-on and works on it from now on.</summary>
    public void Reset(PciFunctionState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        PciFunctionState initial = PowerOn();
        state.Config = initial.Config;
        state.MsixTable = initial.MsixTable;
        state.MsixPending = initial.MsixPending;
        State = state;
        UpdateDecoding();
        UpdateInterrupt();
    }

    /// <summary>Works on <paramref name="state"/> from now on and puts BARs and lines where it says.</summary>
    /// <exception cref="StateException">It is the state of another function.</exception>
    public void Load(PciFunctionState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Config.Length != Header.Bytes) throw new StateException("the state has no PCI configuration space");
        for (int i = 0; i < Header.Bytes; i++)
        {
            // The guest has learnt where everything is: what it cannot change must not have changed.
            int mayDiffer = writable[i] | clearedByOne[i] | owned[i];
            if (((state.Config[i] ^ powerOn[i]) & ~mayDiffer) != 0)
                throw new StateException($"the state is of another PCI function: byte 0x{i:x2} is 0x{state.Config[i]:x2}, not 0x{powerOn[i]:x2}");
        }
        int vectors = Msix?.VectorCount ?? 0;
        if (state.MsixTable.Length != 4 * vectors || state.MsixPending.Length != (vectors + 31) / 32)
            throw new StateException($"the state has another number of MSI-X vectors than {vectors}");
        State = state;
        UpdateDecoding();
        UpdateInterrupt();
    }

    /// <inheritdoc/>
    public uint ReadConfig(int offset, int size)
    {
        // PCIe 5.0, 7.6: extended space of all zeroes is an empty list.
        if (!IsAccess(offset, size)) return 0;
        if (offset >= Header.FirstCapability
            && FindCapability(offset) is { Handler: ICapabilityHandler handler } capability)
            handler.Reading(capability.Offset, offset - capability.Offset, size);
        ReadOnlySpan<byte> at = State.Config.AsSpan(offset);
        return size switch
        {
            1 => at[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(at),
            _ => BinaryPrimitives.ReadUInt32LittleEndian(at),
        };
    }

    /// <inheritdoc/>
    public void WriteConfig(int offset, int size, uint value)
    {
        if (!IsAccess(offset, size)) return;
        bool wasBusMaster = IsBusMaster;
        byte[] config = State.Config;
        for (int i = offset; i < offset + size; i++, value >>= 8)
        {
            byte kept = (byte)(config[i] & ~writable[i] & ~(value & clearedByOne[i]));
            config[i] = (byte)(kept | (value & writable[i]));
        }
        if (offset < Header.SubsystemVendorId) UpdateDecoding();
        if (offset >= Header.FirstCapability
            && FindCapability(offset) is { Handler: ICapabilityHandler handler } capability)
            handler.Written(capability.Offset, offset - capability.Offset, size);
        if (IsBusMaster != wasBusMaster)
        {
            Msi?.SendPending();
            Msix?.SendPending();
            BusMasterChanged?.Invoke(!wasBusMaster);
        }
        UpdateInterrupt();
    }

    /// <summary>Sets INTx: visible in the status register; on the line unless the guest disabled it or uses
    /// messages.</summary>
    public void SetIntx(bool asserted)
    {
        if (powerOn[Header.InterruptPin] == 0) return;
        byte status = State.Config[Header.Status];
        State.Config[Header.Status] =
            (byte)(asserted ? status | (byte)Status.Interrupt : status & ~(byte)Status.Interrupt);
        UpdateInterrupt();
    }

    /// <summary>The bytes of a capability (offset from the start of configuration space).</summary>
    public ReadOnlySpan<byte> Bytes(int offset, int count) => State.Config.AsSpan(offset, count);

    /// <summary>Changes bytes of a capability, read-only ones too.</summary>
    public void SetBytes(int offset, ReadOnlySpan<byte> bytes) => bytes.CopyTo(State.Config.AsSpan(offset));

    /// <summary>Declares bits that the function changes by itself, so that a saved state may differ in them.</summary>
    public void OwnBits(int offset, params ReadOnlySpan<byte> mask)
    {
        for (int i = 0; i < mask.Length; i++) owned[offset + i] |= mask[i];
    }

    internal ushort ReadWord(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(State.Config.AsSpan(offset));
    internal uint ReadDword(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(State.Config.AsSpan(offset));
    internal void WriteDword(int offset, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(State.Config.AsSpan(offset), value);

    /// <summary>The one place where the INTx line is derived from state (PCI 3.0, 6.2.2 bit 10, 6.2.3 bit 3, 6.8.2: a
    /// function that uses messages does not drive its pin).</summary>
    internal void UpdateInterrupt() => intx.Set(
        (State.Config[Header.Status] & (byte)Status.Interrupt) != 0
        && (CommandBits & Command.InterruptDisable) == 0
        && Msi is not { IsEnabled: true } && Msix is not { IsEnabled: true });

    private PciFunctionState PowerOn()
    {
        PciFunctionState state = new() { Config = [.. powerOn] };
        Msix?.PowerOn(state);
        return state;
    }

    private void UpdateDecoding()
    {
        Command command = CommandBits;
        foreach (PciBar? bar in bars) bar?.Follow(State.Config, command);
    }

    private PciCapability? FindCapability(int offset)
    {
        foreach (PciCapability capability in capabilities)
        {
            if (offset >= capability.Offset && offset < capability.Offset + capability.Length) return capability;
        }
        return null;
    }

    private static bool IsAccess(int offset, int size) =>
        size is 1 or 2 or 4 && (uint)offset <= (uint)(Header.Bytes - size) && (offset & (size - 1)) == 0;

    private static ref ushort Word(byte[] bytes, int offset) =>
        ref System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan())[offset / 2];

    private sealed record PciCapability(int Offset, int Length, ICapabilityHandler? Handler);
}
