using Hv.Sdk.TestKit;

namespace Hv.Chipset.Pit8254.Tests;

public sealed class DevicePageTests
{
    [Fact]
    public void Page_RegisterTables_AreTheCodes()
    {
        DevicePage.Holds("pit8254", "registers", Spec.Timer.ToMarkdown());
        DevicePage.Holds("pit8254", "port-61h", Spec.System.ToMarkdown());
    }
}
