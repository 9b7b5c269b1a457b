using Hv.Sdk.Firmware;

namespace Hv.Vmm.Description;

/// <summary>Everything that a machine is made from: immutable, complete, without a handle or an object of the host.
/// Made by Hv.Configuration from a definition and flags; turned into hardware by
/// <see cref="MachineBuilder"/>.</summary>
public sealed record MachineDescription
{
    /// <summary>The machine's name: in messages, logs and disk locks.</summary>
    public required string Name { get; init; }
    /// <summary>Its identity for SMBIOS.</summary>
    public Guid Id { get; init; }

    /// <summary>The board.</summary>
    public required ExtensionChoice Board { get; init; }
    /// <summary>The engine; null takes the first of <see cref="IExtensions.Engines"/> that works here. A choice that
    /// was made explicitly never falls back.</summary>
    public ExtensionChoice? Engine { get; init; }
    /// <summary>The firmware; null takes the board's.</summary>
    public ExtensionChoice? Firmware { get; init; }
    /// <summary>What to boot.</summary>
    public BootInputs Boot { get; init; } = new();

    /// <summary>RAM in bytes, a multiple of 1 MiB.</summary>
    public required ulong MemoryBytes { get; init; }
    /// <summary>vCPUs, 1 to 255.</summary>
    public int VcpuCount { get; init; } = 1;
    /// <summary>The CPU model: <c>x86-64-v1</c>, <c>x86-64-v2</c>, <c>x86-64-v3</c> or <c>max</c>.</summary>
    public string CpuModel { get; init; } = "max";
    /// <summary>Frequency of the time-stamp counter in hertz, fixed for the machine's life.</summary>
    public ulong TscHz { get; init; } = 1_000_000_000;

    /// <summary>Devices beyond the board's own, in order; the board places them.</summary>
    public IReadOnlyList<DeviceDescription> Devices { get; init; } = [];
    /// <summary>What devices are connected to on the host's side.</summary>
    public IReadOnlyList<BackendDescription> Backends { get; init; } = [];

    /// <summary>Faults to inject, in order: the first is nearest to what it breaks.</summary>
    public IReadOnlyList<FaultDescription> Faults { get; init; } = [];
    /// <summary>Faults can be added while the machine runs; costs one call an access.</summary>
    public bool TakesFaults { get; init; }

    /// <summary>How time runs.</summary>
    public TimeMode Time { get; init; }
    /// <summary>Seed of all randomness; null draws one from the host (not allowed in deterministic mode, where it is
    /// then 0).</summary>
    public ulong? Seed { get; init; }
    /// <summary>Calendar time of power-on in Unix nanoseconds; null is now, and 2020-01-01 in deterministic
    /// mode.</summary>
    public long? EpochUnixNs { get; init; }

    /// <summary>Deterministic mode: instructions between two state hashes, for tests; 0 takes none.</summary>
    public ulong StateHashInterval { get; init; }

    /// <summary>A reset ends the run.</summary>
    public bool NoReboot { get; init; }
    /// <summary>Host time after which the run ends with code 124; null is never.</summary>
    public TimeSpan? Timeout { get; init; }
    /// <summary>What happens when a device fails.</summary>
    public FailurePolicy OnDeviceFailure { get; init; }
    /// <summary>Host time that a callback or an engine may take before the machine is ended with code 4.</summary>
    public TimeSpan WatchdogPatience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Plugins can be replaced under the running guest; costs a little on each access of a device.</summary>
    public bool IsReloadable { get; init; }

    /// <summary>Snapshot to begin from instead of a reset.</summary>
    public string? RestoreFrom { get; init; }
    /// <summary>File to save the machine to when the run is ended from outside (quit, signal, timeout).</summary>
    public string? SaveOnExit { get; init; }
    /// <summary>Who else was set up to save the machine (a front-end's key), for the message that refuses a machine
    /// that cannot be saved; null when nobody was.</summary>
    public string? SavingAskedBy { get; init; }
}

/// <summary>How virtual time runs.</summary>
public enum TimeMode : byte
{
    /// <summary>Follows the host's monotonic clock; stops while paused.</summary>
    Real,
    /// <summary>Advances with retired instructions; the same description and inputs give the same run.</summary>
    Deterministic,
}

/// <summary>What happens when a device throws or breaks its contract.</summary>
public enum FailurePolicy : byte
{
    /// <summary>The machine ends with code 4.</summary>
    Stop,
    /// <summary>The machine goes on; the device answers nothing any more.</summary>
    Continue,
}

/// <summary>An extension by name with its options as the user gave them.</summary>
public sealed record ExtensionChoice
{
    /// <summary>The name, for example <c>microvm</c>.</summary>
    public required string Name { get; init; }
    /// <summary>Options as text; the core checks them against the extension's schema.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}

/// <summary>A device that the board is asked to place.</summary>
public sealed record DeviceDescription
{
    /// <summary>Its name in the machine, for example <c>disk0</c>.</summary>
    public required string Path { get; init; }
    /// <summary>The model, for example <c>virtio-blk</c>.</summary>
    public required string Model { get; init; }
    /// <summary>Options as text.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}
