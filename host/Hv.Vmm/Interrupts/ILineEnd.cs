using Hv.Vmm.Strands;

namespace Hv.Vmm.Interrupts;

/// <summary>What lines of the board begin or end at: a device, or the processors.</summary>
internal interface ILineEnd
{
    /// <summary>Its name in the board's wiring.</summary>
    string Path { get; }
    /// <summary>Where it is told of changes.</summary>
    Strand Strand { get; }
    /// <summary>It is not told any more.</summary>
    bool IsFailed { get; }
    /// <summary>It threw when it was told.</summary>
    void Fail(string where, Exception exception);
}
