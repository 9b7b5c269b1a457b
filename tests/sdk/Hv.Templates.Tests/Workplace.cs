using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace Hv.Templates.Tests;

/// <summary>An empty folder with directories of its own for everything that hv and the .NET SDK keep.</summary>
internal sealed class Workplace : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    /// <summary>What a build hands on to its children would lead theirs astray.</summary>
    private static readonly string[] Inherited = ["MSBuild", "VSTEST", "HvTier", "DOTNET_HOST_PATH", "TestingPlatform"];

    public Workplace() => Root = Directory.CreateTempSubdirectory("hv-templates-").FullName;

    public string Root { get; }
    public static string Hv { get; } = Path.Combine(Metadata("HvOutput"), "hv");
    public static string Packages { get; } = Path.GetFullPath(Metadata("Packages"));
    public static string Tutorial { get; } = Path.GetFullPath(Path.Combine(Metadata("SdkSources"), "../docs/sdk/tutorial.md"));
    public static string SdkSources { get; } = Path.GetFullPath(Metadata("SdkSources"));

    /// <summary>Runs a program here; gives all that it wrote.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code.</exception>
    public string Run(int expectedCode, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(k => Inherited.Any(
            i => k.StartsWith(i, StringComparison.OrdinalIgnoreCase))).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach (string directory in (string[])["XDG_STATE_HOME", "XDG_DATA_HOME", "DOTNET_CLI_HOME"])
        {
            start.Environment[directory] = Path.Combine(Root, "home", directory);
        }

        // hv is what people type; the kernels that it has fetched may stay where they are.
        start.Environment["PATH"] = $"{Path.GetDirectoryName(Hv)}{Path.PathSeparator}{start.Environment["PATH"]}";

        // Packages of this very build, never those of one before under the same version; and no process stays behind.
        start.Environment["NUGET_PACKAGES"] = Path.Combine(Root, "home", "packages");
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        var written = new StringBuilder();
        DataReceivedEventHandler take = (_, e) =>
        {
            lock (written)
            {
                written.Append(e.Data).Append('\n');
            }
        };
        process.OutputDataReceived += take;
        process.ErrorDataReceived += take;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} hangs:\n{written}");
        }

        process.WaitForExit();
        return process.ExitCode == expectedCode ? written.ToString() : throw new InvalidOperationException(
            $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{written}");
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static string Metadata(string key) => typeof(Workplace).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
