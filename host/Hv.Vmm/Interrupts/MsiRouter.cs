using Hv.Sdk.Signals;
using Hv.Vmm.Devices;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Interrupts;

/// <summary>Passes message-signalled interrupts to the device that takes them: the local APICs. Messages sent while
/// there is none are dropped and counted.</summary>
internal sealed class MsiRouter : IMsiTarget
{
    private volatile IMsiTarget? target;
    private Callee callee;

    /// <summary>Messages; approximate, as several threads count.</summary>
    public ulong Messages;

    /// <summary>Sets who takes them, and whose service that is.</summary>
    public void Connect(IMsiTarget? to, DeviceNode? node)
    {
        if (node is not null) callee = node.Strand.Callee;
        target = to;
    }

    /// <summary>Hot path.</summary>
    public void Send(in MsiMessage message)
    {
        Messages++;
        if (target is not { } to) return;
        using CallScope scope = CallRecord.Enter(callee);
        to.Send(message);
    }
}
