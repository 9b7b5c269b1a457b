using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Signals;

namespace Hv.Faults.LostInterrupts;

/// <summary>Message-signalled interrupts that are lost or come twice.</summary>
internal sealed class BrokenMessages(IMsiTarget inner, InterruptFault action, IFaultScope scope)
    : ForwardingMsiTarget(inner)
{
    public override void Send(in MsiMessage message)
    {
        if (!scope.Strikes())
        {
            base.Send(message);
            return;
        }
        string what = $"message 0x{message.Data:x} to 0x{message.Address:x}";
        if (action == InterruptFault.Lose)
        {
            scope.Fired($"{what} was lost");
            return;
        }
        base.Send(message);
        base.Send(message);
        scope.Fired($"{what} came twice");
    }
}
