using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Signals;
using Hv.Sdk.Time;

namespace Hv.Sdk;

/// <summary>The two address spaces.</summary>
public enum AddressSpace : byte
{
    /// <summary>Guest physical memory.</summary>
    Memory,
    /// <summary>The 64 KiB port space.</summary>
    Ports,
}

/// <summary>What the core gives a device at <see cref="IDevice.Attach"/>. Members that claim something are called
/// inside Attach only; the rest on the strand. Plugins never implement it (the test kit has the only fake).</summary>
[HostImplemented]
public interface IDeviceContext
{
    /// <summary>The device's name in this machine, for example <c>serial0</c>.</summary>
    string Path { get; }

    /// <summary>Where the board put the device.</summary>
    Placement Placement { get; }

    /// <summary>How many vCPUs the machine has.</summary>
    int VcpuCount { get; }

    /// <summary>Frequency of the machine's time-stamp counter in hertz.</summary>
    ulong TscHz { get; }

    /// <summary>Claims a region that is not mapped yet. <paramref name="token"/> comes back in
    /// <see cref="IoAccess.Token"/>.</summary>
    IRegion AddRegion(AddressSpace space, string name, ulong lengthBytes, IIoHandler handler, int token);

    /// <summary>An output line, which the board has wired or not; the name is the data sheet's in lower case
    /// (<c>irq</c>, <c>out0</c>). Lines begin low.</summary>
    IrqLine IrqOut(string name);

    /// <summary>Input pins. <paramref name="handler"/> is told of every change of level, synchronously, on this
    /// device's strand.</summary>
    IrqInputs IrqIn(string name, int count, IIrqHandler handler);

    /// <summary>A one-shot timer; <paramref name="fired"/> runs on the strand with the deadline it was armed
    /// for.</summary>
    IVmTimer CreateTimer(string name, Action<VmTime> fired);

    /// <summary>The virtual clock.</summary>
    IVmClock Clock { get; }

    /// <summary>Guest memory as the device's bus master sees it: RAM only, never devices.</summary>
    IDmaSpace Dma { get; }

    /// <summary>Where message-signalled interrupts go.</summary>
    IMsiTarget Msi { get; }

    /// <summary>Randomness from the machine's seed and this device's path.</summary>
    IEntropy Entropy { get; }

    /// <summary>The device's log.</summary>
    IDeviceLog Log { get; }

    /// <summary>The device's own strand, for calls that reach it from other devices (services it provides).</summary>
    IStrand Strand { get; }

    /// <summary>Reset, power and exit of the machine.</summary>
    IMachineControl Machine { get; }

    /// <summary>vCPUs as an interrupt controller sees them.</summary>
    IVcpuSignalling Vcpus { get; }

    /// <summary>The device's place on the PCI bus; null when the board put it elsewhere.</summary>
    Pci.IPciSlot? Pci { get; }

    /// <summary>The backend that the definition connected to a slot: <see cref="Chars.ICharPort"/> (<c>chardev</c>),
    /// <see cref="Block.IBlockPort"/> (<c>drive</c>), <see cref="Net.INetPort"/> (<c>netdev</c>). Null when there is
    /// none.</summary>
    T? Backend<T>(string slot) where T : class;

    /// <summary>Offers a contract of the SDK to the other devices of this machine. Calls arrive on the caller's thread:
    /// enter
    /// <see cref="Strand"/> in them.</summary>
    void Provide<T>(T service) where T : class;

    /// <summary>All services of a contract, in the order of the board. Complete only after every device is attached:
    /// ask at the first reset or later.</summary>
    IReadOnlyList<T> Services<T>() where T : class;

    /// <summary>Postpones a read: return <see cref="IoStatus.Deferred"/> with this ticket in hand, and answer with
    /// <see cref="CompleteDeferred"/>. The vCPU waits outside guest code; the instruction is executed again and
    /// consumes the value, and those of its reads that were answered before. Each read is asked once, except that a
    /// restored machine asks for the postponed one again.</summary>
    ulong Defer(in IoAccess access);

    /// <summary>Answers a postponed read.</summary>
    void CompleteDeferred(ulong ticket, ulong value);
}

/// <summary>Shorthand for the common claims.</summary>
public static class DeviceContextExtensions
{
    /// <summary>Claims ports and maps them.</summary>
    public static IRegion MapPorts(
        this IDeviceContext context, string name, ushort start, int count, IIoHandler handler, int token)
    {
        IRegion region = context.AddRegion(AddressSpace.Ports, name, (ulong)count, handler, token);
        region.Map(start);
        return region;
    }

    /// <summary>Claims memory-mapped registers and maps them.</summary>
    public static IRegion MapMemory(
        this IDeviceContext context, string name, ulong start, ulong lengthBytes, IIoHandler handler, int token)
    {
        IRegion region = context.AddRegion(AddressSpace.Memory, name, lengthBytes, handler, token);
        region.Map(start);
        return region;
    }
}

/// <summary>Where a board put a device. Members that do not apply are null.</summary>
public sealed class Placement
{
    /// <summary>Nowhere in particular: the device's options say it all.</summary>
    public static Placement None { get; } = new();
    /// <summary>PCI function.</summary>
    public PciAddress? Pci { get; init; }
    /// <summary>First address of a memory-mapped device.</summary>
    public ulong? MmioBase { get; init; }
    /// <summary>Global system interrupt that the line <c>irq</c> was wired to, for firmware tables.</summary>
    public int? Gsi { get; init; }
}

/// <summary>Serialises everything that touches one device.</summary>
[HostImplemented]
public interface IStrand
{
    /// <summary>Enters; dispose the scope to leave. Re-entrant on one thread. Lock order: devices before interrupt
    /// controllers (ARCHITECTURE.md). Allocates nothing.</summary>
    StrandScope Enter();
    /// <summary>Leaves; called by the scope.</summary>
    void Exit();
    /// <summary>Runs work later on the strand, on a thread of the core. Any thread.</summary>
    void Post(Action work);
}

/// <summary>Holds a strand until disposed.</summary>
public readonly ref struct StrandScope(IStrand? strand)
{
    /// <summary>Leaves the strand.</summary>
    public void Dispose() => strand?.Exit();
}

/// <summary>What a device may ask of the whole machine. Each returns at once; the machine acts after the current
/// instruction.</summary>
[HostImplemented]
public interface IMachineControl
{
    /// <summary>Resets every device and vCPU.</summary>
    void RequestReset(ResetKind kind, string reason);
    /// <summary>Powers off.</summary>
    void RequestPowerOff(string reason);
    /// <summary>The guest reported that it crashed (pvpanic).</summary>
    void ReportCrash(string reason);
    /// <summary>Ends the run with this exit code (debug exit port).</summary>
    void RequestExit(byte code, string reason);
}

/// <summary>vCPUs as an interrupt controller sees them.</summary>
[HostImplemented]
public interface IVcpuSignalling
{
    /// <summary>Tells a vCPU to look at its local APIC; wakes it from HLT. Any thread, lock-free.</summary>
    void Notify(int vcpu);
}
