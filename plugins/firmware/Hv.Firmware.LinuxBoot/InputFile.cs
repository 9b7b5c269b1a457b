using Hv.Sdk;

namespace Hv.Firmware.LinuxBoot;

/// <summary>Reads boot files with errors that say which flag named the file.</summary>
internal static class InputFile
{
    /// <summary>The length of a readable file.</summary>
    public static long Length(string path, string option)
    {
        using FileStream stream = Open(path, option);
        return stream.Length > 0 ? stream.Length
            : throw new ConfigurationException(
                $"{path}: the file is empty; --{option} needs an image") { Option = option };
    }

    /// <summary>Opens a file for reading.</summary>
    public static FileStream Open(string path, string option)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string why = e switch
            {
                FileNotFoundException or DirectoryNotFoundException => "no such file",
                UnauthorizedAccessException => Directory.Exists(path) ? "is a directory" : "permission denied",
                _ => e.Message,
            };
            throw new ConfigurationException(
                $"{path}: {why}; --{option} takes the path of a readable file") { Option = option };
        }
    }
}
