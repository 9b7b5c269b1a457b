using System.Diagnostics;

namespace Hv.Vmm.Benchmarks;

/// <summary>Times loops and prints a row for each.</summary>
internal sealed class Measurement(double seconds, string? only)
{
    private const double RoundSeconds = 0.02;

    /// <summary>Prints what the columns are.</summary>
    public static void PrintHead() =>
        Console.WriteLine($"{"path",-46}{"ns",9}{"median",9}{"bytes allocated",18}");

    /// <summary>Whether a row of this name is asked for.</summary>
    public bool Wants(string name) => only is null || name.Contains(only, StringComparison.OrdinalIgnoreCase);

    /// <summary>Prints nanoseconds a call, of the best round and of the one in the middle, and all bytes that the
    /// process allocated in the rounds.</summary>
    /// <param name="name">What is called.</param>
    /// <param name="loop">Makes as many calls as it is told.</param>
    public void Row(string name, Action<int> loop)
    {
        if (!Wants(name)) return;
        int calls = CallsOfARound(loop);
        int count = Math.Max(5, (int)(seconds / RoundSeconds));
        double[] rounds = new double[count];
        loop(calls);
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < count; i++)
        {
            long start = Stopwatch.GetTimestamp();
            loop(calls);
            rounds[i] = (Stopwatch.GetTimestamp() - start) * 1e9 / Stopwatch.Frequency / calls;
        }
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        Array.Sort(rounds);
        Console.WriteLine($"{name,-46}{rounds[0],9:F1}{rounds[count / 2],9:F1}{allocated,18}");
    }

    // Long enough for the code to be compiled to its last tier.
    private static int CallsOfARound(Action<int> loop)
    {
        int calls = 64;
        long warm = Stopwatch.GetTimestamp();
        while (true)
        {
            long start = Stopwatch.GetTimestamp();
            loop(calls);
            bool isLong = Stopwatch.GetElapsedTime(start).TotalSeconds >= RoundSeconds;
            if (isLong && Stopwatch.GetElapsedTime(warm).TotalSeconds >= 0.5) return calls;
            if (!isLong) calls *= 2;
        }
    }
}
