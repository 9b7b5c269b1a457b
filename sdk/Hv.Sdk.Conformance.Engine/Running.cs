using Hv.Sdk.Engines;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Engine;

/// <summary>What a vCPU does with instructions.</summary>
internal static class Running
{
    private const int Budgets = 40;
    private const ulong Unmapped = 0x7f00_0000_0000;
    private const int PageFault = 14;

    public static void IsDescribed(EngineSubject subject, CheckRun run) =>
        Description.RequireComplete<EngineAttribute>(subject.Engine, subject.Engine.Options);

    public static void RequireExit(VcpuExitReason expected, VcpuExit exit) => CheckRun.Require(exit.Reason == expected,
        $"the run ended with {exit.Reason} instead of {expected}{(exit.Message is null ? "" : ": " + exit.Message)}");

    private static void RequireTrait(EngineSubject subject, EngineTraits trait)
    {
        if ((subject.Engine.Traits & trait) == 0) CheckRun.NotApplicable($"the engine does not promise {trait}");
    }

    private static BareMachine Mixed(EngineSubject subject)
    {
        BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.Mixed);
        return machine;
    }

    public static void MeetsBudget(EngineSubject subject, CheckRun run)
    {
        RequireTrait(subject, EngineTraits.ExactBudget);
        using BareMachine machine = Mixed(subject);
        machine.Vcpu.WriteState(machine.LongMode());
        for (ulong budget = 1; budget < Budgets; budget++)
        {
            ulong before = machine.Vcpu.Retired;
            VcpuState after = machine.Go(out VcpuExit exit, budget);
            RequireExit(VcpuExitReason.Budget, exit);
            CheckRun.Require(machine.Vcpu.Retired - before == budget && after.Retired == machine.Vcpu.Retired,
                $"of {budget} it retired {machine.Vcpu.Retired - before}, its state says {after.Retired - before}");
        }
    }

    public static void AddsUp(EngineSubject subject, CheckRun run)
    {
        using BareMachine whole = Mixed(subject);
        VcpuState end = whole.Run(whole.LongMode(), out VcpuExit exit);
        RequireExit(VcpuExitReason.Halt, exit);
        foreach (int seed in run.Seeds(6))
        {
            using BareMachine sliced = Mixed(subject);
            Random random = new(seed);
            sliced.Vcpu.WriteState(sliced.LongMode());
            VcpuState state;
            do state = sliced.Go(out exit, (ulong)random.Next(1, 50));
            while (exit.Reason == VcpuExitReason.Budget);
            RequireExit(VcpuExitReason.Halt, exit);
            States.RequireSame(end, state, "in one / in pieces");
            CheckRun.Require(whole.Ram.SequenceEqual(sliced.Ram), "in pieces, memory differs at the end");
        }
    }

    public static void IsDeterministic(EngineSubject subject, CheckRun run)
    {
        RequireTrait(subject, EngineTraits.Deterministic);
        using BareMachine first = Mixed(subject), second = Mixed(subject);
        VcpuState a = first.Run(first.LongMode(), out _), b = second.Run(second.LongMode(), out _);
        States.RequireSame(a, b, "first / second run");
        CheckRun.Require(first.Ram.SequenceEqual(second.Ram), "memory differs between two runs");
    }

    public static void CountsNoFaults(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.StoresThroughRax);
        machine.LoadHandler(PageFault, 0xf4);
        VcpuState state = machine.LongMode();
        state.Gpr[0] = Unmapped;
        ulong before = state.Retired;
        state = machine.Run(state, out VcpuExit exit);
        RequireExit(VcpuExitReason.Halt, exit);
        CheckRun.Require(state.Rip == BareMachine.HandlerBase + (PageFault * BareMachine.HandlerBytes) + 1,
            $"the page fault led to {state.Rip:x}h");
        CheckRun.Require(state.Cr2 == Unmapped, $"CR2 is {state.Cr2:x}h");

        // Three NOPs and the handler's HLT.
        CheckRun.Require(machine.Vcpu.Retired - before == 4,
            $"{machine.Vcpu.Retired - before} instructions were counted instead of 4");
    }

    public static void ReportsTripleFault(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.Undefined);
        VcpuState state = machine.LongMode();
        state.Idtr.Limit = 0;
        state = machine.Run(state, out VcpuExit exit);
        RequireExit(VcpuExitReason.TripleFault, exit);
        CheckRun.Require(state.Activity == VcpuActivity.Shutdown,
            $"after the triple fault the vCPU is {state.Activity}");
    }

    public static void FollowsTime(EngineSubject subject, CheckRun run)
    {
        foreach ((ulong hz, long ns, ulong offset) in new[] { (1_000_000_000ul, 5_000_000L, 1000ul),
            (2_500_000_000ul, 3L, 0ul), (2_500_000_000ul, 77_000_001L, 5ul) })
        {
            using BareMachine machine = subject.NewMachine(tscHz: hz);
            machine.Load(BareMachine.CodeBase, Programs.ReadsTsc);
            machine.NowNs = ns;
            VcpuState state = machine.LongMode();
            state.TscOffset = offset;
            state = machine.Run(state, out _);
            ulong read = (state.Gpr[2] << 32) | (uint)state.Gpr[0];
            ulong expected = (ulong)((UInt128)(ulong)ns * hz / 1_000_000_000) + offset;
            CheckRun.Require(read == expected,
                $"RDTSC gives {read} instead of {expected} at {ns} ns, {hz} Hz, offset {offset}");
        }
    }
}
