using Hv.Sdk.Engines;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Engine;

/// <summary>What reaches a vCPU from outside.</summary>
internal static class Signals
{
    private const int Vector = 0x40, NmiVector = 2;
    private const ulong LongRun = 60_000_000, Few = 1000;

    public static void ReturnsOnKick(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.ForEver);
        machine.Vcpu.WriteState(machine.LongMode());
        machine.Vcpu.Kick();
        machine.Vcpu.Kick();
        ulong before = machine.Vcpu.Retired;
        _ = machine.Go(out VcpuExit exit, budget: 1000);
        Running.RequireExit(VcpuExitReason.Kicked, exit);
        CheckRun.Require(machine.Vcpu.Retired == before, "a vCPU that was kicked before it ran has run");
        _ = machine.Go(out exit, budget: 1000);
        Running.RequireExit(VcpuExitReason.Budget, exit);

        // From another thread, and surely while it runs: the program has just made an access.
        machine.Load(BareMachine.CodeBase, Programs.SignsAndStays);
        machine.Vcpu.WriteState(machine.LongMode());
        machine.Bus.OnAccess = () =>
        {
            Thread kicker = new(machine.Vcpu.Kick);
            kicker.Start();
            kicker.Join();
        };
        Patience.Returns(() => machine.Go(out exit, LongRun), "Run, kicked from another thread,");
        Running.RequireExit(VcpuExitReason.Kicked, exit);
    }

    public static void WakesFromHalt(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.SleepsOpen);
        machine.LoadHandler(Vector, Programs.CountAndReturn);
        VcpuState state = machine.Run(machine.LongMode(), out VcpuExit exit);
        Running.RequireExit(VcpuExitReason.Halt, exit);
        CheckRun.Require(state.Activity == VcpuActivity.Halted, $"after HLT the vCPU is {state.Activity}");
        _ = machine.Go(out exit);
        Running.RequireExit(VcpuExitReason.Halt, exit);
        machine.Apic.Vector = Vector;
        machine.Apic.Pending = VcpuSignals.Interrupt;
        machine.Vcpu.Notify();
        state = machine.Go(out exit);
        Running.RequireExit(VcpuExitReason.Halt, exit);
        CheckRun.Require(machine.Apic.Acknowledged == 1,
            $"the interrupt was acknowledged {machine.Apic.Acknowledged} times");
        CheckRun.Require(state.Gpr[9] == 1, $"its handler ran {state.Gpr[9]} times");
        CheckRun.Require(state.Gpr[3] == 0x77, "the code after HLT has not run");
    }

    public static void WaitsForWindow(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.OpensAWindow);
        machine.LoadHandler(Vector, Programs.TakeAddressAndHalt);
        machine.Apic.Vector = Vector;
        machine.Apic.Pending = VcpuSignals.Interrupt;
        VcpuState state = machine.LongMode();
        ulong before = state.Retired, at = 0;
        machine.Apic.OnCall = () => at = machine.Vcpu.Retired;
        state = machine.Run(state, out VcpuExit exit);
        Running.RequireExit(VcpuExitReason.Halt, exit);
        CheckRun.Require(machine.Apic.Acknowledged == 1,
            $"the interrupt was acknowledged {machine.Apic.Acknowledged} times");
        CheckRun.Require(at - before == 18,
            $"it was taken after {at - before} instructions; STI is the 17th, its shadow the 18th");
        CheckRun.Require(state.Gpr[9] == BareMachine.CodeBase + 18, $"the handler returns to {state.Gpr[9]:x}h");

        // One that has gone by the time it is acknowledged leaves no trace.
        machine.Apic.Vector = -1;
        machine.Apic.Pending = VcpuSignals.Interrupt;
        state = machine.Run(machine.LongMode(), out exit);
        Running.RequireExit(VcpuExitReason.Halt, exit);
        CheckRun.Require(state.Rip == BareMachine.CodeBase + 20, $"an interrupt that had gone led to {state.Rip:x}h");
    }

    public static void BlocksNmis(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.OpensAWindow);
        machine.LoadHandler(NmiVector, Programs.CountAndReturn);
        List<ulong> interrupted = [];
        machine.Apic.Pending = VcpuSignals.Nmi;
        machine.Apic.OnCall = () =>
        {
            interrupted.Add(machine.Read().Rip);
            if (interrupted.Count == 1) machine.Apic.Pending = VcpuSignals.Nmi;
        };
        VcpuState state = machine.Run(machine.LongMode(), out VcpuExit exit);
        Running.RequireExit(VcpuExitReason.Halt, exit);
        CheckRun.Require(state.Gpr[9] == 2 && interrupted.Count == 2, $"of two NMIs {state.Gpr[9]} were handled");
        CheckRun.Require(interrupted.TrueForAll(rip => rip < BareMachine.HandlerBase),
            $"an NMI was taken inside the handler of another, at {interrupted[^1]:x}h");
    }

    public static void StartsBySipi(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine(vcpus: 2);
        machine.Load(0x1_0000, Programs.SixteenBit);

        // Not the first: the boot processor begins at its reset vector after INIT (SDM vol. 3, 10.4.3).
        (IVcpu vcpu, TestApic apic) = (machine.Vcpus[1], machine.Apics[1]);
        vcpu.WriteState(machine.LongMode(vcpu: 1));
        apic.Pending = VcpuSignals.Init;
        VcpuExit exit = vcpu.Run(new RunBudget { Instructions = Few });
        Running.RequireExit(VcpuExitReason.WaitForSipi, exit);
        CheckRun.Require(apic.Taken.SequenceEqual([VcpuSignals.Init]) && apic.Inits == 1, "INIT was not taken once");
        CheckRun.Require(machine.Read(1).Activity == VcpuActivity.WaitForSipi,
            $"after INIT the vCPU is {machine.Read(1).Activity}");
        apic.SipiVector = 0x10;
        apic.Pending = VcpuSignals.Sipi;
        vcpu.Notify();
        exit = vcpu.Run(new RunBudget { Instructions = Few });
        Running.RequireExit(VcpuExitReason.Halt, exit);
        VcpuState state = machine.Read(1);
        CheckRun.Require(state.Segments[1].Selector == 0x1000 && (state.Gpr[0] & 0xffff) == 0x1234,
            $"after SIPI with vector 10h CS is {state.Segments[1].Selector:x}h and AX {state.Gpr[0] & 0xffff:x}h");
    }
}
