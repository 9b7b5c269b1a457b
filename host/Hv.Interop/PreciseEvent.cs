using System.Runtime.InteropServices;

namespace Hv.Interop;

/// <summary>An auto-reset event for one waiting thread and any number of setters, with deadlines in nanoseconds. On
/// Linux a futex: setting it while nobody waits is one atomic exchange. Elsewhere a monitor, which wakes up to a
/// scheduler tick late.</summary>
public sealed unsafe class PreciseEvent : IDisposable
{
    private const uint Empty = 0;
    private const uint IsSet = 1;
    private const uint Waiting = 2;

    // SAFETY: one word of native memory, written only atomically; freed in Dispose, which the owner calls after the
    // last Set and Wait.
    private readonly uint* word = (uint*)NativeMemory.AlignedAlloc(64, 64);
    private readonly Lock? monitor = OperatingSystem.IsLinux() ? null : new Lock();
    private readonly ManualResetEventSlim? fallback = OperatingSystem.IsLinux() ? null : new ManualResetEventSlim();
    private bool isDisposed;

    /// <summary>Makes an event that is not set.</summary>
    public PreciseEvent() => *word = Empty;

    /// <summary>Hot path: sets the event, waking the waiter. Any thread.</summary>
    public void Set()
    {
        if (Interlocked.Exchange(ref *word, IsSet) != Waiting) return;
        if (fallback is not null)
        {
            lock (monitor!) fallback.Set();
            return;
        }
        _ = Libc.FutexCall(Libc.FutexNumber, word, Libc.FutexWake | Libc.FutexPrivate, 1, null, null, 0);
    }

    /// <summary>Takes the event if it is set, without waiting.</summary>
    public bool TryTake() =>
        Volatile.Read(ref *word) == IsSet && Interlocked.CompareExchange(ref *word, Empty, IsSet) == IsSet;

    /// <summary>Waits until the event is set, and takes it: true. False when <paramref name="deadlineNs"/> of
    /// <see cref="HostClock"/> passed first; <see cref="long.MaxValue"/> never passes.</summary>
    public bool Wait(long deadlineNs)
    {
        while (Interlocked.CompareExchange(ref *word, Waiting, Empty) != IsSet)
        {
            if (HostClock.NowNs >= deadlineNs) return Interlocked.Exchange(ref *word, Empty) == IsSet;
            if (fallback is not null) WaitPortable(deadlineNs);
            else WaitFutex(deadlineNs);
            if (Volatile.Read(ref *word) != IsSet) continue;
            break;
        }
        Volatile.Write(ref *word, Empty);
        return true;
    }

    private void WaitFutex(long deadlineNs)
    {
        Libc.TimeSpec deadline = new()
        {
            Seconds = deadlineNs / 1_000_000_000,
            Nanoseconds = deadlineNs % 1_000_000_000,
        };
        // SAFETY: the kernel reads the word and the deadline during the call only; both outlive it.
        _ = Libc.FutexCall(Libc.FutexNumber, word, Libc.FutexWaitBitset | Libc.FutexPrivate, Waiting,
            deadlineNs == long.MaxValue ? null : &deadline, null, uint.MaxValue);
    }

    private void WaitPortable(long deadlineNs)
    {
        lock (monitor!)
        {
            if (Volatile.Read(ref *word) == Waiting) fallback!.Reset();
        }
        long ms = deadlineNs == long.MaxValue
            ? -1 : Math.Clamp((deadlineNs - HostClock.NowNs) / 1_000_000, 0, int.MaxValue);
        _ = fallback!.Wait((int)ms);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        fallback?.Dispose();
        NativeMemory.AlignedFree(word);
    }
}
