using Hv.Sdk.TestKit;

namespace Hv.Sdk.Conformance.Device;

/// <summary>Remembers a fuzz's last steps, so that a failure can be replayed by hand.</summary>
internal sealed class History(string begin = "")
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
            string what = e is ContractException
                ? e.Message : $"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault()?.Trim()}";
            throw new ContractException($"{what}{Environment.NewLine}{begin} step {steps.Count}, last steps:"
                + $"{Environment.NewLine}{last}", e);
        }
    }
}
