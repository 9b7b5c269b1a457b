namespace Hv.Sdk.TestKit.Fakes;

/// <summary>Records what the device asked of the machine, and which vCPUs it notified.</summary>
public sealed class BenchMachine : IMachineControl, IVcpuSignalling
{
    private readonly int[] notified;

    internal BenchMachine(int vcpus) => notified = new int[vcpus];

    /// <summary>Resets asked for.</summary>
    public int Resets { get; private set; }
    /// <summary>The latest kind of reset.</summary>
    public ResetKind LastReset { get; private set; }
    /// <summary>Power-offs asked for.</summary>
    public int PowerOffs { get; private set; }
    /// <summary>Crashes reported.</summary>
    public int Crashes { get; private set; }
    /// <summary>Exits asked for.</summary>
    public int Exits { get; private set; }
    /// <summary>The latest exit code.</summary>
    public byte ExitCode { get; private set; }
    /// <summary>Why a fault cut the power; null when none did.</summary>
    public string? PowerCut { get; private set; }
    /// <summary>How often a vCPU was notified.</summary>
    public int Notified(int vcpu) => Volatile.Read(ref notified[vcpu]);

    /// <inheritdoc/>
    public void RequestReset(ResetKind kind, string reason)
    {
        Resets++;
        LastReset = kind;
    }

    /// <inheritdoc/>
    public void RequestPowerOff(string reason) => PowerOffs++;
    /// <inheritdoc/>
    public void ReportCrash(string reason) => Crashes++;

    /// <inheritdoc/>
    public void RequestExit(byte code, string reason)
    {
        Exits++;
        ExitCode = code;
    }

    internal void CutPower(string reason) => PowerCut ??= reason;

    /// <inheritdoc/>
    public void Notify(int vcpu) => Interlocked.Increment(ref notified[vcpu]);

    internal void CopyFrom(BenchMachine other)
    {
        (Resets, LastReset, PowerOffs, Crashes, Exits, ExitCode) =
            (other.Resets, other.LastReset, other.PowerOffs, other.Crashes, other.Exits, other.ExitCode);
        other.notified.CopyTo(notified, 0);
    }

    // Notifications are hints that may repeat: they are not compared.
    internal string? Difference(BenchMachine other) =>
        (Resets, PowerOffs, Crashes, Exits, ExitCode)
            == (other.Resets, other.PowerOffs, other.Crashes, other.Exits, other.ExitCode)
            ? null : "asked other things of the machine";
}
