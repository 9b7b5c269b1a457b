namespace Hv.Vmm.Reload;

/// <summary>What replacing a plugin's code did.</summary>
public sealed record ReloadReport
{
    /// <summary>The plugin's id.</summary>
    public required string Plugin { get; init; }
    /// <summary>Version of the code that went; empty when no device of the machine came from it.</summary>
    public required string OldVersion { get; init; }
    /// <summary>Version of the code that runs now.</summary>
    public required string NewVersion { get; init; }
    /// <summary>The devices that were replaced.</summary>
    public required IReadOnlyList<ReloadedDevice> Devices { get; init; }
    /// <summary>Host time that making the new devices ready took, while the guest ran.</summary>
    public required TimeSpan Preparation { get; init; }
    /// <summary>Host time in which the guest did not run: from the request to stop to the go-ahead.</summary>
    public required TimeSpan Blackout { get; init; }
}

/// <summary>One device that was replaced.</summary>
/// <param name="Path">Its name in the machine.</param>
/// <param name="Model">Its model.</param>
/// <param name="OldStateVersion">Version of the state that the old code wrote; 0 when the device has none.</param>
/// <param name="NewStateVersion">Version of the state that the new code writes.</param>
public sealed record ReloadedDevice(string Path, string Model, int OldStateVersion, int NewStateVersion);
