namespace Hv.Sdk;

/// <summary>Makes devices of one model. Found by its <see cref="DeviceAttribute"/>; has a parameterless constructor
/// that does nothing.</summary>
public interface IDeviceFactory
{
    /// <summary>What a VM definition may set. Pure.</summary>
    OptionSchema Options { get; }
    /// <summary>Makes a device that is not attached yet. Build thread.</summary>
    /// <exception cref="ConfigurationException">The options contradict each other.</exception>
    IDevice Create(OptionValues options);
}

/// <summary>One device of one machine. Author it single-threaded: the core calls every member, handler, timer and
/// completion on the device's strand (unless it is <see cref="Threading.Concurrent"/>). Optional abilities are further
/// interfaces, asked for once after
/// <see cref="Attach"/>: <see cref="State.IStateful"/>, <see cref="IInspectable"/>,
/// <see cref="Acpi.IAcpiContributor"/>, <see cref="IDrain"/>.</summary>
public interface IDevice : IDisposable
{
    /// <summary>Claims regions, lines and timers. Called once, before any reset. All devices are attached before any is
    /// reset.</summary>
    /// <exception cref="ConfigurationException">What it needs is not there.</exception>
    void Attach(IDeviceContext context);

    /// <summary>Goes to its state after this kind of reset. Before it is called the core has lowered the device's lines
    /// and cancelled its timers. Lines may be raised here.</summary>
    void Reset(ResetKind kind);
}

/// <summary>What reset a device sees. Unknown values are taken as Cold.</summary>
public enum ResetKind : byte
{
    /// <summary>Power-on: everything.</summary>
    Cold,
    /// <summary>The reset line (keyboard controller, port CF9h, ACPI reset register): what survives a warm reset in
    /// hardware stays (CMOS contents).</summary>
    Warm,
    /// <summary>A bus reset that software asked for.</summary>
    Bus,
}

/// <summary>Implemented by a device with work of its own in flight outside the core's backends.</summary>
public interface IDrain
{
    /// <summary>Begins to wind down before a save; on the strand. vCPUs, timers and virtual time stand still from
    /// before this call until after the save: only what the host does, and posts to the strand, can bring the end
    /// nearer.</summary>
    void BeginDrain();
    /// <summary>True when nothing is in flight. Polled on the strand, between what was posted to it, for two seconds at
    /// the most; a device that is not drained by then is saved as it is.</summary>
    bool IsDrained { get; }
}

/// <summary>The definition is at fault: ends with exit code 2. The message says what is wrong and what would be
/// right.</summary>
public sealed class ConfigurationException(string message) : Exception(message)
{
    /// <summary>The option at fault, when there is one.</summary>
    public string? Option { get; init; }
}
