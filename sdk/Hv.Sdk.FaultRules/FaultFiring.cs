using Hv.Sdk.Faults;
using Hv.Sdk.Time;

namespace Hv.Sdk.FaultRules;

/// <summary>One firing of a rule.</summary>
/// <param name="Site">Where.</param>
/// <param name="At">When, in true virtual time.</param>
/// <param name="Evidence">What became of what.</param>
public sealed record FaultFiring(FaultSite Site, VmTime At, string Evidence);
