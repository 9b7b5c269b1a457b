using System.Diagnostics.CodeAnalysis;

namespace Hv.Sdk.Chars;

/// <summary>The host's side of a serial line, as the device sees it. On the strand.</summary>
public interface ICharPort
{
    /// <summary>Takes a byte to the host; false when the host's side is full: the byte is not taken, and
    /// <see cref="ICharListener.ReadyToSend"/> follows.</summary>
    bool TrySend(byte value);
    /// <summary>As many bytes as fit; how many were taken.</summary>
    int TrySend(ReadOnlySpan<byte> values);
    /// <summary>Sets who gets what the host sends. Called in Attach.</summary>
    void Listen(ICharListener listener);
    /// <summary>The device has room again after it refused.</summary>
    void ReadyToReceive();
}

/// <summary>The device's side of a serial line; on the strand. In deterministic mode what arrives is a recorded
/// event.</summary>
public interface ICharListener
{
    /// <summary>Bytes from the host; how many were taken. After taking fewer, call
    /// <see cref="ICharPort.ReadyToReceive"/> when there is room.</summary>
    int Receive(ReadOnlySpan<byte> values);
    /// <summary>The host's side takes bytes again.</summary>
    void ReadyToSend();
    /// <summary>The terminal's size changed, in characters; (0, 0) when not known.</summary>
    void Resized(int columns, int rows);
}

/// <summary>Makes character ports of one kind (file, tcp…). Faces the host.</summary>
public interface ICharBackend
{
    /// <summary>What the definition may set; the first option without a key is <c>target</c>.</summary>
    OptionSchema Options { get; }
    /// <summary>Opens it. Build thread.</summary>
    /// <exception cref="ConfigurationException">The target cannot be opened.</exception>
    ICharStream Open(OptionValues options, IDeviceLog log);
}

/// <summary>A byte stream of the host. The core moves bytes between it and the device's strand.</summary>
public interface ICharStream : IDisposable
{
    /// <summary>Takes bytes without blocking; how many were taken. Any thread, one at a time.</summary>
    int Write(ReadOnlySpan<byte> bytes);
    /// <summary>Starts calling <paramref name="received"/> on a thread of its own with each piece that arrives (the
    /// callback blocks while the guest takes nothing), and <paramref name="writable"/> after Write took fewer bytes
    /// than it was given.</summary>
    void Start(CharsReceived received, Action writable);
}

/// <summary>Bytes arrived. Returns when all were taken or the machine ends.</summary>
public delegate void CharsReceived(ReadOnlySpan<byte> bytes);
