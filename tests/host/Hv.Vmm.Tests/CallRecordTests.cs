using Hv.Interop;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Tests;

/// <summary>What is noted of a thread's calls for whoever outlives its process.</summary>
public sealed class CallRecordTests : IDisposable
{
    private static readonly Callee Outer = Callee.Of("outer");
    private static readonly Callee Inner = Callee.Of("inner");

    private readonly CrashRecord crashes = new();
    private readonly CallRecord calls;

    public CallRecordTests()
    {
        crashes.Name(Outer.Number, "outer");
        crashes.Name(Inner.Number, "inner");
        calls = new CallRecord("test", crashes);
    }

    public void Dispose()
    {
        calls.End(); // before its record goes
        crashes.Dispose();
    }

    [Fact]
    public void Push_Nested_TheInnermostIsNoted()
    {
        Assert.Empty(crashes.Underway());
        calls.Push(Outer);
        Assert.Equal(["outer"], crashes.Underway());
        calls.Push(Inner);
        Assert.Equal(["inner"], crashes.Underway());
        calls.Pop();
        Assert.Equal(["outer"], crashes.Underway());
        calls.Pop();
        Assert.Empty(crashes.Underway());
    }

    [Fact]
    public void Push_DeeperThanTheLevels_TheLastThatFitsIsNoted()
    {
        for (int i = 1; i < CallRecord.Levels; i++) calls.Push(Outer);
        calls.Push(Inner);
        for (int i = 0; i < 10; i++) calls.Push(Outer);
        Assert.Equal(["inner"], crashes.Underway());
        for (int i = 0; i < 10; i++) calls.Pop();
        Assert.Equal(["inner"], crashes.Underway());
        calls.Pop();
        Assert.Equal(["outer"], crashes.Underway());
        for (int i = 1; i < CallRecord.Levels; i++) calls.Pop();
        Assert.Empty(crashes.Underway());
    }

    [Fact]
    public void Push_OnTwoThreads_BothAreNoted()
    {
        CallRecord other = new("other", crashes);
        calls.Push(Outer);
        other.Push(Inner);
        Assert.Equal(["outer", "inner"], crashes.Underway());
        other.End();
        Assert.Equal(["outer"], crashes.Underway());
    }
}
