using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.TestKit.Tests;

/// <summary>Every check passes a right device: these run as a vendor's would.</summary>
public sealed class FlawlessConformance : DeviceConformance<Flawless>
{
    protected override BenchSetup Setup => Checks.Small;
}

/// <summary>And every check has been seen to fail.</summary>
public sealed class ConformanceTests
{
    private static string Failure(Action check) => Assert.ThrowsAny<Exception>(check).Message;

    private sealed class Check<T> : DeviceConformance<T> where T : IDeviceFactory, new()
    {
        protected override BenchSetup Setup => Checks.Small;
    }

    [Fact]
    public void Restore_ForgottenField_IsFound() =>
        Assert.Contains("restored", Failure(new Check<ForgetsAField>().Restore_BetweenAnyTwoSteps_GoesOnTheSame), StringComparison.Ordinal);

    [Fact]
    public void Restore_LineNotDriven_IsFound() =>
        Assert.Contains("line 'irq'", Failure(new Check<LeavesTheLineLow>().Restore_BetweenAnyTwoSteps_GoesOnTheSame), StringComparison.Ordinal);

    [Fact]
    public void Restore_TimerTouched_IsFound() =>
        Assert.Contains("timer 'tick'", Failure(new Check<CancelsItsTimerInLoad>().Restore_BetweenAnyTwoSteps_GoesOnTheSame), StringComparison.Ordinal);

    [Fact]
    public void DebugRead_WithEffect_IsFound() =>
        Assert.Contains("looked at", Failure(new Check<DebugReadCounts>().DebugRead_AnyOffset_ChangesNothing), StringComparison.Ordinal);

    [Fact]
    public void ColdReset_LeavingSomething_IsFound() =>
        Assert.Contains("reset / fresh", Failure(new Check<ResetKeepsTheCount>().ColdReset_AfterUse_EqualsFresh), StringComparison.Ordinal);

    [Fact]
    public void Allocation_OnAccess_IsFound() =>
        Assert.Contains("allocates", Failure(new Check<Allocates>().AccessesAndTimers_OnceWarm_AllocateNothing), StringComparison.Ordinal);

    [Fact]
    public void Exception_OnAccess_IsFound() =>
        Assert.Contains("four bytes?", Failure(new Check<Throws>().HostileGuest_AnyStep_NeverThrows), StringComparison.Ordinal);

    [Fact]
    public void TimerStorm_IsFound() =>
        Assert.Contains("never end", Failure(new Check<NeverStopsTicking>().HostileGuest_AnyStep_NeverThrows), StringComparison.Ordinal);

    [Fact]
    public void DamagedState_Trusted_IsFound() =>
        Assert.Contains("IndexOutOfRange", Failure(new Check<TrustsItsState>().Load_DamagedState_IsRefusedOrHarmless), StringComparison.Ordinal);
}

internal static class Checks
{
    public static BenchSetup Small { get; } = new() { HasCharPort = false, MemoryBytes = 4096 };
}
