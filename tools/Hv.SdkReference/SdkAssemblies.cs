using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Hv.SdkReference;

/// <summary>The SDK's assemblies beside this program, as the compiler sees them, with their XML
/// documentation.</summary>
public static class SdkAssemblies
{
    /// <summary>Each assembly of the SDK that has documentation, by name.</summary>
    public static IReadOnlyList<IAssemblySymbol> Load()
    {
        string[] described = [.. Directory.EnumerateFiles(AppContext.BaseDirectory, "Hv.Sdk*.dll")
            .Where(f => File.Exists(Path.ChangeExtension(f, ".xml"))).Order(StringComparer.Ordinal)];
        MetadataReference[] sdk = [.. described.Select(f => MetadataReference.CreateFromFile(f,
            documentation: XmlDocumentationProvider.CreateFromFile(Path.ChangeExtension(f, ".xml"))))];
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        IEnumerable<MetadataReference> system = Directory.EnumerateFiles(framework, "System.*.dll").Where(
            f => !f.Contains("Native", StringComparison.Ordinal))
            .Append(Path.Combine(framework, "netstandard.dll")).Select(f => MetadataReference.CreateFromFile(f));
        CSharpCompilation compilation = CSharpCompilation.Create("reference", references: [.. sdk, .. system]);
        return [.. sdk.Select(r => (IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(r)!)];
    }
}
