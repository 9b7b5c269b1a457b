using Hv.Sdk.Faults;

namespace Hv.Sdk.TestKit;

/// <summary>A fault on a bench, in the words of <c>hv run --fault</c>: <c>where=drive,operation=read,nth=3</c>. The
/// device under test is <c>dut</c>; a place without a device is one of its points; without <c>where</c> all of them are
/// meant.</summary>
public sealed class BenchFault
{
    /// <summary>A fault of this kind.</summary>
    public BenchFault(IFaultFactory factory, string words) => (Factory, Words) = (factory, words);

    /// <summary>Makes the fault; one for each twin.</summary>
    public IFaultFactory Factory { get; }
    /// <summary>Where, when and what, as typed.</summary>
    public string Words { get; }
}
