using Hv.Sdk;
using Hv.Sdk.FaultRules;

namespace Hv.Vmm.Faults;

/// <summary>What one rule counted, for <c>--stats</c>.</summary>
internal sealed class FaultStatistics(FaultRule rule) : IInspectable
{
    public void Inspect(IInspector to)
    {
        to.Field("places", string.Join(", ", rule.Sites));
        to.Field("opportunities", rule.Opportunities);
        to.Field("fired", rule.Fired);
    }
}
