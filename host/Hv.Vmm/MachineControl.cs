using Hv.Sdk;
using Hv.Sdk.Management;

namespace Hv.Vmm;

/// <summary>What devices ask of the machine. Each request stops vCPUs after their current instruction and is carried
/// out by the machine's control thread.</summary>
internal sealed class MachineControl : IMachineControl
{
    private Machine? machine;

    public void Connect(Machine to) => machine = to;

    public void RequestReset(ResetKind kind, string reason) => machine?.RequestReset(kind, reason);

    public void RequestPowerOff(string reason) => machine?.RequestEnd(EndReason.PowerOff, reason, 0);

    public void ReportCrash(string reason) => machine?.RequestEnd(EndReason.Crash, reason, 3);

    /// <summary>The power fails.</summary>
    public void CutPower(string reason) => machine?.RequestEnd(EndReason.PowerCut, reason, 0);

    public void RequestExit(byte code, string reason) => machine?.RequestEnd(EndReason.ExitPort, reason, code);
}
