using Hv.Sdk.TestKit;

namespace Hv.Serial.Uart16550.Tests;

public sealed class DevicePageTests
{
    [Fact]
    public void Page_RegisterTables_AreTheCodes()
    {
        DevicePage.Holds("uart16550", "registers", Spec.Normal.ToMarkdown());
    }
}
