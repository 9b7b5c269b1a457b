using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json.Nodes;

namespace Hv.Sdk.Manifests;

/// <summary>What the manifest generator wrote into an assembly, read without loading it.</summary>
public static class PluginFacts
{
    private const string Key = "Hv.Manifest";

    /// <summary>The facts; null when the assembly provides nothing.</summary>
    public static JsonObject? Read(string assembly)
    {
        using FileStream file = File.OpenRead(assembly);
        using var image = new PEReader(file);
        MetadataReader reader = image.GetMetadataReader();
        foreach (CustomAttributeHandle handle in reader.GetAssemblyDefinition().GetCustomAttributes())
        {
            BlobReader value = reader.GetBlobReader(reader.GetCustomAttribute(handle).Value);
            if (IsMetadata(reader, handle) && value.ReadUInt16() == 1 && value.ReadSerializedString() == Key)
            {
                return JsonNode.Parse(value.ReadSerializedString()!)!.AsObject();
            }
        }

        return null;
    }

    private static bool IsMetadata(MetadataReader reader, CustomAttributeHandle handle) =>
        reader.GetCustomAttribute(handle).Constructor is { Kind: HandleKind.MemberReference } constructor
        && reader.GetMemberReference((MemberReferenceHandle)constructor).Parent
            is { Kind: HandleKind.TypeReference } type
        && reader.StringComparer.Equals(reader.GetTypeReference((TypeReferenceHandle)type).Name, "AssemblyMetadataAttribute");
}
