using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.Management;
using Hv.Sdk.Time;

namespace AcmeModel.Tests;

/// <summary>What every front-end must pass, a test for each check.</summary>
public sealed class TheModelConformance : FrontEndConformance<TheModelPlugin>
{
    protected override bool UsesStandardStreams => false;
}

/// <summary>What this front-end does.</summary>
public sealed class TheModelTests
{
    private readonly ScriptedMachine machine = new();
    private readonly StringWriter printed = new();

    [Fact]
    public async Task Print_FollowsTheMachineToItsEnd()
    {
        Task printing = TheModelEvents.PrintAsync(machine, printed, default);
        machine.End("the guest powered off");
        await printing;

        Assert.Equal(["[  1.500000] test: running", "[  1.500000] test: ended: the guest powered off"],
            printed.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Print_WhenHvWantsItsEnd_Ends() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => TheModelEvents.PrintAsync(machine, printed, new CancellationToken(true)));

    private sealed class ScriptedMachine : IMachine, IVmClock
    {
        private readonly TaskCompletionSource<MachineOutcome> end = new();

        public string Name => "test";
        public MachineState State => Completion.IsCompleted ? MachineState.Stopped : MachineState.Running;
        public MachineOutcome? Outcome => null;
        public IVmClock Clock => this;
        public VmTime Now => VmTime.FromNs(1_500_000_000);
        public long EpochUnixNs => 0;
        public Task<MachineOutcome> Completion => end.Task;
        public IConsole? Console => null;

        public void End(string message) => end.SetResult(
            new MachineOutcome { Reason = EndReason.PowerOff, Message = message, ExitCode = 0 });
        public Task PauseAsync() => Task.CompletedTask;
        public Task ResumeAsync() => Task.CompletedTask;
        public Task ResetAsync() => Task.CompletedTask;
        public void PressPowerButton() { }
        public Task SaveAsync(string path) => Task.CompletedTask;
        public void Quit(EndReason reason, string message) { }
    }
}
