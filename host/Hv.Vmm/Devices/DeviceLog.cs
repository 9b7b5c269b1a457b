using Hv.Interop;
using Hv.Sdk;

namespace Hv.Vmm.Devices;

/// <summary>One device's voice: at most <see cref="Burst"/> messages at once and <see cref="PerSecond"/> a second after
/// that; what was held back is counted and said with the next message.</summary>
internal sealed class DeviceLog(string path, IMachineLog log) : IDeviceLog
{
    private const int Burst = 32;
    private const int PerSecond = 8;

    private readonly Lock gate = new();
    private long refilledNs = HostClock.NowNs;
    private double tokens = Burst;
    private ulong heldBack;
    private long guestErrors;

    /// <summary>Mistakes of the guest.</summary>
    public ulong GuestErrors => (ulong)Interlocked.Read(ref guestErrors);

    public bool IsEnabled(LogLevel level) => log.IsEnabled(path, level);

    public void Write(LogLevel level, string message)
    {
        if (!log.IsEnabled(path, level) || !TryTake(out ulong skipped)) return;
        log.Write(path, level, skipped == 0
            ? message : $"{message} ({skipped} messages before this one were held back)", null);
    }

    public void GuestError(string message)
    {
        Interlocked.Increment(ref guestErrors);
        Write(LogLevel.Debug, message);
    }

    private bool TryTake(out ulong skipped)
    {
        lock (gate)
        {
            long now = HostClock.NowNs;
            tokens = Math.Min(Burst, tokens + (now - refilledNs) * 1e-9 * PerSecond);
            refilledNs = now;
            skipped = heldBack;
            if (tokens < 1)
            {
                heldBack++;
                return false;
            }
            tokens--;
            heldBack = 0;
            return true;
        }
    }
}
