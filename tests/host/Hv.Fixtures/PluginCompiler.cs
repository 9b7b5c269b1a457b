using Hv.Sdk;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Hv.Fixtures;

/// <summary>Compiles small assemblies to files, as a plugin author's build would.</summary>
public static class PluginCompiler
{
    private static readonly Lazy<MetadataReference[]> Framework = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p) is "System.Private.CoreLib.dll" or "System.Runtime.dll"
                or "System.Collections.dll"
                or "netstandard.dll" or "System.Console.dll")
            .Select(p => MetadataReference.CreateFromFile(p))]);

    /// <summary>The SDK of this host.</summary>
    public static string SdkPath => typeof(IDevice).Assembly.Location;

    /// <summary>Compiles one assembly.</summary>
    /// <exception cref="InvalidOperationException">The source does not compile.</exception>
    public static void Compile(string path, string source, params IEnumerable<string> references)
    {
        var compilation = CSharpCompilation.Create(
            Path.GetFileNameWithoutExtension(path),
            [CSharpSyntaxTree.ParseText(source)],
            [.. Framework.Value, .. references.Select(r => MetadataReference.CreateFromFile(r))],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        Microsoft.CodeAnalysis.Emit.EmitResult result = compilation.Emit(path);
        if (!result.Success)
        {
            throw new InvalidOperationException(string.Join('\n', result.Diagnostics));
        }
    }
}
