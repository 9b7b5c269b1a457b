using Hv.Sdk.Signals;

namespace Hv.Vmm.Interrupts;

/// <summary>Passes message-signalled interrupts to the device that takes them: the local APICs. Messages sent while
/// there is none are dropped and counted.</summary>
internal sealed class MsiRouter : IMsiTarget
{
    private volatile IMsiTarget? target;

    /// <summary>Messages; approximate, as several threads count.</summary>
    public ulong Messages;

    public void Connect(IMsiTarget? to) => target = to;

    /// <summary>Hot path.</summary>
    public void Send(in MsiMessage message)
    {
        Messages++;
        target?.Send(message);
    }
}
