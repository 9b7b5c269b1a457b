using Hv.Sdk;

namespace Hv.Vmm;

/// <summary>Where a machine reports; implemented by the host over its logger. Any thread; must not block for
/// long.</summary>
public interface IMachineLog
{
    /// <summary>Whether a message would go anywhere.</summary>
    bool IsEnabled(string source, LogLevel level);
    /// <summary>Reports. <paramref name="source"/> is a device's path or a part of the core.</summary>
    void Write(string source, LogLevel level, string message, Exception? exception);
}
