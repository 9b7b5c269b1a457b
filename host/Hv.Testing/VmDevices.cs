using System.Globalization;
using Hv.Sdk;

namespace Hv.Testing;

/// <summary>The devices of a VM by their names in it.</summary>
public sealed class VmDevices
{
    private readonly Vm vm;

    internal VmDevices(Vm vm) => this.vm = vm;

    /// <summary>The device of that name, for example <c>disk0</c>; <c>vcpu0</c> and <c>engine</c> can be inspected
    /// too.</summary>
    public VmDevice this[string path] => new(vm, path);
}

/// <summary>One device of a VM.</summary>
public sealed class VmDevice
{
    private readonly Vm vm;

    internal VmDevice(Vm vm, string path)
    {
        this.vm = vm;
        Path = path;
    }

    /// <summary>Its name in the VM.</summary>
    public string Path { get; }

    /// <summary>What the device shows of itself and what the core counts for it, by name; fields of parts as
    /// <c>part.field</c>. The VM stands still while it looks.</summary>
    /// <exception cref="VmTestException">There is no such device.</exception>
    public async Task<IReadOnlyDictionary<string, string>> Inspect()
    {
        InspectedPart root = await vm.Inspect().ConfigureAwait(false);
        return root.Parts.TryGetValue(Path, out InspectedPart? device)
            ? device.Flatten()
            : throw new VmTestException($"there is no device '{Path}': there are {string.Join(", ", root.Parts.Keys)}");
    }

    /// <summary>One number of what <see cref="Inspect"/> shows.</summary>
    public async Task<ulong> Counter(string name)
    {
        IReadOnlyDictionary<string, string> all = await Inspect().ConfigureAwait(false);
        return all.TryGetValue(name, out string? value)
            && ulong.TryParse(value, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : throw new VmTestException($"{Path} shows no number '{name}': it shows {string.Join(", ", all.Keys)}");
    }
}

/// <summary>What was seen of a part of a machine.</summary>
internal sealed class InspectedPart : IInspector
{
    private readonly Dictionary<string, string> fields = [];

    public Dictionary<string, InspectedPart> Parts { get; } = [];

    public void Field(string name, ulong value) => fields[name] = value.ToString(CultureInfo.InvariantCulture);

    public void Field(string name, string value) => fields[name] = value;

    public void Child(string name, IInspectable child)
    {
        InspectedPart part = new();
        child.Inspect(part);
        Parts[name] = part;
    }

    public IReadOnlyDictionary<string, string> Flatten()
    {
        Dictionary<string, string> all = new(fields);
        foreach ((string name, InspectedPart part) in Parts)
        {
            foreach ((string field, string value) in part.Flatten()) all[$"{name}.{field}"] = value;
        }

        return all;
    }
}
