namespace Hv.Sdk.TestKit.Fakes;

/// <summary>Counts what the device reports.</summary>
public sealed class BenchLog : IDeviceLog
{
    /// <summary>Mistakes of the guest.</summary>
    public int GuestErrors { get; private set; }
    /// <summary>The latest mistake of the guest.</summary>
    public string? LastGuestError { get; private set; }
    /// <summary>Messages of level Warn and Error.</summary>
    public int Warnings { get; private set; }
    /// <inheritdoc/>
    public bool IsEnabled(LogLevel level) => level >= LogLevel.Info;

    /// <inheritdoc/>
    public void Write(LogLevel level, string message)
    {
        if (level >= LogLevel.Warn) Warnings++;
    }

    /// <inheritdoc/>
    public void GuestError(string message)
    {
        GuestErrors++;
        LastGuestError = message;
    }
}
