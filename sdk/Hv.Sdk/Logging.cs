namespace Hv.Sdk;

/// <summary>How much a message matters.</summary>
public enum LogLevel : byte
{
    /// <summary>Each access; off by default.</summary>
    Trace,
    /// <summary>For whoever debugs a device; off by default.</summary>
    Debug,
    /// <summary>Worth knowing.</summary>
    Info,
    /// <summary>Something is wrong and was dealt with.</summary>
    Warn,
    /// <summary>Something failed.</summary>
    Error,
}

/// <summary>A device's voice. Rate-limited by the host. Any thread. Guest bytes are logged only redacted.</summary>
[HostImplemented]
public interface IDeviceLog
{
    /// <summary>Whether a message of this level goes anywhere: ask before building an expensive one.</summary>
    bool IsEnabled(LogLevel level);
    /// <summary>Reports something about the device or its host side.</summary>
    void Write(LogLevel level, string message);
    /// <summary>The guest did something that the data sheet forbids: counted always, written rate-limited at Debug.
    /// <paramref name="message"/> must be a constant.</summary>
    void GuestError(string message);
}

/// <summary>Implemented by what can show its insides to <c>hv info</c>, <c>--stats</c> and debuggers.</summary>
public interface IInspectable
{
    /// <summary>Writes fields; changes nothing. On the strand.</summary>
    void Inspect(IInspector to);
}

/// <summary>Receives what an <see cref="IInspectable"/> shows.</summary>
[HostImplemented]
public interface IInspector
{
    /// <summary>A number.</summary>
    void Field(string name, ulong value);
    /// <summary>A text.</summary>
    void Field(string name, string value);
    /// <summary>A part with fields of its own.</summary>
    void Child(string name, IInspectable child);
}

/// <summary>Randomness of one device: from the machine's seed, the device's path and a counter that is saved. On the
/// strand.</summary>
public interface IEntropy
{
    /// <summary>Fills the span.</summary>
    void Fill(Span<byte> destination);
}
