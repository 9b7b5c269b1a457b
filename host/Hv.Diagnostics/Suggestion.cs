namespace Hv.Diagnostics;

/// <summary>Finds what someone probably meant.</summary>
public static class Suggestion
{
    /// <summary>The candidate nearest to <paramref name="typed"/>, or null when none is near: at most a third of the
    /// characters (and at least one) changed, or the typed text begins the candidate.</summary>
    public static string? Closest(string typed, IEnumerable<string> candidates)
    {
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string candidate in candidates)
        {
            int distance = Distance(typed.ToLowerInvariant(), candidate.ToLowerInvariant());
            bool isNear = distance <= Math.Max(1, Math.Max(typed.Length, candidate.Length) / 3);
            bool isBeginning = typed.Length >= 3 && candidate.StartsWith(typed, StringComparison.OrdinalIgnoreCase);
            if ((isNear || isBeginning) && distance < bestDistance)
            {
                best = candidate;
                bestDistance = distance;
            }
        }

        return best;
    }

    /// <summary><c>did you mean 'x'?</c>, or the list of what there is, or null when there is nothing.</summary>
    public static string? Remedy(string typed, IReadOnlyCollection<string> candidates)
    {
        if (Closest(typed, candidates) is { } closest)
        {
            return $"did you mean '{closest}'?";
        }

        return candidates.Count == 0 ? null : $"known: {string.Join(", ", candidates.Order(StringComparer.Ordinal))}";
    }

    /// <summary>Edits (insert, delete, replace, swap of neighbours) that turn one text into the other.</summary>
    public static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            d[i, 0] = i;
        }

        for (int j = 0; j <= b.Length; j++)
        {
            d[0, j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int replace = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(replace, Math.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }
}
