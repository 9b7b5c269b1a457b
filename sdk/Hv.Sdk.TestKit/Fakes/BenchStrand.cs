namespace Hv.Sdk.TestKit.Fakes;

/// <summary>A strand on the test's own thread: counts its holders and keeps posted work until the step ends.</summary>
internal sealed class BenchStrand : IStrand
{
    private readonly Queue<Action> posted = new();
    private readonly Lock gate = new();
    private int depth;

    public bool IsFree => Volatile.Read(ref depth) == 0;

    public StrandScope Enter()
    {
        gate.Enter();
        depth++;
        return new StrandScope(this);
    }

    public void Exit()
    {
        depth--;
        gate.Exit();
    }

    public void Post(Action work)
    {
        lock (posted) posted.Enqueue(work);
    }

    public bool RunOne()
    {
        Action? work;
        lock (posted)
        {
            if (!posted.TryDequeue(out work)) return false;
        }
        work();
        return true;
    }
}
