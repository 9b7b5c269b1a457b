using System.Runtime.InteropServices;
using Hv.Sdk.Engines;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Engine;

/// <summary>What guest memory is.</summary>
internal static class Memory
{
    private const ulong Second = 0x10_0000;
    private const int SecondBytes = 0x1_0000, SecondData = 0x8000;
    private const int WrittenPage = 0x90, ReadPage = 0x98;

    public static void MapChanges(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.CallAndLoad);
        byte[] first = SecondMemory(1, out int firstStart), second = SecondMemory(2, out int secondStart);
        foreach ((byte[] memory, int start, ulong number) in new[] { (first, firstStart, 1ul),
            (second, secondStart, 2ul), (first, firstStart, 1ul) })
        {
            machine.Partition.SetMemoryMap([machine.RamSlot(), new MemorySlot
            {
                Start = new GuestPhysicalAddress(Second),
                LengthBytes = SecondBytes,
                Host = Marshal.UnsafeAddrOfPinnedArrayElement(memory, start),
                FileOffset = BareMachine.RamBytes,
            }]);
            VcpuState state = machine.Run(machine.LongMode(), out VcpuExit exit);
            Running.RequireExit(VcpuExitReason.Halt, exit);
            CheckRun.Require(state.Gpr[3] == number, $"code of memory {state.Gpr[3]} ran, memory {number} is mapped");
            CheckRun.Require(state.Gpr[8] == number * 100, $"a load gave {state.Gpr[8]}, memory {number} is mapped");
        }
        machine.Partition.SetMemoryMap([machine.RamSlot()]);
        machine.Load(BareMachine.CodeBase, Programs.LoadOnly);
        _ = machine.Run(machine.LongMode(), out _);
        CheckRun.Require(machine.Bus.Reads.Exists(r => r.Address == Second + SecondData),
            "a load from where memory was does not come to the bus");
    }

    private static byte[] SecondMemory(byte number, out int start)
    {
        byte[] memory = BareMachine.Pages(SecondBytes, out start);
        Programs.SetEbx(number, halts: false).CopyTo(memory, start);
        memory[start + SecondData] = (byte)(number * 100);
        return memory;
    }

    public static void ReadOnlyIsTheBuss(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.StoreAndLoad);
        machine.SetQword(BareMachine.DataBase, 5);
        machine.Partition.SetMemoryMap([machine.RamSlot(MemorySlotFlags.ReadOnly)]);
        VcpuState state = machine.LongMode();
        state.Gpr[0] = 7;
        _ = machine.Run(state, out VcpuExit exit);
        Running.RequireExit(VcpuExitReason.Halt, exit);
        CheckRun.Require(machine.Qword(BareMachine.DataBase) == 5, "read-only memory was written");
        CheckRun.Require(machine.Bus.Writes.Contains(new BusAccess(BareMachine.DataBase, 8, 7)),
            "the write has not come to the bus");
    }

    public static void MarksDirtyPages(EngineSubject subject, CheckRun run)
    {
        if ((subject.Engine.Traits & EngineTraits.DirtyLog) == 0) CheckRun.NotApplicable(
            "the engine does not promise DirtyLog");
        using BareMachine machine = subject.NewMachine();
        machine.Load(BareMachine.CodeBase, Programs.StoreAndLoad);
        machine.Partition.SetMemoryMap([machine.RamSlot(logsDirty: true)]);
        for (int round = 0; round < 3; round++)
        {
            machine.Partition.SyncDirtyLog();
            machine.Dirty.Clear();
            _ = machine.Run(machine.LongMode(), out VcpuExit exit);
            Running.RequireExit(VcpuExitReason.Halt, exit);
            machine.Partition.SyncDirtyLog();
            CheckRun.Require(machine.Dirty[WrittenPage] == 1,
                $"in round {round} the page that was written is not marked");
            CheckRun.Require(machine.Dirty[ReadPage] == 0, $"in round {round} a page that was only read is marked");
        }
    }

    public static void RunsChangedCode(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        for (byte number = 1; number < 5; number++)
        {
            machine.Load(BareMachine.CodeBase, Programs.SetEbx(number, halts: true));
            VcpuState state = machine.Run(machine.LongMode(), out _);
            CheckRun.Require(state.Gpr[3] == number,
                $"code that the host has written runs as version {state.Gpr[3]} instead of {number}");
        }
        machine.Load(BareMachine.CodeBase, Programs.ChangesItself);
        VcpuState changed = machine.Run(machine.LongMode(), out _);
        CheckRun.Require(changed.Gpr[3] == 3, $"code that has changed itself runs as {changed.Gpr[3]}");
    }
}
