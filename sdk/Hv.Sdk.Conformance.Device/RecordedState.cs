using System.Globalization;

namespace Hv.Sdk.Conformance.Device;

/// <summary>One saved state of a version that was shipped.</summary>
/// <param name="Version">The layout's version.</param>
/// <param name="NowNs">Virtual time of the save, in nanoseconds.</param>
/// <param name="Bytes">The device's section.</param>
public sealed record RecordedState(ushort Version, long NowNs, byte[] Bytes)
{
    private const string Pattern = "v*.state";

    /// <summary>The states in a folder, oldest first: <c>vN.state</c>, two lines, the time and the section in
    /// hexadecimal digits. None when there is no such folder.</summary>
    public static IReadOnlyList<RecordedState> ReadFolder(string folder) => !Directory.Exists(folder) ? []
        : [.. Directory.EnumerateFiles(folder, Pattern).Select(Read).OrderBy(s => s.Version)];

    private static RecordedState Read(string file)
    {
        string[] lines = File.ReadAllLines(file);
        ushort version = ushort.Parse(Path.GetFileNameWithoutExtension(file).AsSpan(1), CultureInfo.InvariantCulture);
        return new RecordedState(
            version, long.Parse(lines[0], CultureInfo.InvariantCulture), Convert.FromHexString(lines[1]));
    }

    /// <summary>Writes it into a folder, unless the version is there: what was shipped never changes.</summary>
    public void WriteTo(string folder)
    {
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, $"v{Version}.state");
        if (File.Exists(file)) return;
        File.WriteAllText(file, $"{NowNs.ToString(CultureInfo.InvariantCulture)}\n{Convert.ToHexString(Bytes)}\n");
    }
}
