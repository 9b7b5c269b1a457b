namespace Hv.Sdk.Conformance.Device;

/// <summary>Notices calls on another thread than the bench's.</summary>
internal sealed class CallWatch
{
    private readonly Thread owner = Thread.CurrentThread;
    private volatile string? foreignCall;

    /// <summary>The first call that came from elsewhere.</summary>
    public string? ForeignCall => foreignCall;

    public void Called(string member)
    {
        if (Thread.CurrentThread != owner) foreignCall ??= member;
    }
}
