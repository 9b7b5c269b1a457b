namespace Hv.Sdk.TestKit.Conformance;

/// <summary>Remembers a fuzz's last steps, so that a failure can be replayed by hand.</summary>
internal sealed class History(int seed)
{
    private const int Shown = 16;
    private readonly List<BenchStep> steps = [];

    public void Add(BenchStep step) => steps.Add(step);

    public void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e)
        {
            string last = string.Join(Environment.NewLine, steps.TakeLast(Shown).Select(s => "  " + s));
            throw new ContractException($"{e.GetType().Name}: {e.Message}{Environment.NewLine}seed {seed}, step {steps.Count}, last steps:"
                + $"{Environment.NewLine}{last}", e);
        }
    }
}
