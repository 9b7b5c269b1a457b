namespace Hv.Sdk.TestKit;

/// <summary>Holds a device's page in the documentation to the tables in its code. Run the tests with <c>HV_UPDATE_DOCS=1</c> to write
/// the tables into the pages.</summary>
public static class DevicePage
{
    private const string Root = "Hv.sln";

    /// <summary>Checks that <c>docs/devices/NAME.md</c> holds a table between the marks <c>&lt;!-- TABLE --&gt;</c> and <c>&lt;!-- end --&gt;</c>.</summary>
    /// <param name="device">The device's name.</param>
    /// <param name="table">Name of the mark.</param>
    /// <param name="expected">The table as Markdown.</param>
    /// <exception cref="ContractException">The page says something else.</exception>
    public static void Holds(string device, string table, string expected)
    {
        string path = Path.Combine(FindRoot(), "docs", "devices", device + ".md");
        string page = File.ReadAllText(path), begin = $"<!-- {table} -->\n";
        int start = page.IndexOf(begin, StringComparison.Ordinal);
        int end = start < 0 ? -1 : page.IndexOf("<!-- end -->", start, StringComparison.Ordinal);
        if (end < 0) throw new ContractException($"{path} has no marks <!-- {table} --> and <!-- end -->");
        start += begin.Length;
        if (page[start..end] == expected) return;
        if (Environment.GetEnvironmentVariable("HV_UPDATE_DOCS") != "1")
            throw new ContractException($"{path}: the table '{table}' is not the code's; run the tests with HV_UPDATE_DOCS=1");
        File.WriteAllText(path, page[..start] + expected + page[end..]);
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, Root))) return folder.FullName;
        throw new ContractException($"no folder above {AppContext.BaseDirectory} holds {Root}");
    }
}
