using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Device;

/// <summary>The requirements of <see cref="IDevice"/> and <see cref="IDeviceFactory"/>.</summary>
public sealed class DeviceSuite : ConformanceSuite<DeviceSubject>
{
    /// <summary>The name of the check of states that were shipped, which needs
    /// <see cref="DeviceSubject.States"/>.</summary>
    public const string RecordedStates = "recorded-states-upgrade";

    /// <summary>The suite.</summary>
    public static DeviceSuite Default { get; } = new();

    /// <summary>The suite; there is no difference between two.</summary>
    public DeviceSuite() : base("device",
    [
        new("is-described",
            "the factory has a name, each option a name and a summary, the device says whether it has state",
            Behaviour.IsDescribed),
        new("same-steps-same-run",
            "the same steps give the same values, lines, messages and state, whenever they are made",
            Behaviour.IsDeterministic),
        new("devices-share-nothing", "a second device of the same model changes nothing for the first",
            Behaviour.SharesNothing),
        new("decorators-are-transparent",
            "with every contract wrapped, as faults and traces do, the device behaves the same",
            Behaviour.IsTransparent),
        new("hostile-guest-is-answered",
            "any access of any size, value and order is answered without an exception, and timers and posted work end",
            Behaviour.AnswersAnything),
        new("accesses-allocate-nothing", "accesses, timers and pins allocate nothing once their code has run",
            Behaviour.AllocatesNothing),
        new("debug-reads-change-nothing", "a debugger may read registers and inspect at any time without a trace",
            Behaviour.PeeksHarmlessly),
        new("cold-reset-equals-fresh", "after a power-on reset nothing is left of what was before",
            Behaviour.ResetsCold),
        new("saving-changes-nothing",
            "saving twice gives the same bytes, and a device that was saved goes on as one that was not",
            StateChecks.SavesQuietly),
        new("save-load-save-is-a-fixed-point", "what was loaded is saved again byte for byte",
            StateChecks.IsFixedPoint),
        new("outputs-follow-restore-at-once",
            "right after Load lines, regions and timers are as they were, and nothing was sent",
            StateChecks.DrivesOutputsAtOnce),
        new("restored-twin-goes-on-the-same",
            "saved and restored between any two steps, it goes on as one that never was", StateChecks.TwinGoesOn),
        new("hostile-state-is-refused", "damaged state is refused with a StateException, or taken and then harmless",
            StateChecks.RefusesDamage),
        new("state-is-bounded", "no field of a state file makes the device hold more than it ever could by itself",
            StateChecks.IsBounded),
        new("unknown-fields-are-ignored", "fields of a newer minor version are skipped", StateChecks.IgnoresUnknown),
        new(RecordedStates, "states of every version that was shipped load, work on and can be saved",
            StateChecks.Upgrades),
        new("pause-drains",
            "work of its own ends in bounded time when the machine pauses, and then the device stands still",
            Lifecycle.Drains),
        new("stays-on-its-strand", "the device calls the machine only on the thread that called it",
            Lifecycle.StaysOnStrand),
        new("detached-plugin-is-collected",
            "when the device was disposed and the plugin unloaded, nothing holds its code", Lifecycle.IsCollected),
    ])
    {
    }

    /// <inheritdoc/>
    protected override string NameOf(DeviceSubject subject) => subject.Name;
}
