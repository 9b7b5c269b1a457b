using Hv.Interop;
using Hv.Sdk.Time;
using Hv.Vmm.Devices;
using Hv.Vmm.Strands;
using Hv.Vmm.Time;

namespace Hv.Vmm.Tests;

public sealed class TimeTests
{
    private sealed class NoScheduler : IStrandScheduler
    {
        public void Schedule(Strand strand)
        {
        }
    }

    private static DeviceNode Node()
    {
        DeviceModel model = new() { Name = "d", Plugin = "p", Factory = new LambdaFactory(() => null!) };
        Strand strand = new("d", "p", new NoScheduler(), isSerialized: true);
        DeviceLog log = new("d", new TestMachine());
        return new DeviceNode("d", model, new LambdaDevice((_, _) => { }), strand, log, (_, _, _) => { });
    }

    [Fact]
    public void Queue_RandomArmsAndCancels_AgreesWithASortedList()
    {
        TimerQueue queue = new();
        DeviceNode node = Node();
        Random random = new(42);
        List<int> fired = [];
        VmTimer[] timers = [.. Enumerable.Range(0, 50).Select(i => queue.Create(node, $"t{i}", _ => fired.Add(i)))];
        Dictionary<int, (long Due, int Order)> model = [];
        int order = 0;
        long now = 0;
        for (int round = 0; round < 20_000; round++)
        {
            int i = random.Next(timers.Length);
            switch (random.Next(4))
            {
                case 0:
                    timers[i].Cancel();
                    model.Remove(i);
                    break;
                case 1:
                    now += random.Next(20);
                    int[] expected = [.. model.Where(m => m.Value.Due <= now).OrderBy(m => m.Value).Select(m => m.Key)];
                    fired.Clear();
                    while (queue.TryTakeDue(now, out VmTimer timer, out uint generation)) timer.Fire(generation);
                    Assert.Equal(expected, fired);
                    foreach (int key in expected) model.Remove(key);
                    break;
                default:
                    long due = now + random.Next(100);
                    timers[i].Arm(VmTime.FromNs(due));
                    model[i] = (due, order++);
                    break;
            }
            Assert.Equal(model.Count == 0 ? long.MaxValue : model.Values.Min(m => m.Due), queue.NextDueNs);
        }
    }

    [Fact]
    public void Fire_CancelledAfterItWasTaken_DoesNotFire()
    {
        TimerQueue queue = new();
        int fired = 0;
        VmTimer timer = queue.Create(Node(), "t", _ => fired++);
        timer.Arm(VmTime.FromNs(5));
        Assert.True(queue.TryTakeDue(5, out VmTimer taken, out uint generation));
        timer.Cancel();
        taken.Fire(generation);
        Assert.Equal(0, fired);
        timer.Arm(VmTime.FromNs(5));
        Assert.True(queue.TryTakeDue(5, out taken, out generation));
        timer.Arm(VmTime.FromNs(50));
        taken.Fire(generation);
        Assert.Equal((0, 50), (fired, timer.Due.Nanoseconds));
    }

    [Fact]
    public void Fire_InsideTheCallback_DueIsNeverAndArmingAgainWorks()
    {
        TimerQueue queue = new();
        VmTimer? timer = null;
        List<long> dues = [];
        timer = queue.Create(Node(), "t", due =>
        {
            Assert.Equal(VmTime.Never, timer!.Due);
            dues.Add(due.Nanoseconds);
            if (dues.Count < 3) timer.Arm(due.AddNs(10));
        });
        timer.Arm(VmTime.FromNs(10));
        while (queue.TryTakeDue(100, out VmTimer taken, out uint generation)) taken.Fire(generation);
        Assert.Equal([10, 20, 30], dues);
    }

    [Fact]
    public void ArmAndCancel_ManyTimes_AllocatesNothing()
    {
        TimerQueue queue = new();
        VmTimer[] timers = [.. Enumerable.Range(0, 40).Select(i => queue.Create(Node(), $"t{i}", _ => { }))];
        void Exercise()
        {
            for (int i = 0; i < 1000; i++)
            {
                timers[i % 40].Arm(VmTime.FromNs(i * 7 % 100));
                if (i % 3 == 0) timers[i * 11 % 40].Cancel();
            }
            while (queue.TryTakeDue(1000, out VmTimer timer, out uint generation)) timer.Fire(generation);
        }
        Exercise();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exercise();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void RealClock_StoppedAndStarted_GoesOnWithoutTheGap()
    {
        RealTimeClock clock = new(0);
        clock.Start();
        Thread.Sleep(5);
        clock.Stop();
        long stopped = clock.Now.Nanoseconds;
        Assert.True(stopped > 0);
        long before = HostClock.NowNs;
        Thread.Sleep(30);
        Assert.Equal(stopped, clock.Now.Nanoseconds);
        long gap = HostClock.NowNs - before;
        clock.Start();
        long after = clock.Now.Nanoseconds;
        Assert.True(after >= stopped);
        Assert.True(clock.HostDeadline(VmTime.FromNs(after)) >= before + gap);
        Assert.Equal(long.MaxValue, clock.HostDeadline(VmTime.Never));
    }

    [Fact]
    public void Entropy_SamePathAndSeed_IsOneStreamWhateverThePieces()
    {
        byte[] whole = new byte[500];
        new DeviceEntropy(3, "disk0").Fill(whole);
        DeviceEntropy pieces = new(3, "disk0");
        byte[] joined = new byte[500];
        for (int at = 0, n = 1; at < joined.Length; at += n, n = n * 2 % 97)
        {
            n = Math.Min(Math.Max(n, 1), joined.Length - at);
            pieces.Fill(joined.AsSpan(at, n));
        }
        Assert.Equal(whole, joined);
        byte[] other = new byte[500];
        new DeviceEntropy(3, "disk1").Fill(other);
        Assert.NotEqual(whole, other);
        DeviceEntropy restored = new(0, "disk0");
        restored.Restore(3, 123);
        restored.Fill(other.AsSpan(123));
        Assert.Equal(whole[123..], other[123..]);
    }
}
