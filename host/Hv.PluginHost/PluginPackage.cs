using System.IO.Compression;
using System.Security;
using System.Text;
using Hv.Diagnostics;

namespace Hv.PluginHost;

/// <summary>A plugin in one file. A package that <see cref="Pack"/> makes is a NuGet package of type <c>HvPlugin</c>
/// with the plugin below <c>plugin/</c>; any zip with one plugin.json is taken too.</summary>
public static class PluginPackage
{
    /// <summary>Where a package has the plugin.</summary>
    public const string Folder = "plugin";

    private const int MaximumEntries = 10_000;
    private const long MaximumBytes = 1L << 30;
    private static readonly DateTimeOffset EntryTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Whether a path names a package by its extension.</summary>
    public static bool IsPackage(string path) =>
        Path.GetExtension(path).ToLowerInvariant() is ".nupkg" or ".zip" && !Directory.Exists(path);

    /// <summary>Unpacks the plugin of a package into an empty folder. Nothing is written outside it, and no more than
    /// 1 GiB, whatever the package says of itself.</summary>
    /// <exception cref="DiagnosticException">The file is no package, or a hostile one.</exception>
    public static void Extract(string package, string to) => Extract(package, to, MaximumBytes);

    /// <summary>The same with another bound.</summary>
    public static void Extract(string package, string to, long mostBytes)
    {
        try
        {
            using ZipArchive archive = ZipFile.OpenRead(package);
            string prefix = PrefixOf(archive, package);
            long left = mostBytes;
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                string name = entry.FullName;
                if (name.StartsWith(prefix, StringComparison.Ordinal) && !name.EndsWith('/'))
                {
                    left -= Extract(package, entry, name[prefix.Length..], to, left, mostBytes);
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or FileNotFoundException or DirectoryNotFoundException)
        {
            throw Bad(package, e is InvalidDataException ? "the file is not a zip, or is damaged" : "the file does not exist");
        }
    }

    /// <summary>Makes a package of a plugin's folder. The same files give the same bytes.</summary>
    public static void Pack(string folder, PluginManifest manifest, Stream to)
    {
        using var archive = new ZipArchive(to, ZipArchiveMode.Create, leaveOpen: true);
        Add(archive, "[Content_Types].xml", Encoding.UTF8.GetBytes(ContentTypes(folder)));
        Add(archive, "_rels/.rels", Encoding.UTF8.GetBytes(Relationships(manifest)));
        Add(archive, $"{manifest.Id}.nuspec", Encoding.UTF8.GetBytes(NuSpec(manifest)));
        foreach (string file in PluginHash.Files(folder))
        {
            Add(archive, $"{Folder}/{file}", File.ReadAllBytes(Path.Combine(folder, file)));
        }
    }

    /// <summary>The folder inside a package that holds the plugin, with a '/' at its end unless it is the
    /// root.</summary>
    private static string PrefixOf(ZipArchive archive, string package)
    {
        if (archive.Entries.Count > MaximumEntries)
        {
            throw Bad(package, $"it has {archive.Entries.Count} files; more than {MaximumEntries} are not taken");
        }

        string[] manifests =
        [
            .. archive.Entries.Select(e => e.FullName)
                .Where(n => n == PluginManifest.FileName
                    || n.EndsWith('/' + PluginManifest.FileName, StringComparison.Ordinal)),
        ];
        string? own = manifests.FirstOrDefault(m => m == $"{Folder}/{PluginManifest.FileName}")
            ?? (manifests.Length == 1 ? manifests[0] : null);
        return own?[..^PluginManifest.FileName.Length] ?? throw Bad(package,
            manifests.Length == 0 ? "it holds no plugin.json" : $"it holds {manifests.Length} plugins");
    }

    private static long Extract(
        string package, ZipArchiveEntry entry, string name, string to, long left, long mostBytes)
    {
        string root = Path.GetFullPath(to) + Path.DirectorySeparatorChar;
        string path = Path.GetFullPath(Path.Combine(root, name));
        bool isOutside = !path.StartsWith(root, StringComparison.Ordinal)
            || Path.IsPathRooted(name) || name.Contains('\\');
        if (isOutside || name.Split('/').Any(s => s is ".." or "." or ""))
        {
            throw Bad(package, $"the entry '{entry.FullName}' leads out of the plugin's folder");
        }

        // A link would lead later entries elsewhere: the upper half of the attributes is the Unix mode.
        const int LinkMode = 0xA000;
        if ((entry.ExternalAttributes >> 16 & 0xF000) == LinkMode)
        {
            throw Bad(package, $"the entry '{entry.FullName}' is a link");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using Stream from = entry.Open();
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        byte[] buffer = new byte[81920];
        long written = 0;
        for (int count; (count = from.Read(buffer)) > 0; written += count)
        {
            // Lengths in a zip's directory are whatever its maker wrote.
            if (written + count > left)
            {
                throw Bad(package, $"it unpacks to more than {mostBytes >> 20} MiB");
            }

            file.Write(buffer, 0, count);
        }

        return written;
    }

    private static void Add(ZipArchive archive, string name, byte[] bytes)
    {
        ZipArchiveEntry entry = archive.CreateEntry(name, CompressionLevel.Optimal);
        entry.LastWriteTime = EntryTime;
        using Stream stream = entry.Open();
        stream.Write(bytes);
    }

    private static string NuSpec(PluginManifest manifest) => $"""
        <?xml version="1.0" encoding="utf-8"?>
        <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
          <metadata>
            <id>{SecurityElement.Escape(manifest.Id)}</id>
            <version>{SecurityElement.Escape(manifest.Version)}</version>
            <authors>{SecurityElement.Escape(manifest.Id.Split('.')[0])}</authors>
            <description>{SecurityElement.Escape(string.Join("; ", manifest.Provides.Select(p => p.Title)))}</description>
            <tags>hv hv-plugin</tags>
            <packageTypes>
              <packageType name="HvPlugin" />
            </packageTypes>
          </metadata>
        </package>

        """;

    private static string Relationships(PluginManifest manifest) => $"""
        <?xml version="1.0" encoding="utf-8"?>
        <Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
          <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/{SecurityElement.Escape(manifest.Id)}.nuspec" Id="R1" />
        </Relationships>

        """;

    private static string ContentTypes(string folder)
    {
        IEnumerable<string> extensions = PluginHash.Files(folder).Select(f => Path.GetExtension(f).TrimStart('.'))
            .Where(e => e.Length > 0).Concat(["nuspec", "rels"]).Distinct(StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.Ordinal);
        string defaults = string.Concat(extensions.Select(e => e == "rels"
            ? """  <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" />""" + "\n"
            : $"""  <Default Extension="{SecurityElement.Escape(e)}" ContentType="application/octet" />""" + "\n"));
        return $"""
            <?xml version="1.0" encoding="utf-8"?>
            <Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
            {defaults}</Types>

            """;
    }

    private static DiagnosticException Bad(string package, string problem) => new(new Diagnostic(
        Codes.BadPluginPackage, Place.Of(package), problem, "hv plugin pack makes packages of plugins"));
}
