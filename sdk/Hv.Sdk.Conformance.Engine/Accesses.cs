using Hv.Sdk.Engines;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Engine;

/// <summary>What comes to the bus.</summary>
internal static class Accesses
{
    private const ulong Rax = 0x1122_3344_5566_7788;
    private const ulong Base = BareMachine.MmioBase;

    public static void ReachTheBus(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.Accesses);
        VcpuState state = machine.LongMode();
        state.Gpr[0] = Rax;
        ulong before = state.Retired;
        List<ulong> counted = [];
        machine.Bus.OnAccess = () => counted.Add(machine.Vcpu.Retired - before);
        state = machine.Run(state, out VcpuExit exit);
        Running.RequireExit(VcpuExitReason.Halt, exit);
        RequireSame("stores", machine.Bus.Writes,
            [new(Base, 1, 0x88), new(Base + 2, 2, 0x7788), new(Base + 4, 4, 0x5566_7788), new(Base + 8, 8, Rax)]);
        RequireSame("loads", machine.Bus.Reads,
            [Read(Base, 1), Read(Base + 2, 2), Read(Base + 4, 4), Read(Base + 8, 8)]);
        RequireSame("OUTs", machine.Bus.PortWrites,
            [new(0x80, 1, 0x88), new(0x3f8, 2, 0x7788), new(0x3f8, 4, 0x5566_7788)]);
        RequireSame("INs", machine.Bus.PortReads, [Read(0x3f8, 1), Read(0x3f8, 2), Read(0x3f8, 4)]);
        RequireValue("BL", TestBus.At(Base, 1), state.Gpr[3] & 0xff);
        RequireValue("CX", TestBus.At(Base + 2, 2), state.Gpr[1] & 0xffff);
        RequireValue("RSI", TestBus.At(Base + 4, 4), state.Gpr[6]);
        RequireValue("R8", TestBus.At(Base + 8, 8), state.Gpr[8]);
        RequireValue("RAX", TestBus.At(0x3f8, 4), state.Gpr[0]);

        // MOV EDI is the first instruction, MOV DX the eleventh; all others are accesses.
        ulong[] expected = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15];
        CheckRun.Require(counted.SequenceEqual(expected),
            $"inside the accesses {string.Join(' ', counted)} were counted instead of {string.Join(' ', expected)}");
    }

    private static BusAccess Read(ulong address, int size) => new(address, size, TestBus.At(address, size));

    private static void RequireSame(string what, List<BusAccess> actual, BusAccess[] expected) =>
        CheckRun.Require(actual.SequenceEqual(expected),
        $"{what}: {string.Join(", ", actual)} instead of {string.Join(", ", expected.AsEnumerable())}");

    private static void RequireValue(string register, ulong expected, ulong actual) =>
        CheckRun.Require(expected == actual, $"{register} is {actual:x}h instead of {expected:x}h");

    public static void StayInPages(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.AcrossAPage);
        VcpuState state = machine.LongMode();
        state.Gpr[0] = Rax;
        state = machine.Run(state, out VcpuExit exit);
        Running.RequireExit(VcpuExitReason.Halt, exit);
        foreach (BusAccess access in machine.Bus.Writes.Concat(machine.Bus.Reads))
            CheckRun.Require(access.Address / 4096 == (access.Address + (ulong)access.Size - 1) / 4096,
                $"{access} crosses a page");
        Dictionary<ulong, byte> written = [];
        foreach (BusAccess access in machine.Bus.Writes)
        {
            for (int i = 0; i < access.Size; i++) written[access.Address + (ulong)i] = (byte)(access.Value >> (8 * i));
        }
        for (int i = 0; i < 8; i++)
        {
            ulong address = Base + 0xffd + (ulong)i;
            CheckRun.Require(written.TryGetValue(address, out byte b) && b == (byte)(Rax >> (8 * i)),
                $"byte {i} has not come to {address:x}h");
        }
        RequireValue("RBX", TestBus.At(Base + 0xffd, 8), state.Gpr[3]);
    }

    public static void AreDeferred(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.OneLoad);
        VcpuState state = machine.LongMode();
        ulong before = state.Retired;
        machine.Bus.Deferrals = 2;
        for (int i = 0; i < 2; i++)
        {
            state = i == 0 ? machine.Run(state, out VcpuExit deferred) : machine.Go(out deferred);
            Running.RequireExit(VcpuExitReason.Deferred, deferred);
            CheckRun.Require(state.Rip == BareMachine.CodeBase + 5 && machine.Vcpu.Retired - before == 1,
                $"with its read postponed it was done: RIP {state.Rip:x}h, {machine.Vcpu.Retired - before} counted");
        }
        state = machine.Go(out VcpuExit exit);
        Running.RequireExit(VcpuExitReason.Halt, exit);
        RequireValue("RAX", TestBus.At(Base, 4), state.Gpr[0]);
        CheckRun.Require(machine.Bus.Reads.Count == 1, $"the load was made {machine.Bus.Reads.Count} times");
    }
}
