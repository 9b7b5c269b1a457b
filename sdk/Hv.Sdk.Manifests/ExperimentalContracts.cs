using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Hv.Sdk.Manifests;

/// <summary>Which contracts that may still change an assembly uses, read without loading it. Manifests name them, so
/// that a host of another minor version refuses the plugin before it loads it (docs/sdk/versioning.md).</summary>
public static class ExperimentalContracts
{
    /// <summary>The compiler's codes of experimental contracts with the words of manifests.</summary>
    public static IReadOnlyDictionary<string, string> Names { get; } = new Dictionary<string, string>
    {
        ["HVX001"] = "engine", ["HVX002"] = "block", ["HVX003"] = "network", ["HVX004"] = "firmware", ["HVX005"] = "fault",
        ["HVX006"] = "input",
    };

    /// <summary>The words for what <paramref name="assembly"/> uses of <paramref name="sdk"/>, in order.</summary>
    public static IReadOnlyList<string> Used(string assembly, string sdk)
    {
        Dictionary<string, string> marked = Marked(sdk);
        using FileStream file = File.OpenRead(assembly);
        using var image = new PEReader(file);
        MetadataReader reader = image.GetMetadataReader();
        IEnumerable<string> types = reader.TypeReferences.Select(reader.GetTypeReference)
            .Where(t => t.ResolutionScope.Kind == HandleKind.AssemblyReference)
            .Select(t => $"{reader.GetString(t.Namespace)}.{reader.GetString(t.Name)}");
        return [.. types.Where(marked.ContainsKey).Select(t => marked[t]).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The version of the SDK, major and minor.</summary>
    public static Version SdkVersion(string sdk)
    {
        using FileStream file = File.OpenRead(sdk);
        using var image = new PEReader(file);
        MetadataReader reader = image.GetMetadataReader();
        string? text = Texts(reader, reader.GetAssemblyDefinition().GetCustomAttributes(), "AssemblyFileVersionAttribute")
            .FirstOrDefault();
        return Version.TryParse(text, out Version? version)
            ? new Version(version.Major, version.Minor) : new Version(1, 0);
    }

    private static Dictionary<string, string> Marked(string sdk)
    {
        using FileStream file = File.OpenRead(sdk);
        using var image = new PEReader(file);
        MetadataReader reader = image.GetMetadataReader();
        Dictionary<string, string> marked = [];
        foreach (TypeDefinition type in reader.TypeDefinitions.Select(reader.GetTypeDefinition))
        {
            string? code = Texts(reader, type.GetCustomAttributes(), "ExperimentalAttribute").FirstOrDefault();
            if (code is not null)
            {
                marked[$"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}"] =
                    Names.GetValueOrDefault(code, code);
            }
        }

        return marked;
    }

    /// <summary>The first arguments, texts, of the attributes of that name.</summary>
    private static IEnumerable<string> Texts(
        MetadataReader reader, CustomAttributeHandleCollection attributes, string name)
    {
        foreach (CustomAttribute attribute in attributes.Select(reader.GetCustomAttribute))
        {
            if (attribute.Constructor.Kind != HandleKind.MemberReference)
            {
                continue;
            }

            EntityHandle type = reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent;
            bool isNamed = type.Kind == HandleKind.TypeReference
                && reader.StringComparer.Equals(reader.GetTypeReference((TypeReferenceHandle)type).Name, name);
            BlobReader value = reader.GetBlobReader(attribute.Value);
            if (isNamed && value.ReadUInt16() == 1 && value.ReadSerializedString() is { } text)
            {
                yield return text;
            }
        }
    }
}
