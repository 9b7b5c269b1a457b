using Hv.Sdk.TestKit;

namespace Hv.Chipset.Pic8259.Tests;

public sealed class DevicePageTests
{
    [Fact]
    public void Page_RegisterTables_AreTheCodes()
    {
        DevicePage.Holds("pic8259", "registers", Spec.Ports.ToMarkdown());
        DevicePage.Holds("pic8259", "edge-level", Spec.EdgeLevel.ToMarkdown());
    }
}
