namespace Hv.Interop.Tests;

public sealed class PreciseEventTests
{
    [Fact]
    public void Wait_SetBefore_TakesItOnce()
    {
        using PreciseEvent e = new();
        e.Set();
        e.Set();
        Assert.True(e.Wait(long.MaxValue));
        Assert.False(e.TryTake());
        Assert.False(e.Wait(HostClock.NowNs));
    }

    [Fact]
    public void Wait_DeadlinePasses_GivesFalseNotBeforeTheDeadline()
    {
        using PreciseEvent e = new();
        long deadline = HostClock.NowNs + 3_000_000;
        Assert.False(e.Wait(deadline));
        Assert.True(HostClock.NowNs >= deadline);
    }

    [Fact]
    public void TryTake_Set_TakesIt()
    {
        using PreciseEvent e = new();
        Assert.False(e.TryTake());
        e.Set();
        Assert.True(e.TryTake());
        Assert.False(e.TryTake());
    }

    [Fact]
    public void SetAndWait_PingPong_NeverLosesASet()
    {
        const int Rounds = 20_000;
        using PreciseEvent ping = new();
        using PreciseEvent pong = new();
        int served = 0;
        Thread server = new(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                // Half of the waits have a deadline that may pass at the very moment of the set.
                while (!ping.Wait((i & 1) == 0 ? long.MaxValue : HostClock.NowNs + 20_000))
                {
                }
                served++;
                pong.Set();
            }
        });
        server.Start();
        for (int i = 0; i < Rounds; i++)
        {
            ping.Set();
            Assert.True(pong.Wait(HostClock.NowNs + 30_000_000_000));
        }
        server.Join();
        Assert.Equal(Rounds, served);
    }
}
