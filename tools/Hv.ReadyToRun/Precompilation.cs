using System.Diagnostics;
using System.Reflection.PortableExecutable;
using System.Security.Cryptography;

namespace Hv.ReadyToRun;

/// <summary>Replaces the assemblies of an installation by ready-to-run images of themselves. An image keeps its IL, so
/// that the JIT still makes the hot methods better, and needs not be compiled again when what it refers to changes.
/// Images are cached under the hash of the IL: a kit that lies beside ten plugins is compiled once.</summary>
internal sealed class Precompilation(string compiler, string installation, string cache)
{
    private readonly string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
    private int compiled;
    private int reused;
    private int skipped;

    public int Compiled => compiled;
    public int Reused => reused;
    public int Skipped => skipped;

    public void Run()
    {
        Directory.CreateDirectory(cache);
        string[] assemblies =
            [.. Directory.EnumerateFiles(installation, "*.dll", SearchOption.AllDirectories).Where(IsPlainIl)];
        Parallel.ForEach(
            assemblies.GroupBy(a => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(a)))),
            same => Replace(same.Key, [.. same]));
    }

    private void Replace(string hash, string[] copies)
    {
        string image = Path.Combine(cache, $"{Path.GetFileNameWithoutExtension(copies[0])}.{hash[..16]}.dll");
        if (File.Exists(image))
        {
            Interlocked.Increment(ref reused);
        }
        else if (Compile(copies[0], image))
        {
            Interlocked.Increment(ref compiled);
        }
        else
        {
            Interlocked.Increment(ref skipped);
            return;
        }

        foreach (string copy in copies)
        {
            // Renamed into place: an hv that runs keeps the file that it has mapped.
            string temporary = $"{copy}.{Environment.ProcessId}";
            File.Copy(image, temporary, overwrite: true);
            File.Move(temporary, copy, overwrite: true);
        }
    }

    private bool Compile(string assembly, string image)
    {
        string temporary = $"{image}.{Environment.ProcessId}";
        var start = new ProcessStartInfo(compiler)
        {
            ArgumentList =
            {
                assembly, "-o", temporary, "-O",
                "-r", Path.Combine(framework, "*.dll"),
                "-r", Path.Combine(Path.GetDirectoryName(assembly)!, "*.dll"),
                "-r", Path.Combine(installation, "*.dll"),
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            Console.Error.WriteLine($"{Path.GetFileName(assembly)} is left to the JIT: {errors}{output.Result}");
            return false;
        }

        File.Move(temporary, image, overwrite: true);
        return true;
    }

    /// <summary>An assembly that holds no compiled code yet; what the runtime's own packages bring may be compiled
    /// already.</summary>
    private static bool IsPlainIl(string path)
    {
        try
        {
            using var reader = new PEReader(File.OpenRead(path));
            return reader.PEHeaders.CorHeader is { ManagedNativeHeaderDirectory.Size: 0 };
        }
        catch (BadImageFormatException)
        {
            return false;
        }
    }
}
