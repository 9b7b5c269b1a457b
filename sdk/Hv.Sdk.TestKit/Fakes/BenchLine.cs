namespace Hv.Sdk.TestKit.Fakes;

/// <summary>An output line of the device, as a board would see it.</summary>
public sealed class BenchLine(string name)
{
    /// <summary>The device's name for it.</summary>
    public string Name { get; } = name;
    /// <summary>Its level.</summary>
    public bool Level { get; internal set; }
    /// <summary>Low-to-high edges so far.</summary>
    public int RisingEdges { get; internal set; }

    internal void Set(bool level)
    {
        if (level && !Level) RisingEdges++;
        Level = level;
    }

    internal void Pulse()
    {
        RisingEdges++;
        Level = false;
    }
}
