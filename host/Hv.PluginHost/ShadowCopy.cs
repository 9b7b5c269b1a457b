using System.Diagnostics;
using System.Globalization;

namespace Hv.PluginHost;

/// <summary>Copies of plugin folders that code is loaded from while its own folder may be written to. Below the
/// system's directory for temporary files, readable by their owner only, and gone with the process; what a killed
/// process left is removed by the next.</summary>
internal static class ShadowCopy
{
    private const string Prefix = "hv-plugins-";

    private static readonly Lazy<string> Root = new(MakeRoot);
    private static int count;

    /// <summary>Copies a folder; gives the copy's path.</summary>
    /// <exception cref="IOException">It cannot be copied: perhaps a build is writing to it.</exception>
    public static string Make(string folder)
    {
        string copy = Path.Combine(Root.Value, Interlocked.Increment(ref count).ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(copy);
        try
        {
            foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                string target = Path.Combine(copy, Path.GetRelativePath(folder, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
        }
        catch
        {
            Remove(copy);
            throw;
        }

        return copy;
    }

    /// <summary>Removes a copy. Code that is mapped from it stays readable until it is unmapped.</summary>
    public static void Remove(string copy)
    {
        try
        {
            Directory.Delete(copy, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is removed with the root, or by the next process.
        }
    }

    private static string MakeRoot()
    {
        Sweep();
        string root = Directory.CreateTempSubdirectory($"{Prefix}{Environment.ProcessId}-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove(root);
        return root;
    }

    private static void Sweep()
    {
        foreach (string left in Directory.EnumerateDirectories(Path.GetTempPath(), $"{Prefix}*"))
        {
            string[] parts = Path.GetFileName(left)[Prefix.Length..].Split('-');
            if (int.TryParse(parts[0], CultureInfo.InvariantCulture, out int process) && !IsAlive(process))
            {
                Remove(left);
            }
        }
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using Process found = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
