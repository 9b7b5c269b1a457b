using Hv.Sdk.TestKit;

namespace Hv.Chipset.CmosRtc.Tests;

public sealed class DevicePageTests
{
    [Fact]
    public void Page_RegisterTables_AreTheCodes()
    {
        DevicePage.Holds("cmos-rtc", "registers", Spec.Ports.ToMarkdown());
    }
}
