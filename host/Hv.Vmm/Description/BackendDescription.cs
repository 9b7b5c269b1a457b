namespace Hv.Vmm.Description;

/// <summary>The host's side of one slot of one device. A closed set: the records below.</summary>
public abstract record BackendDescription
{
    /// <summary>The device; null is the board's default console
    /// (<see cref="Hv.Sdk.Boards.IBoardBuilder.DefaultConsole"/>).</summary>
    public string? DevicePath { get; init; }
    /// <summary>The slot, as the device asks for it.</summary>
    public required string Slot { get; init; }
}

/// <summary>A serial line that front-ends show: <see cref="Hv.Sdk.Management.IMachine.Console"/>. At most one of a
/// machine.</summary>
public sealed record ConsoleBackendDescription : BackendDescription;

/// <summary>A serial line whose output is dropped and that receives nothing.</summary>
public sealed record NullCharBackendDescription : BackendDescription;

/// <summary>A serial line that a character backend serves.</summary>
public sealed record CharBackendDescription : BackendDescription
{
    /// <summary>The backend, for example <c>file</c>.</summary>
    public required ExtensionChoice Backend { get; init; }
}

/// <summary>A network card's network.</summary>
public sealed record NetBackendDescription : BackendDescription
{
    /// <summary>The backend, for example <c>loopback</c>; null is a port without a carrier.</summary>
    public ExtensionChoice? Backend { get; init; }
}

/// <summary>A disk.</summary>
public sealed record DiskBackendDescription : BackendDescription
{
    /// <summary>Host path of the image or block device.</summary>
    public required string File { get; init; }
    /// <summary>The format; null probes.</summary>
    public string? Format { get; init; }
    /// <summary>The format's options as text.</summary>
    public IReadOnlyDictionary<string, string> FormatOptions { get; init; } = new Dictionary<string, string>();
    /// <summary>The guest cannot write.</summary>
    public bool IsReadOnly { get; init; }
    /// <summary>The guest's writes go to memory and are forgotten at the end; the file is opened read-only.</summary>
    public bool DiscardWrites { get; init; }
    /// <summary>A text that identifies the medium to the guest, at most 20 ASCII characters; null takes the device's
    /// path.</summary>
    public string? Serial { get; init; }
}
