using Hv.Sdk.TestKit;

namespace Hv.Chipset.IoApic.Tests;

public sealed class DevicePageTests
{
    [Fact]
    public void Page_RegisterTables_AreTheCodes()
    {
        DevicePage.Holds("ioapic", "registers", Spec.Map.ToMarkdown());
    }
}
