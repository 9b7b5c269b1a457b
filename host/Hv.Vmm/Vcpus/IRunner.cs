using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Vmm.Strands;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Vcpus;

/// <summary>Makes vCPUs, timers and posted work run, and makes them stand still. Stop, Resume and End are called by the
/// machine's control thread.</summary>
internal interface IRunner : IStrandScheduler, IVcpuSignalling, IDisposable
{
    /// <summary>Starts the threads; nothing runs before <see cref="Resume"/>.</summary>
    void Start(IReadOnlyList<VcpuNode> vcpus);
    /// <summary>Asks for a stop after the current instruction. Any thread, also inside device callbacks; returns at
    /// once.</summary>
    void RequestStop();
    /// <summary>Waits until everything stands. False when something does not within <paramref name="patience"/>;
    /// <paramref name="culprit"/> names it.</summary>
    bool Stop(TimeSpan patience, out string culprit);
    /// <summary>Lets everything run.</summary>
    void Resume();
    /// <summary>Ends the threads; false when one does not end.</summary>
    bool End(TimeSpan patience);
    /// <summary>Counters.</summary>
    void Inspect(IInspector to);
}

/// <summary>Told what vCPUs did that concerns the whole machine. Called on their threads; returns at once.</summary>
internal interface IVcpuEvents
{
    /// <summary>The vCPU is in the shutdown state.</summary>
    void TripleFault(int vcpu);
    /// <summary>The engine cannot go on.</summary>
    void EngineFailed(int vcpu, string message, Exception? exception);
}

/// <summary>What to do after an exit.</summary>
internal static class VcpuExits
{
    /// <summary>Runs guest code; an exception of the engine becomes a failure.</summary>
    public static VcpuExit Run(VcpuNode node, in RunBudget budget, IVcpuEvents events)
    {
        VcpuExit exit;
        try
        {
            using CallScope scope = CallRecord.Enter(node.InGuest);
            exit = node.Vcpu.Run(budget);
        }
        catch (Exception e)
        {
            events.EngineFailed(node.Index, $"the engine threw {e.GetType().Name}: {e.Message}", e);
            return new VcpuExit { Reason = VcpuExitReason.Failure };
        }
        node.CountExit(exit.Reason);
        if (exit.Reason == VcpuExitReason.TripleFault) events.TripleFault(node.Index);
        else if (exit.Reason == VcpuExitReason.Failure)
            events.EngineFailed(node.Index, exit.Message ?? "no reason given", null);
        return exit;
    }
}
