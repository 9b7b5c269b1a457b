using Hv.Sdk.Conformance.Xunit;
using Hv.Sdk.Virtio.TestKit;

namespace Hv.Sdk.Virtio.Tests;

public abstract class EchoConformance : VirtioConformance<EchoPlugin>
{
    protected override int QueueCount => 2;
}

public sealed class SplitOnPciConformance : EchoConformance
{
    protected override Placement Placement => OnPci;
}

public sealed class PackedOnPciConformance : EchoConformance
{
    protected override Placement Placement => OnPci;
    protected override bool IsPacked => true;
}

public sealed class SplitOnMmioConformance : EchoConformance
{
    protected override Placement Placement => OnMmio;
}

public sealed class PackedOnMmioConformance : EchoConformance
{
    protected override Placement Placement => OnMmio;
    protected override bool IsPacked => true;
}
