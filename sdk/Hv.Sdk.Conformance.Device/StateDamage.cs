using Hv.Sdk.TestKit;

namespace Hv.Sdk.Conformance.Device;

/// <summary>Damages a state section: bits, length, and single fields with their form kept, since bit flips seldom get
/// past the form.</summary>
internal static class StateDamage
{
    private static readonly ulong[] EdgeNumbers =
        [0, 1, 0x40, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, int.MaxValue, uint.MaxValue, long.MaxValue, ulong.MaxValue];

    public static byte[] Apply(Random random, byte[] state)
    {
        byte[] copy = (byte[])state.Clone();
        switch (random.Next(4))
        {
            case 0:
                for (int i = random.Next(1, 4); i > 0 && copy.Length > 0; i--) copy[random.Next(copy.Length)] ^= (byte)(
                    1 << random.Next(8));
                return copy;
            case 1:
                return copy[..random.Next(copy.Length + 1)];
            default:
                return StateFields.Write(StateFields.Read(copy).SelectMany(f => Change(random, f)));
        }
    }

    /// <summary>Every field in turn with each value that is at an edge, and nothing else changed: what a bound is
    /// for.</summary>
    public static IEnumerable<(string What, byte[] State)> OneFieldEach(byte[] state)
    {
        List<StateField> fields = StateFields.Read(state);
        HashSet<int> seen = [];
        for (int i = 0; i < fields.Count; i++)
        {
            // The first few of a repeated field stand for the rest.
            if (!seen.Add(fields[i].Tag) && fields[i].Bytes is not null && i > 0
                && fields[i - 1].Tag == fields[i].Tag) continue;
            foreach (StateField[] change in Edges(fields[i]))
            {
                string now = change.Length != 1 ? $"{change.Length} times" : change[0].Bytes is { } b
                    ? $"{b.Length} bytes" : $"{change[0].Number:x}h";
                yield return ($"field {fields[i].Tag} changed to {now}",
                    StateFields.Write([.. fields[..i], .. change, .. fields[(i + 1)..]]));
            }
        }
    }

    private static IEnumerable<StateField[]> Edges(StateField field)
    {
        if (field.Bytes is not { } bytes)
        {
            foreach (ulong number in EdgeNumbers.Append(field.Number + 1).Append(
                field.Number - 1)) yield return [field with { Number = number }];
            yield break;
        }
        foreach (int length in new[] { 0, bytes.Length - 1, bytes.Length + 1, 2 * bytes.Length, bytes.Length + 5000 })
        {
            if (length < 0) continue;
            byte[] resized = new byte[length];
            bytes.AsSpan(0, Math.Min(length, bytes.Length)).CopyTo(resized);
            yield return [field with { Bytes = resized }];
        }
        yield return [field with { Bytes = [.. Enumerable.Repeat((byte)0xff, bytes.Length)] }];
        yield return [];
        yield return [field, field];
        yield return [.. Enumerable.Repeat(field, 300)];
    }

    private static StateField[] Change(Random random, StateField field)
    {
        if (random.Next(3) != 0) return [field];
        if (field.Bytes is null) return [field with { Number = RandomSteps.Value(random) }];
        return random.Next(4) switch
        {
            0 => [field with { Bytes = [.. field.Bytes, .. new byte[random.Next(1, 5000)]] }],
            1 => [field with { Bytes = field.Bytes[..random.Next(field.Bytes.Length + 1)] }],
            2 => [.. Enumerable.Repeat(field, random.Next(2, 300))],
            _ => [field with { Bytes = Noise(random, field.Bytes) }],
        };
    }

    private static byte[] Noise(Random random, byte[] bytes)
    {
        byte[] noise = new byte[bytes.Length];
        random.NextBytes(noise);
        return noise;
    }
}
