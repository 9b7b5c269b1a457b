namespace Hv.Vmm.Description;

/// <summary>"Did you mean": finds the known name that is nearest to a mistyped one.</summary>
public static class Suggestion
{
    /// <summary>The text to append to a message, for example <c> (did you mean 'serial'?)</c>; empty when nothing is near.</summary>
    public static string For(string typed, IEnumerable<string> known) =>
        Nearest(typed, known) is { } near ? $" (did you mean '{near}'?)" : "";

    /// <summary>The nearest name within a third of the length, or null.</summary>
    public static string? Nearest(string typed, IEnumerable<string> known)
    {
        string? best = null;
        int bestDistance = Math.Max(1, typed.Length / 3) + 1;
        foreach (string name in known)
        {
            int distance = Distance(typed, name);
            if (distance >= bestDistance) continue;
            bestDistance = distance;
            best = name;
        }
        return best;
    }

    // Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours cost 1.
    private static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
