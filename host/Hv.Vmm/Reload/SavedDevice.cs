using System.Buffers;
using Hv.Sdk;
using Hv.Sdk.State;
using Hv.Vmm.Devices;

namespace Hv.Vmm.Reload;

/// <summary>The state of one device on its way from old code to new.</summary>
internal sealed class SavedDevice
{
    private readonly ArrayBufferWriter<byte> bytes = new();
    private readonly ushort version;

    private SavedDevice(ushort version) => this.version = version;

    /// <summary>Saves a device; null when it has nothing to save. Its strand is entered.</summary>
    /// <exception cref="ReloadRefusedException">It throws.</exception>
    public static SavedDevice? Of(DeviceNode node)
    {
        if (node.State is not { } state) return null;
        SavedDevice saved = new(state.StateVersion);
        using StrandScope scope = node.Strand.Enter();
        try
        {
            state.Save(new StateWriter(saved.bytes));
        }
        catch (Exception e)
        {
            throw new ReloadRefusedException(
                $"the code of the device {node.Path} that runs cannot save its state: {e.GetType().Name}: {e.Message}",
                "restart the machine to change it", e);
        }
        return saved;
    }

    /// <summary>What new code reads.</summary>
    public StateReader Open() => new(bytes.WrittenMemory, version);

    /// <summary>Checks that new code reads what old code writes, before anything is stopped for it.</summary>
    /// <exception cref="ReloadRefusedException">It does not; the message names the versions.</exception>
    public static void CheckContract(DeviceNode node, IDevice next, string newCode)
    {
        if (node.State is not { } old) return;
        string who = $"the device {node.Path} ({node.Model.Name})";
        if (next is not IStateful reader)
        {
            throw new ReloadRefusedException($"{who} has state {old.StateId}, and {newCode} does not take any",
                "let the new code implement IStateful, or restart the machine");
        }
        if (reader.StateId != old.StateId)
        {
            throw new ReloadRefusedException($"{who} has state {old.StateId}, and {newCode} reads {reader.StateId}",
                "keep the id of the state, or restart the machine");
        }
        ushort oldest = reader.OldestStateVersion == 0 ? (ushort)1 : reader.OldestStateVersion;
        if (old.StateVersion > reader.StateVersion)
        {
            throw new ReloadRefusedException(
                $"{who} has state {old.StateId} of version {old.StateVersion}, and {newCode} reads {oldest} to {reader.StateVersion}",
                "it is older than what runs: restart the machine to go back");
        }
        if (old.StateVersion < oldest)
        {
            throw new ReloadRefusedException(
                $"{who} has state {old.StateId} of version {old.StateVersion}, and {newCode} reads {oldest} to {reader.StateVersion}",
                "lower ReadsFrom of its [DeviceState] and give new fields defaults, or restart the machine");
        }
    }
}
