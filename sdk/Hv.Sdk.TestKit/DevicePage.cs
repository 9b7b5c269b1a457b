namespace Hv.Sdk.TestKit;

/// <summary>Holds a device's page in the documentation to the tables in its code.</summary>
public static class DevicePage
{
    /// <summary>As <see cref="DocumentPage.Holds"/>, for <c>docs/devices/NAME.md</c>.</summary>
    /// <exception cref="ContractException">The page says something else.</exception>
    public static void Holds(string device, string table, string expected) =>
        DocumentPage.Holds($"docs/devices/{device}.md", table, expected);
}
