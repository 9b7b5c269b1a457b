using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.State;
using Hv.Vmm.Description;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Backends;

/// <summary>An open disk image with the files that it lies in.</summary>
internal sealed class DiskMedium : IDisposable
{
    private const int HeadBytes = 64 << 10;
    private const int BackingLimit = 16;

    private readonly List<HostFile> files;
    private readonly string owner;
    private readonly bool discardsWrites;

    private DiskMedium(DiskBackendDescription description, string path, IDiskImage image, string format,
        List<HostFile> files)
    {
        owner = path;
        Callee = FormatCallee(format);
        Image = image;
        this.files = files;
        discardsWrites = description.DiscardWrites;
        IsReadOnly = description.IsReadOnly;
        string serial = description.Serial ?? path;
        Serial = serial.Length <= 20 ? serial : serial[..20];
    }

    public IDiskImage Image { get; private set; }
    /// <summary>What the watchdog says when the image does not return.</summary>
    public Callee Callee { get; }
    public bool IsReadOnly { get; }
    public string Serial { get; }
    public string? WhyUnsaveable => discardsWrites
        ? $"the writes to {owner} are to be discarded (discard-writes), so a saved machine would miss them" : null;

    /// <summary>Opens what a definition names.</summary>
    /// <exception cref="ConfigurationException">It cannot be opened, or is no image of the format.</exception>
    public static DiskMedium Open(DiskBackendDescription description, string devicePath, string machine,
        IExtensions extensions)
    {
        List<HostFile> files = [];
        try
        {
            bool readOnly = description.IsReadOnly || description.DiscardWrites;
            Opener opener = new(extensions, machine, files);
            IDiskImage image = opener.Open(description.File, description.Format, description.FormatOptions, readOnly,
                depth: 0);
            if (description.DiscardWrites && !description.IsReadOnly) image = new DiskOverlay(image);
            return new DiskMedium(description, devicePath, image, opener.Format!, files);
        }
        catch (Exception e)
        {
            foreach (HostFile file in files) file.Dispose();
            if (e is DiskException)
                throw new ConfigurationException($"the disk image '{description.File}' cannot be used: {e.Message}");
            throw;
        }
    }

    /// <summary>Puts something before the image. Before it is used.</summary>
    public void Wrap(Func<IDiskImage, IDiskImage> wrapper) => Image = wrapper(Image);

    /// <summary>What tells whether the image has been written since, by all its files.</summary>
    public string Generation() => string.Join("|", files.Select(f => f.Generation()));

    /// <summary>Compares with a saved generation.</summary>
    /// <exception cref="StateException">The image has moved on.</exception>
    public void CheckGeneration(string saved)
    {
        if (saved != Generation())
            throw new StateException(
                $"the disk of {owner}, '{files[0].Path}', was written after the machine was saved");
    }

    public void Dispose()
    {
        Image.Dispose();
        foreach (HostFile file in files) file.Dispose();
    }

    private static Callee FormatCallee(string name) => Callee.Of($"the disk format {name}");

    private sealed class Opener(IExtensions extensions, string machine, List<HostFile> files)
    {
        /// <summary>The format of the first image that was opened.</summary>
        public string? Format { get; private set; }

        public IDiskImage Open(string path, string? format, IReadOnlyDictionary<string, string> options,
            bool readOnly, int depth)
        {
            if (depth > BackingLimit)
                throw new DiskException($"more than {BackingLimit} images stand behind one another");
            HostFile file = HostFile.Open(path, readOnly, machine);
            files.Add(file);
            string name = format ?? Probe(file);
            Format ??= name;
            IDiskFormat plugin = extensions.DiskFormat(name);
            OptionValues values = OptionBinder.Bind(plugin.Options, options, $"disk format {name}");
            using CallScope scope = CallRecord.Enter(FormatCallee(name));
            return plugin.Open(new DiskOpen(this, file, readOnly, depth), values);
        }

        private string Probe(HostFile file)
        {
            byte[] head = new byte[(int)Math.Clamp(file.LengthBytes, 0, HeadBytes)];
            if (file.Read(0, head) != BlockStatus.Ok) throw new DiskException("its first bytes cannot be read");
            string best = "raw";
            ProbeScore score = ProbeScore.No;
            foreach (string name in extensions.DiskFormats)
            {
                IDiskFormat format = extensions.DiskFormat(name);
                using CallScope scope = CallRecord.Enter(FormatCallee(name));
                ProbeScore s = format.Probe(head, file.Path);
                if (s <= score) continue;
                score = s;
                best = name;
            }
            return best;
        }
    }

    private sealed class DiskOpen(Opener opener, HostFile file, bool readOnly, int depth) : IDiskOpen
    {
        public IHostFile File => file;
        public bool IsReadOnly => readOnly;

        public IDiskImage OpenBacking(string reference, string? format)
        {
            string path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file.Path))!, reference);
            return opener.Open(path, format, new Dictionary<string, string>(), readOnly: true, depth + 1);
        }
    }
}
