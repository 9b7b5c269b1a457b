using Hv.Sdk.Engines;

namespace Hv.X86.Interpreter.Tests;

/// <summary>Hot paths of floating point allocate nothing, on the host's arithmetic and in software.</summary>
public sealed class FloatAllocationTests
{
    public static TheoryData<string> Kernels() => [.. FloatKernels.All.Select(k => k.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Run_FloatingPoint_AllocatesNothing(string name)
    {
        using var machine = new BareMachine();
        machine.Load(FloatKernels.All.First(k => k.Name == name).Program);
        VcpuState after = machine.Run(FloatKernels.State(machine), out VcpuExit exit, 10_000);
        // The budget ends inside the loop: no exception took the guest elsewhere.
        Assert.Equal(VcpuExitReason.Budget, exit.Reason);
        Assert.InRange(after.Rip, BareMachine.CodeBase, BareMachine.CodeBase + 0x1000);
        // Each run begins where the one before ended, in the middle of the loop: decoding a block there may allocate,
        // once.
        long least = long.MaxValue;
        for (int run = 0; run < 20; run++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            machine.Vcpu.Run(new RunBudget { Instructions = 5_000 });
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }
}
