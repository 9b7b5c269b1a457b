using Hv.Sdk.TestKit;

namespace Hv.Input.I8042.Tests;

public sealed class DevicePageTests
{
    [Fact]
    public void Page_RegisterTables_AreTheCodes()
    {
        DevicePage.Holds("i8042", "data", Spec.DataPort.ToMarkdown());
        DevicePage.Holds("i8042", "command", Spec.CommandPort.ToMarkdown());
    }
}
