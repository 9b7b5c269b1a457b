namespace Hv.Sdk.State;

/// <summary>Marks a partial class or struct that holds a device's whole state: the generator writes <c>Save</c> and
/// <c>Load</c>. Tags are never used again; a new field gets a new tag and a default.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class DeviceStateAttribute(string id, ushort version) : Attribute
{
    /// <summary>Names the layout, for example <c>uart16550</c>.</summary>
    public string Id { get; } = id;
    /// <summary>Version written, from 1.</summary>
    public ushort Version { get; } = version;
    /// <summary>Oldest version that is still read; 0 means <see cref="Version"/> 1.</summary>
    public ushort ReadsFrom { get; init; }
}

/// <summary>Gives a field or property of a <see cref="DeviceStateAttribute"/> type its tag, 1 or more. Types: bool, the
/// integers, enums, byte arrays and arrays of integers with a bound, inline arrays of integers, and other DeviceState
/// types and arrays of them.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class FieldAttribute(int tag) : Attribute
{
    /// <summary>The tag.</summary>
    public int Tag { get; } = tag;
    /// <summary>For arrays: the most elements that are accepted. An array that is preallocated keeps its
    /// length.</summary>
    public int MaxLength { get; init; }
    /// <summary>Largest value that is accepted from a file; 0 is no bound.</summary>
    public ulong Maximum { get; init; }
}

/// <summary>Implemented by a device that can be saved. A device without it (and without <see cref="NoStateAttribute"/>)
/// makes the machine unsaveable, which is said when the machine is created.</summary>
public interface IStateful
{
    /// <summary>Names the layout.</summary>
    string StateId { get; }
    /// <summary>The version written.</summary>
    ushort StateVersion { get; }
    /// <summary>The oldest version read.</summary>
    ushort OldestStateVersion { get; }
    /// <summary>Writes the state. Changes nothing. On the strand, paused.</summary>
    void Save(StateWriter writer);
    /// <summary>Takes the state over and drives every output from it at once. Timers and line levels are restored by
    /// the core. On the strand, paused. All devices load before any vCPU runs.</summary>
    /// <exception cref="StateException">The state is damaged or not of this device; the device is not used
    /// afterwards.</exception>
    void Load(StateReader reader);
}

/// <summary>States that a device has nothing to save.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NoStateAttribute : Attribute;

/// <summary>State that cannot be taken over: damaged, or written by something newer.</summary>
public sealed class StateException(string message) : Exception(message);
