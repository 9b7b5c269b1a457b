using System.Reflection;
using System.Security.Cryptography;
using Hv.Sdk.Conformance.Device;
using Hv.Sdk.Generators;
using Hv.Sdk.State;
using Hv.Sdk.TestKit;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Hv.Sdk.Compatibility.Tests;

/// <summary>A plugin that was compiled against one minor version of the SDK and is kept as it was:
/// <c>fixtures/VERSION</c> has its sources, what the generators of that version wrote, the assembly with its hash, and
/// a state that it saved.</summary>
internal sealed class KeptPlugin
{
    private const string Assembly = "Hv.Kept.dll";
    private const string Hash = "Hv.Kept.dll.sha256";

    private static readonly string Kept = Metadata("Kept");

    private KeptPlugin(string folder) => Folder = folder;

    public static string Metadata(string key) =>
        typeof(KeptPlugin).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;

    /// <summary>Every version that is kept, for example <c>1.0</c>.</summary>
    public static IEnumerable<string> Versions =>
        Directory.EnumerateDirectories(Kept).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal);

    public static KeptPlugin Of(string version) => new(Path.Combine(Kept, version));

    public string Folder { get; }
    public string Version => Path.GetFileName(Folder);
    public byte[] Bytes => File.ReadAllBytes(Path.Combine(Folder, Assembly));
    public string RecordedHash => File.ReadAllText(Path.Combine(Folder, Hash)).Split(' ')[0];
    public IReadOnlyList<RecordedState> States => RecordedState.ReadFolder(Folder);

    /// <summary>Compiles the sources against this tree's SDK, with the generators' output as it is kept.</summary>
    public byte[] Compile()
    {
        CSharpCompilation compilation =
            Compilation(Directory.EnumerateFiles(Folder, "*.cs").Order(StringComparer.Ordinal));
        using MemoryStream image = new();
        Microsoft.CodeAnalysis.Emit.EmitResult result = compilation.Emit(image);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        return image.ToArray();
    }

    /// <summary>Keeps this SDK's plugin: writes what the generators write, the assembly, its hash and a state. What is
    /// there already stays.</summary>
    public void Keep()
    {
        if (File.Exists(Path.Combine(Folder, Assembly))) return;
        CSharpCompilation sources = Compilation(
            Directory.EnumerateFiles(Folder, "*.cs").Where(f => !f.EndsWith(".g.cs", StringComparison.Ordinal)));
        GeneratorDriverRunResult generated = CSharpGeneratorDriver.Create(
            new StateGenerator(), new OptionsGenerator()).RunGenerators(sources).GetRunResult();
        foreach (GeneratedSourceResult source in generated.Results.SelectMany(r => r.GeneratedSources))
            File.WriteAllText(Path.Combine(Folder, source.HintName), source.SourceText.ToString());
        byte[] image = Compile();
        File.WriteAllBytes(Path.Combine(Folder, Assembly), image);
        File.WriteAllText(Path.Combine(Folder, Hash),
            $"{Convert.ToHexStringLower(SHA256.HashData(image))}  {Assembly}\n");
    }

    /// <summary>Saves a device that was used, for releases to come.</summary>
    public void KeepState(IDeviceFactory factory)
    {
        using DeviceBench bench = DeviceBench.Create(factory);
        Use(bench);
        BenchSnapshot snapshot = bench.Save();
        new RecordedState(((IStateful)bench.Device).StateVersion, bench.Now.Nanoseconds, snapshot.State).WriteTo(
            Folder);
    }

    /// <summary>Lets it tick with interrupts on, draws a byte, and gives it something to receive.</summary>
    public static void Use(DeviceBench bench)
    {
        bench.Out(0xf0, 0x03);
        bench.Out(0xf4, 0);
        bench.Type("ab");
        bench.Advance(3_500_000);
    }

    private static CSharpCompilation Compilation(IEnumerable<string> files) => CSharpCompilation.Create(
        Path.GetFileNameWithoutExtension(Assembly),
        [.. files.Select(f => CSharpSyntaxTree.ParseText(File.ReadAllText(f), path: Path.GetFileName(f)))],
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p) is "System.Runtime.dll" or "System.Private.CoreLib.dll" or "System.Memory.dll" or "System.Collections.dll" or "Hv.Sdk.dll")
            .Select(p => MetadataReference.CreateFromFile(p))],
        new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, deterministic: true, optimizationLevel: OptimizationLevel.Release,
            nullableContextOptions: NullableContextOptions.Enable));
}
