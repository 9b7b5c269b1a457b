using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Io;
using Hv.Sdk.Signals;

namespace Hv.Vmm.Benchmarks;

/// <summary>A device with one register, that does nothing else: what remains is the cost of the way to it.</summary>
public sealed class BenchDevice : IDevice, IIoHandler, IIrqHandler, IBlockListener
{
    private ulong register;
    private long completed;

    /// <summary>What the core gave it.</summary>
    public IDeviceContext Context { get; private set; } = null!;

    /// <summary>What it claims, besides.</summary>
    public Action<BenchDevice> Attached { get; init; } = _ => { };

    /// <summary>Disk requests that are done. Any thread.</summary>
    public long Completions => Volatile.Read(ref completed);

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        Context = context;
        Attached(this);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind) => register = 0;

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value)
    {
        value = register;
        return IoStatus.Ok;
    }

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value)
    {
        register = value;
        return IoStatus.Ok;
    }

    /// <inheritdoc/>
    public void PinChanged(int pin, bool level) => register = level ? 1UL : 0;

    /// <inheritdoc/>
    public void Completed(ulong tag, BlockStatus status) => Volatile.Write(ref completed, completed + 1);

    /// <inheritdoc/>
    public void Resized()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
