namespace Hv.Guests;

/// <summary>Hears how the making of a guest goes on. Any thread.</summary>
public interface IGuestProgress
{
    /// <summary>A step begins, for example <c>fetching linux-image-6.1.0-31-cloud-amd64</c>.</summary>
    void Begin(string step);

    /// <summary>How much of the step is done, 0 to 1.</summary>
    void Advance(double fraction);
}

/// <summary>Nobody listens.</summary>
public sealed class NoProgress : IGuestProgress
{
    /// <summary>The only one.</summary>
    public static NoProgress Instance { get; } = new();

    /// <inheritdoc/>
    public void Begin(string step)
    {
    }

    /// <inheritdoc/>
    public void Advance(double fraction)
    {
    }
}
