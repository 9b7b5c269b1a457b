using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.Io;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>Devices, dirty pages, code that changes, and threads.</summary>
public sealed class MemoryTests
{
    private const ulong Data = 0x20_0000, Mmio = 0x4000_0000;

    [Fact]
    public void Mmio_AcrossPages_IsSplitThere()
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            c.mov(rax, 0x1122334455667788);
            c.mov(edi, (uint)Mmio + 0xFFD);
            c.mov(__qword_ptr[rdi], rax);
            c.hlt();
        });
        machine.Run(machine.LongMode(), out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
        Assert.Equal(
            [(Mmio + 0xFFD, 2, 0x7788ul), (Mmio + 0xFFF, 1, 0x66ul), (Mmio + 0x1000, 4, 0x22334455ul), (Mmio + 0x1004, 1, 0x11ul)],
            machine.Bus.Writes);
    }

    [Fact]
    public void Mmio_RetiredInsideTheCallback_IsExact()
    {
        using var machine = new BareMachine();
        ulong seen = 0, rip = 0;
        machine.Bus.OnAccess = () =>
        {
            seen = machine.Vcpu.Retired;
            VcpuState state = default;
            machine.Vcpu.ReadState(ref state);
            rip = state.Rip;
        };
        machine.Load(c =>
        {
            c.nop();
            c.nop();
            c.mov(edi, (uint)Mmio);
            c.mov(eax, __dword_ptr[rdi]);
            c.hlt();
        });
        machine.Run(machine.LongMode(), out _);
        Assert.Equal(3ul, seen);
        Assert.Equal(BareMachine.CodeBase + 7, rip);
    }

    [Fact]
    public void Mmio_Deferred_LeavesTheInstructionUnexecuted()
    {
        using var machine = new BareMachine();
        machine.Bus.DeferReads = 1;
        machine.Bus.Answer = 0x55;
        machine.Load(c =>
        {
            c.mov(edi, (uint)Mmio);
            c.mov(eax, 1);
            c.add(eax, __dword_ptr[rdi]);
            c.hlt();
        });
        VcpuState after = machine.Run(machine.LongMode(), out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Deferred, exit.Reason);
        Assert.Equal(1ul, after.Gpr[0]);
        Assert.Equal(2ul, after.Retired);
        Assert.Equal(VcpuExitReason.Halt, machine.Vcpu.Run(RunBudget.Unlimited).Reason);
        machine.Vcpu.ReadState(ref after);
        Assert.Equal(0x56ul, after.Gpr[0]);
    }

    [Fact]
    public void Mmio_DeferredAndThenAnEvent_ReadsBeforeTheEventIsTaken()
    {
        using var machine = new BareMachine();
        machine.Bus.DeferReads = 1;
        machine.Load(c =>
        {
            c.mov(edi, (uint)Mmio);
            c.mov(eax, __dword_ptr[rdi]);
            c.hlt();
        });
        machine.Run(machine.LongMode(), out VcpuExit exit);
        Assert.Equal(VcpuExitReason.Deferred, exit.Reason);
        machine.Apic.Pending |= VcpuSignals.Init;
        Assert.Equal(VcpuExitReason.Budget, machine.Vcpu.Run(new RunBudget { Instructions = 1 }).Reason);
        Assert.Equal([((ulong)Mmio, 4)], machine.Bus.Reads);
    }

    [Fact]
    public unsafe void DirtyLog_WriteAfterSync_MarksAgain()
    {
        using var machine = new BareMachine();
        machine.SetMap(MemorySlotFlags.LogDirty);
        machine.Load(c =>
        {
            Label again = c.CreateLabel();
            c.Label(ref again);
            c.mov(__byte_ptr[Data], 1);
            c.jmp(again);
        });
        machine.Run(machine.LongMode(), out _, 100);
        Assert.Equal(1, machine.DirtyMap[Data >> 12]);
        Assert.Equal(0, machine.DirtyMap[(Data >> 12) + 1]);
        machine.Partition.SyncDirtyLog();
        machine.DirtyMap[Data >> 12] = 0;
        machine.Vcpu.Run(new RunBudget { Instructions = 100 });
        Assert.Equal(1, machine.DirtyMap[Data >> 12]);
    }

    [Fact]
    public void ReadOnlySlot_Write_GoesToTheBus()
    {
        using var machine = new BareMachine();
        machine.SetMap(MemorySlotFlags.ReadOnly);
        machine.Load(c =>
        {
            c.mov(__byte_ptr[Data], 7);
            c.hlt();
        });
        machine.Run(machine.LongMode(), out _);
        Assert.Contains((Data, 1, 7ul), machine.Bus.Writes);
        Assert.Equal(0, machine.Ram[(int)Data]);
    }

    [Fact]
    public void InvalidateCode_AfterHostWrite_NewCodeRuns()
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            Label again = c.CreateLabel();
            c.Label(ref again);
            c.add(eax, 1);
            c.jmp(again);
        });
        machine.Run(machine.LongMode(), out _, 1000);
        // add eax, imm32 is 05 and four bytes.
        machine.Ram[(int)BareMachine.CodeBase + 1] = 0x10;
        machine.Partition.InvalidateCode(new GuestPhysicalAddress(BareMachine.CodeBase + 1), 1);
        machine.Vcpu.Run(new RunBudget { Instructions = 2 });
        VcpuState after = default;
        machine.Vcpu.ReadState(ref after);
        Assert.Equal(500ul + 0x10, after.Gpr[0]);
    }

    [Fact]
    public void CodeThatChangesItsOwnLoop_NewCodeRuns()
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            Label again = c.CreateLabel(), done = c.CreateLabel();
            c.mov(ecx, 3);
            c.Label(ref again);
            c.add(eax, 1);
            c.add(__byte_ptr[(long)BareMachine.CodeBase + 6], 1);
            c.dec(ecx);
            c.jne(again);
            c.hlt();
        });
        VcpuState after = machine.Run(machine.LongMode(), out _);
        // add eax, imm32 with 1, 2 and 3 in turn.
        Assert.Equal(6ul, after.Gpr[0]);
    }

    [Fact]
    public void LockedIncrements_FromFourVcpus_AreAllCounted()
    {
        const int vcpus = 4;
        const uint loops = 100_000;
        using var machine = new BareMachine(vcpus);
        machine.Load(c =>
        {
            Label again = c.CreateLabel();
            c.mov(ecx, loops);
            c.Label(ref again);
            c.@lock.inc(__qword_ptr[Data]);
            c.@lock.xadd(__dword_ptr[Data + 8], edx);
            c.mov(edx, 1);
            c.dec(ecx);
            c.jne(again);
            c.hlt();
        });
        VcpuState start = machine.LongMode();
        start.Gpr[2] = 1;
        var threads = new Thread[vcpus];
        for (int i = 0; i < vcpus; i++)
        {
            IVcpu vcpu = machine.Vcpus[i];
            vcpu.WriteState(start);
            threads[i] = new Thread(() => vcpu.Run(RunBudget.Unlimited));
        }
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal(vcpus * (ulong)loops, machine.Qword(Data));
        Assert.Equal(vcpus * (ulong)loops, machine.Qword(Data + 8));
    }

    [Fact]
    public void InvalidateCode_MoreOftenThanIsRemembered_NewCodeRuns()
    {
        using var machine = new BareMachine();
        machine.Load(c =>
        {
            Label again = c.CreateLabel();
            c.Label(ref again);
            c.add(eax, 1);
            c.jmp(again);
        });
        machine.Run(machine.LongMode(), out _, 1000);
        // Code on many pages, all of it overwritten by the host while the vCPU does not run.
        for (ulong page = 0; page < 1500; page++)
        {
            ulong at = 0x40_0000 + page * 4096;
            machine.Load(c => c.jmp(at), at: at);
            machine.Run(machine.LongMode(rip: at), out _, 2);
        }
        machine.Ram[(int)BareMachine.CodeBase + 1] = 0x10;
        machine.Partition.InvalidateCode(new GuestPhysicalAddress(0x40_0000), 1500 * 4096);
        machine.Partition.InvalidateCode(new GuestPhysicalAddress(BareMachine.CodeBase), 8);
        VcpuState state = machine.LongMode();
        state.Gpr[0] = 0;
        VcpuState after = machine.Run(state, out _, 2);
        Assert.Equal(0x10ul, after.Gpr[0]);
    }

    [Fact]
    public void CodeRewrittenByAnotherVcpu_IsSeen()
    {
        using var machine = new BareMachine(2);
        // vCPU 0 calls a function that returns a constant until it sees the new one; vCPU 1 rewrites the constant.
        const ulong function = 0x18_0000, writer = 0x19_0000;
        machine.Load(c =>
        {
            c.mov(eax, 1);
            c.ret();
        }, at: function);
        machine.Load(c =>
        {
            Label again = c.CreateLabel();
            c.Label(ref again);
            c.mov(rbx, function);
            c.call(rbx);
            c.mov(__byte_ptr[Data], 1);
            c.cmp(eax, 2);
            c.jne(again);
            c.hlt();
        });
        machine.Load(c =>
        {
            Label wait = c.CreateLabel();
            c.mov(ecx, 100);
            c.mov(rbx, function);
            // Writes that change nothing first, so that a fast write translation could exist.
            c.mov(__byte_ptr[rbx + 100], 1);
            c.Label(ref wait);
            c.cmp(__byte_ptr[Data], 0);
            c.je(wait);
            c.mov(__dword_ptr[rbx + 1], 2);
            c.hlt();
        }, at: writer);
        machine.Vcpus[0].WriteState(machine.LongMode());
        VcpuState second = machine.LongMode(1, writer);
        machine.Vcpus[1].WriteState(second);
        var thread = new Thread(() => machine.Vcpus[1].Run(RunBudget.Unlimited));
        thread.Start();
        VcpuExit exit = machine.Vcpus[0].Run(new RunBudget { Instructions = 2_000_000_000 });
        thread.Join();
        Assert.Equal(VcpuExitReason.Halt, exit.Reason);
    }
}
