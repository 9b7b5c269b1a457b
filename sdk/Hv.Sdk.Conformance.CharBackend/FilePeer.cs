namespace Hv.Sdk.Conformance.CharBackend;

/// <summary>A file that the backend writes to.</summary>
public sealed class FilePeer : CharPeer
{
    private readonly string folder = Directory.CreateTempSubdirectory("hv-conformance-").FullName;

    private string File => Path.Combine(folder, "out");

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Options => new Dictionary<string, string> { ["target"] = File };

    /// <inheritdoc/>
    public override byte[] Received
    {
        get
        {
            using FileStream stream =
                new(File, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }

    /// <inheritdoc/>
    public override void Leave()
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }
}
