using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Net;
using Hv.Sdk.Pci;
using Hv.Sdk.Signals;
using Hv.Sdk.Time;

namespace Hv.Sdk.Conformance.Device;

/// <summary>Every contract that a device is given, wrapped in a decorator that does nothing: what a core with faults,
/// traces or another process in between hands out. A device must not tell the difference.</summary>
internal sealed class PassThroughContext(IDeviceContext inner, CallWatch watch) : IDeviceContext
{
    private readonly PassThroughDma dma = new(inner.Dma);

    public string Path => inner.Path;
    public Placement Placement => inner.Placement;
    public int VcpuCount => inner.VcpuCount;
    public ulong TscHz => inner.TscHz;
    public IVmClock Clock { get; } = new PassThroughClock(inner.Clock);
    public IDmaSpace Dma => dma;
    public IMsiTarget Msi { get; } = new PassThroughMsi(inner.Msi);
    public IEntropy Entropy { get; } = new PassThroughEntropy(inner.Entropy, watch);
    public IDeviceLog Log => inner.Log;
    public IStrand Strand => inner.Strand;
    public IMachineControl Machine => inner.Machine;
    public IVcpuSignalling Vcpus => inner.Vcpus;
    public IPciSlot? Pci { get; } = inner.Pci is { } slot ? new PassThroughSlot(slot, watch) : null;

    public IRegion AddRegion(AddressSpace space, string name, ulong lengthBytes, IIoHandler handler, int token) =>
        new PassThroughRegion(inner.AddRegion(space, name, lengthBytes, new PassThroughHandler(handler), token), watch);

    public IrqLine IrqOut(string name) => PassThroughSink.Wrap(inner.IrqOut(name), watch);

    public IrqInputs IrqIn(string name, int count, IIrqHandler handler)
    {
        IrqInputs inputs = inner.IrqIn(name, count, new PassThroughPins(handler));
        return new IrqInputs(new PassThroughLevels(inputs), 0, count);
    }

    public IVmTimer CreateTimer(string name, Action<VmTime> fired) =>
        new PassThroughTimer(inner.CreateTimer(name, due => fired(due)), watch);

    public T? Backend<T>(string slot) where T : class => inner.Backend<T>(slot) switch
    {
        ICharPort port when typeof(T) == typeof(ICharPort) => (T)(object)new PassThroughChars(port, watch),
        IBlockPort port when typeof(T) == typeof(IBlockPort) => (T)(object)new PassThroughBlock(port, watch),
        INetPort port when typeof(T) == typeof(INetPort) => (T)(object)new PassThroughNet(port, watch),
        T other => other,
        _ => null,
    };

    public void Provide<T>(T service) where T : class => inner.Provide(service);
    public IReadOnlyList<T> Services<T>() where T : class => inner.Services<T>();
    public ulong Defer(in IoAccess access) => inner.Defer(access);
    public void CompleteDeferred(ulong ticket, ulong value) => inner.CompleteDeferred(ticket, value);
}
