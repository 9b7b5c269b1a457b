using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Hv.SdkReference;

/// <summary>The SDK's assemblies beside this program, as the compiler sees them, with their XML
/// documentation.</summary>
public static class SdkAssemblies
{
    /// <summary>What the reference describes: the packages that plugins and their tests are written with.</summary>
    public static IReadOnlyList<string> Described { get; } =
    [
        "Hv.Sdk", "Hv.Sdk.Acpi", "Hv.Sdk.Conformance.CharBackend", "Hv.Sdk.Conformance.Device", "Hv.Sdk.Conformance.Disk",
        "Hv.Sdk.Conformance.Engine", "Hv.Sdk.Conformance.FrontEnd", "Hv.Sdk.Conformance.Net", "Hv.Sdk.Conformance.Xunit",
        "Hv.Sdk.FaultRules", "Hv.Sdk.Forwarding", "Hv.Sdk.Pci", "Hv.Sdk.Posix", "Hv.Sdk.Registers", "Hv.Sdk.TestKit",
        "Hv.Sdk.Virtio", "Hv.Sdk.Virtio.TestKit", "Hv.Sdk.X86",
    ];

    /// <summary>Each of them, with its documentation.</summary>
    public static IReadOnlyList<IAssemblySymbol> Load()
    {
        string[] described = [.. Described.Select(name => Path.Combine(AppContext.BaseDirectory, name + ".dll"))];
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
