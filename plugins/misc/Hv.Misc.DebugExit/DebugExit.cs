using Hv.Sdk;
using Hv.Sdk.Io;
using Hv.Sdk.State;

namespace Hv.Misc.DebugExit;

/// <summary>Ends the run when the guest writes v to its port, with the exit code ((v &lt;&lt; 1) | 1) &amp; 255: the
/// convention that test kernels know from QEMU's isa-debug-exit. Reads give zero. Has nothing to remember.</summary>
[NoState]
public sealed class DebugExit(DebugExitOptions options) : IDevice, IIoHandler
{
    private const int PortCount = 4;
    private IMachineControl machine = null!;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        machine = context.Machine;
        _ = context.MapPorts("exit", options.Port, PortCount, this, 0);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind) { }

    /// <inheritdoc/>
    public void Dispose() { }

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value)
    {
        value = 0;
        return IoStatus.Ok;
    }

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value)
    {
        if (!access.IsDebug) machine.RequestExit((byte)((value << 1) | 1), "the guest wrote to the exit port");
        return IoStatus.Ok;
    }
}
