using System.Diagnostics;

namespace Hv.Sdk.TestKit.Conformance;

/// <summary>Waits for what other threads do. The limit only turns a hang into a failure: it is far beyond what a busy
/// host needs, and no check passes or fails by how long something took.</summary>
public static class Patience
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(20);
    private static readonly AsyncLocal<TimeSpan?> Chosen = new();

    private static TimeSpan Limit => Chosen.Value ?? DefaultLimit;

    /// <summary>Sets another limit for what this flow of control does from now on; null sets the usual one. For those
    /// who expect a hang.</summary>
    public static void SetLimit(TimeSpan? limit) => Chosen.Value = limit;

    /// <summary>Returns once <paramref name="holds"/>.</summary>
    /// <exception cref="ContractException">It does not come true.</exception>
    public static void Until(Func<bool> holds, string what)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (!holds())
        {
            if (waited.Elapsed > Limit) throw new ContractException($"{what}: waited {Limit.TotalSeconds} s in vain");
            Thread.Sleep(1);
        }
    }

    /// <summary>Runs something that must return on a thread of its own; what it throws is thrown here.</summary>
    /// <exception cref="ContractException">It does not return.</exception>
    public static void Returns(Action work, string what)
    {
        Exception? thrown = null;
        Thread thread = new(() =>
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                thrown = e;
            }
        }) { IsBackground = true };
        thread.Start();
        if (!thread.Join(Limit)) throw new ContractException($"{what} has not returned in {Limit.TotalSeconds} s");
        if (thrown is ContractException) throw new ContractException(thrown.Message, thrown);
        if (thrown is not null) throw new ContractException(
            $"{what}: {thrown.GetType().Name}: {thrown.Message}", thrown);
    }
}
