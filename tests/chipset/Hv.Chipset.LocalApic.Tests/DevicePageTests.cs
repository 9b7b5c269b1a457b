using Hv.Sdk.TestKit;

namespace Hv.Chipset.LocalApic.Tests;

public sealed class DevicePageTests
{
    [Fact]
    public void Page_RegisterTables_AreTheCodes()
    {
        DevicePage.Holds("local-apic", "registers", Spec.Xapic.ToMarkdown());
        DevicePage.Holds("local-apic", "msrs", Spec.X2apic.ToMarkdown());
    }
}
