namespace Hv.Vmm.Reload;

/// <summary>A plugin cannot be replaced under the running guest. The code that ran goes on running.</summary>
/// <param name="problem">What is in the way, by name.</param>
/// <param name="remedy">What to do about it.</param>
/// <param name="inner">What the new code threw.</param>
public sealed class ReloadRefusedException(string problem, string remedy, Exception? inner = null)
    : Exception($"{problem}: {remedy}", inner)
{
    /// <summary>What is in the way.</summary>
    public string Problem => problem;
    /// <summary>What to do about it.</summary>
    public string Remedy => remedy;
}
