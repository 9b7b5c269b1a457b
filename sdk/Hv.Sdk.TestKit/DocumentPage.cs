namespace Hv.Sdk.TestKit;

/// <summary>Holds a page of the documentation to what the code says. Run the tests with <c>HV_UPDATE_DOCS=1</c> to
/// write the tables into the pages.</summary>
public static class DocumentPage
{
    private const string Root = "Hv.sln";

    /// <summary>Checks that a page holds a table between the marks <c>&lt;!-- TABLE --&gt;</c> and <c>&lt;!-- end
    /// --&gt;</c>.</summary>
    /// <param name="page">The page, from the root of the tree.</param>
    /// <param name="table">Name of the mark.</param>
    /// <param name="expected">The table as Markdown.</param>
    /// <exception cref="ContractException">The page says something else.</exception>
    public static void Holds(string page, string table, string expected)
    {
        string path = Path.Combine([FindRoot(), .. page.Split('/')]);
        string text = File.ReadAllText(path), begin = $"<!-- {table} -->\n";
        int start = text.IndexOf(begin, StringComparison.Ordinal);
        int end = start < 0 ? -1 : text.IndexOf("<!-- end -->", start, StringComparison.Ordinal);
        if (end < 0) throw new ContractException($"{path} has no marks <!-- {table} --> and <!-- end -->");
        start += begin.Length;
        if (text[start..end] == expected) return;
        if (Environment.GetEnvironmentVariable("HV_UPDATE_DOCS") != "1")
            throw new ContractException(
                $"{path}: the table '{table}' is not the code's; run the tests with HV_UPDATE_DOCS=1");
        File.WriteAllText(path, text[..start] + expected + text[end..]);
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, Root))) return folder.FullName;
        throw new ContractException($"no folder above {AppContext.BaseDirectory} holds {Root}");
    }
}
