namespace Hv.Sdk.Manifests;

/// <summary>A manifest that cannot be written as it is.</summary>
public sealed class ManifestException(string code, string message) : Exception(message)
{
    /// <summary>The build's code for it, HVG02x.</summary>
    public string Code { get; } = code;
}
