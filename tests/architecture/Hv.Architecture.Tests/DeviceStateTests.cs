using System.Reflection;

namespace Hv.Architecture.Tests;

/// <summary>Every field of a device that changes lives in its state: what is neither readonly nor wiring is a
/// DeviceState.</summary>
public sealed class DeviceStateTests
{
    private const string StateAttribute = "Hv.Sdk.State.DeviceStateAttribute";

    private static bool IsDevice(Type type) => type is { IsClass: true, IsAbstract: false }
        && type.GetInterfaces().Any(i => i.FullName == "Hv.Sdk.IDevice");

    /// <summary>Wiring is what the SDK and its kits hand out at Attach (lines, timers, regions, ports, queues) and the
    /// plugin's own parts, whose fields are looked at in turn.</summary>
    private static IEnumerable<string> Violations(Type type, HashSet<Type> seen)
    {
        if (!seen.Add(type)) yield break;
        for (Type? t = type; t is not null && t.Assembly == type.Assembly; t = t.BaseType)
        {
            foreach (FieldInfo field in t.GetFields(
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (PluginAssemblies.HasAttribute(field.FieldType, StateAttribute)) continue;
                bool isOwnPart = field.FieldType.Assembly == type.Assembly && !field.FieldType.IsEnum
                    && !field.FieldType.IsInterface;
                bool isOptions = PluginAssemblies.HasAttribute(field.FieldType, "Hv.Sdk.OptionsAttribute");
                if (isOwnPart && !isOptions)
                {
                    foreach (string inner in Violations(field.FieldType, seen)) yield return inner;
                }
                bool isWiring = !field.FieldType.IsEnum
                    && (field.FieldType.Assembly.GetName().Name!.StartsWith("Hv.Sdk", StringComparison.Ordinal)
                        || isOwnPart);
                if (!field.IsInitOnly && !isWiring) yield return $"{t.FullName}.{field.Name} ({field.FieldType.Name}) changes but is not in the state";
            }
        }
    }

    [Fact]
    public void Devices_KeepWhatChangesInTheirState()
    {
        List<string> violations = PluginAssemblies.Select(
            (_, assembly) => assembly.GetTypes().Where(IsDevice).SelectMany(d => Violations(d, [])));
        Assert.Empty(violations);
    }

    [Fact]
    public void Devices_HaveStateOrSayThatTheyHaveNone()
    {
        List<string> violations = PluginAssemblies.Select((_, assembly) => assembly.GetTypes().Where(IsDevice)
            .Where(d => !d.GetInterfaces().Any(i => i.FullName == "Hv.Sdk.State.IStateful")
                && !PluginAssemblies.HasAttribute(d, "Hv.Sdk.State.NoStateAttribute"))
            .Select(d => d.FullName!));
        Assert.Empty(violations);
    }

    /// <summary>Whether tests keep a state of each shipped version of a plugin's devices: the folder of its tests has a
    /// class for them (which asks for a file of the present version) and files.</summary>
    private static bool KeepsStates(string plugin)
    {
        string[] tests = [.. SourceTree.Files("ShippedState*.cs", "tests")
            .Where(f => Path.GetFileName(Path.GetDirectoryName(f)) == plugin + ".Tests"
                && File.ReadAllText(f).Contains(": ShippedStates<", StringComparison.Ordinal))];
        return tests.Any(f => Directory.Exists(Path.Combine(Path.GetDirectoryName(f)!, "states"))
            && Directory.EnumerateFiles(Path.Combine(Path.GetDirectoryName(f)!, "states"), "v*.state").Any());
    }

    [Fact]
    public void Devices_WithStateKeepAFileOfEachShippedVersion()
    {
        List<string> stateful = PluginAssemblies.Select((folder, assembly) => assembly.GetTypes().Where(IsDevice)
            .Where(d => d.GetInterfaces().Any(i => i.FullName == "Hv.Sdk.State.IStateful"))
            .Select(_ => Path.GetFileName(folder)).Distinct());
        Assert.True(stateful.Count > 10, $"only {stateful.Count} plugins with stateful devices were found");
        Assert.DoesNotContain(stateful, p => !KeepsStates(p));
    }

    [Fact]
    public void Rule_OnAPluginWithoutFiles_NamesIt() => Assert.False(KeepsStates("Hv.Misc.Pvpanic"));

    private sealed class Forgetful
    {
        private int count;
        private readonly int wired = 1;
        public int Count => count++ + wired;
    }

    [Fact]
    public void Rule_OnAFieldOutsideTheState_NamesIt() =>
        Assert.Contains("count", Assert.Single(Violations(typeof(Forgetful), [])), StringComparison.Ordinal);
}
