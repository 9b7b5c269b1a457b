using Hv.SdkReference;

// Hv.SdkReference reference FOLDER          writes the pages
// Hv.SdkReference public-api SARIF FILE     writes a PublicAPI file from the compiler's log of what is not declared
switch (args)
{
    case ["reference", string folder]:
        Directory.CreateDirectory(folder);
        IReadOnlyDictionary<string, string> pages = ReferencePages.Write(SdkAssemblies.Load());
        foreach (string stale in Directory.EnumerateFiles(folder, "*.md").Where(
            f => !pages.ContainsKey(Path.GetFileName(f)))) File.Delete(stale);
        foreach ((string name, string text) in pages) File.WriteAllText(Path.Combine(folder, name), text);
        return 0;
    case ["public-api", string log, string file]:
        File.WriteAllText(file,
            PublicApiFile.FromLog(File.ReadAllText(log), File.Exists(file) ? File.ReadAllText(file) : ""));
        return 0;
    default:
        Console.Error.WriteLine("usage: Hv.SdkReference reference FOLDER | public-api SARIF FILE");
        return 2;
}
