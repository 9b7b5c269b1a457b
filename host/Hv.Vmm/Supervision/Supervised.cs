using System.Runtime.ExceptionServices;

namespace Hv.Vmm.Supervision;

/// <summary>Work that calls plugins while nobody else watches: building a machine, loading a plugin. It runs on a
/// thread of its own, so that the caller gets an exception instead of standing with it.</summary>
public static class Supervised
{
    /// <summary>How long a call may take where the definition of a machine does not say.</summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(20);

    private static readonly Callee Waiting = Callee.Of("work on another thread", CalleeKind.Host);

    /// <summary>Runs work to its end and returns or throws what it does.</summary>
    /// <param name="name">What the thread is called.</param>
    /// <param name="patience">How long one call that is noted in the <see cref="CallRecord"/> may take.</param>
    /// <param name="work">The work. When it stands it is left behind, with what it holds.</param>
    /// <exception cref="PluginHungException">A call does not return; it is named.</exception>
    public static T Run<T>(string name, TimeSpan patience, Func<T> work)
    {
        WatchedThreads threads = new("hv");
        StuckCalls calls = new(threads, patience);
        ManualResetEventSlim done = new();
        T result = default!;
        ExceptionDispatchInfo? thrown = null;
        using CallScope scope = CallRecord.Enter(Waiting); // a watched caller is not to blame
        _ = threads.Start(name, () =>
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                thrown = ExceptionDispatchInfo.Capture(e);
            }
            done.Set();
        });
        while (!done.Wait(calls.Period))
        {
            if (calls.Find() is { } message && !done.IsSet) throw new PluginHungException(message);
        }
        thrown?.Throw();
        return result;
    }

    /// <summary>The same without a result.</summary>
    /// <exception cref="PluginHungException">A call does not return; it is named.</exception>
    public static void Run(string name, TimeSpan patience, Action work) => Run(name, patience, () =>
    {
        work();
        return true;
    });
}
