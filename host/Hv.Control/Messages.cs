namespace Hv.Control;

/// <summary>Answer to <see cref="Methods.Info"/>.</summary>
public sealed record MachineInfo
{
    /// <summary><see cref="Methods.Version"/> of the machine's side.</summary>
    public required int Protocol { get; init; }
    /// <summary>Version of Hv.</summary>
    public required string Hv { get; init; }
    /// <summary>The machine's name.</summary>
    public required string Name { get; init; }
    /// <summary>Its process.</summary>
    public required int ProcessId { get; init; }
    /// <summary>created, running, paused or stopped.</summary>
    public required string State { get; init; }
    /// <summary>The engine.</summary>
    public required string Engine { get; init; }
    /// <summary>The board.</summary>
    public required string Board { get; init; }
    /// <summary>vCPUs.</summary>
    public required int Vcpus { get; init; }
    /// <summary>RAM.</summary>
    public required ulong MemoryBytes { get; init; }
    /// <summary>Virtual time.</summary>
    public required long VirtualNs { get; init; }
    /// <summary>Whether plugins can be replaced.</summary>
    public required bool IsReloadable { get; init; }
}

/// <summary>Argument of <see cref="Methods.Plugins"/>.</summary>
public sealed record PluginsRequest
{
    /// <summary>Collects garbage before replaced code is counted.</summary>
    public bool Collect { get; init; }
}

/// <summary>Answer to <see cref="Methods.Plugins"/>.</summary>
public sealed record PluginsInfo
{
    /// <summary>Plugins whose code is loaded.</summary>
    public required IReadOnlyList<PluginInfo> Loaded { get; init; }
    /// <summary>Load contexts that were let go since the start.</summary>
    public required int ContextsLetGo { get; init; }
    /// <summary>Those of them that are still in memory.</summary>
    public required int ContextsInMemory { get; init; }
    /// <summary>Private bytes of the process, guest memory left out.</summary>
    public required long PrivateBytes { get; init; }
}

/// <summary>One plugin.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Version">Its version.</param>
/// <param name="Folder">Where its code came from.</param>
/// <param name="IsReplaceable">Whether its code can be replaced while the guest runs.</param>
public sealed record PluginInfo(string Id, string Version, string Folder, bool IsReplaceable);

/// <summary>Argument of <see cref="Methods.ReloadPlugin"/>.</summary>
/// <param name="Plugin">The plugin's id.</param>
/// <param name="Path">Absolute path of the folder with the new code; null for where the plugin is installed.</param>
public sealed record ReloadRequest(string Plugin, string? Path);

/// <summary>Answer to <see cref="Methods.ReloadPlugin"/>.</summary>
public sealed record ReloadInfo
{
    /// <summary>The plugin's id.</summary>
    public required string Plugin { get; init; }
    /// <summary>Version of the code that went.</summary>
    public required string OldVersion { get; init; }
    /// <summary>Version of the code that runs now.</summary>
    public required string NewVersion { get; init; }
    /// <summary>Names of the devices that were replaced.</summary>
    public required IReadOnlyList<string> Devices { get; init; }
    /// <summary>Host time to make the new devices ready while the guest ran.</summary>
    public required double PreparationMs { get; init; }
    /// <summary>Host time in which the guest did not run.</summary>
    public required double BlackoutMs { get; init; }
    /// <summary>Replaced code that is still in memory. The runtime frees it when it collects garbage; a number that
    /// grows means that something of the plugin leads to it: a thread, a timer, an event of a static class.</summary>
    public int ContextsInMemory { get; init; }
}

/// <summary>One thing that is in the way, as in docs/errors.md.</summary>
/// <param name="Code">HVnnnn.</param>
/// <param name="Source">File or name at fault.</param>
/// <param name="Line">Line in it, from 1; 0 for the whole.</param>
/// <param name="Column">Column.</param>
/// <param name="Text">What is wrong.</param>
/// <param name="Remedy">What would be right.</param>
public sealed record Problem(string Code, string Source, int Line, int Column, string Text, string? Remedy);
