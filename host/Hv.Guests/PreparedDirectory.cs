namespace Hv.Guests;

/// <summary>Directories of a cache that are made once and then only read. One is whole or not there: it is made under
/// another name, stamped, and renamed; two processes that want it at once make it once.</summary>
internal sealed class PreparedDirectory(string root)
{
    private const string StampFile = "stamp";

    /// <summary>The directory of that name, made by <paramref name="make"/> if it is not there or was made by another
    /// recipe.
    /// <paramref name="make"/> gets an empty directory and returns a line about what it holds.</summary>
    public string Get(string name, string recipe, Func<string, string> make)
    {
        string final = Path.Combine(root, name);
        if (IsCurrent(final, recipe))
        {
            return final;
        }

        Directory.CreateDirectory(root);
        using FileStream held = Lock(Path.Combine(root, $"{name}.lock"));
        if (IsCurrent(final, recipe))
        {
            return final;
        }

        string temporary = Path.Combine(root, $".{name}.{Environment.ProcessId}");
        DeleteIfThere(temporary);
        Directory.CreateDirectory(temporary);
        try
        {
            string contents = make(temporary);
            File.WriteAllText(Path.Combine(temporary, StampFile), $"{recipe}\n{contents}\n");
            DeleteIfThere(final);
            Directory.Move(temporary, final);
        }
        finally
        {
            DeleteIfThere(temporary);
        }

        return final;
    }

    private static bool IsCurrent(string directory, string recipe)
    {
        string stamp = Path.Combine(directory, StampFile);
        return File.Exists(stamp) && File.ReadLines(stamp).FirstOrDefault() == recipe;
    }

    private static FileStream Lock(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another process makes it, which may take as long as a download does.
                Thread.Sleep(200);
            }
        }
    }

    private static void DeleteIfThere(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
