using System.Globalization;
using Hv.Diagnostics;
using Hv.PluginHost;
using Hv.Sdk;
using Hv.Vmm.Description;

namespace Hv.Configuration;

/// <summary>Devices and what they are connected to.</summary>
public sealed partial class DefinitionReader
{
    /// <summary>Which model of disk a bus has.</summary>
    private static readonly Dictionary<string, string> DiskModels = new()
    {
        ["virtio"] = "virtio-blk",
        ["ide"] = "ide-disk",
        ["ahci"] = "ahci-disk",
        ["scsi"] = "scsi-disk",
        ["nvme"] = "nvme",
    };

    private readonly Dictionary<string, Place> devicePlaces = [];

    private void ReadDisks()
    {
        DefinitionKey key = DefinitionKeys.Find("disk")!;
        foreach (JsonValue value in settings[key])
        {
            Compound disk = Compound.Read(value, key, bag);
            string bus = disk.Parts.TryGetValue("bus", out Part onBus)
                ? onBus.Text : key.Parts.First(p => p.Name == "bus").Default!;
            string model = DiskModels.GetValueOrDefault(bus, "");
            Dictionary<string, string> deviceOptions = TakeDeviceOptions(disk, model,
                [.. key.Parts, .. FormatOptionsOf(disk)]);
            Dictionary<string, string> given = key.Parts
                .Where(p => disk.Parts.ContainsKey(p.Name))
                .ToDictionary(p => p.Name, p => disk.Parts[p.Name].Text);
            OptionValues parts = Bind(new OptionSchema(key.Parts), given, option => disk.Parts[option].Place);
            CheckDiskFormat(disk, parts, key, out Dictionary<string, string> formatOptions);
            if (disk.Head.Text.Length > 0)
            {
                CheckFile(disk.Head, "disk");
            }

            string path = parts.Text("name") ?? NextName("disk");
            AddDevice(path, model, deviceOptions, onBus.Text is null ? disk.Place : onBus.Place);
            AddDisk(path, disk, parts, formatOptions);
        }

        ReadRemovable("cdrom", "ide-cdrom");
        ReadRemovable("floppy", "floppy");
    }

    private IReadOnlyList<OptionInfo> FormatOptionsOf(Compound disk) =>
        disk.Parts.TryGetValue("format", out Part format)
            && catalog.Find(ExtensionKind.DiskFormat, format.Text) is not null
            ? SchemaOf(ExtensionKind.DiskFormat, format.Text).Options : [];

    /// <summary>Takes the parts that are options of the device's model; those that <paramref name="others"/> name
    /// belong to them.</summary>
    private Dictionary<string, string> TakeDeviceOptions(
        Compound compound, string model, IReadOnlyList<OptionInfo> others)
    {
        if (catalog.Find(ExtensionKind.Device, model) is null)
        {
            return [];
        }

        OptionSchema schema = SchemaOf(ExtensionKind.Device, model);
        Dictionary<string, Part> taken = [];
        foreach (OptionInfo option in schema.Options.Where(o => !others.Any(other => other.Name == o.Name)))
        {
            if (compound.Take(option.Name) is { } part)
            {
                taken[option.Name] = part;
            }
        }

        Dictionary<string, string> texts = taken.ToDictionary(t => t.Key, t => t.Value.Text);
        Bind(schema, texts, option => taken.TryGetValue(option, out Part part) ? part.Place : compound.Place);
        return texts;
    }

    private void AddDisk(string path, Compound disk, OptionValues parts, Dictionary<string, string> formatOptions)
    {
        string? serial = parts.Text("serial");
        if (serial is { Length: > 20 } || serial?.Any(c => c is < ' ' or > '~') == true)
        {
            bag.Error(Codes.BadValue, disk.Parts["serial"].Place,
                "a disk's serial number has at most 20 ASCII characters");
        }

        backends.Add(new DiskBackendDescription
        {
            DevicePath = path,
            Slot = "drive",
            File = Resolve(disk.Head),
            Format = parts.Text("format"),
            FormatOptions = formatOptions,
            IsReadOnly = parts.Flag("readonly"),
            DiscardWrites = parts.Flag("discard-writes"),
            Serial = serial,
        });
    }

    /// <summary>What is no part of every disk is an option of the format, which must then be given.</summary>
    private void CheckDiskFormat(
        Compound disk, OptionValues parts, DefinitionKey key, out Dictionary<string, string> options)
    {
        options = disk.Parts.Where(p => !key.Parts.Any(k => k.Name == p.Key)).ToDictionary(
            p => p.Key, p => p.Value.Text);
        string[] known = [.. key.Parts.Select(p => p.Name)];
        if (parts.Text("format") is not { } format)
        {
            foreach (string option in options.Keys)
            {
                bag.Error(Codes.UnknownOption, disk.Parts[option].Place, $"a disk has no option '{option}'",
                    Suggestion.Remedy(option, known));
            }

            return;
        }

        if (catalog.Find(ExtensionKind.DiskFormat, format) is null)
        {
            Missing(ExtensionKind.DiskFormat, format, disk.Parts["format"].Place);
            return;
        }

        OptionSchema schema = SchemaOf(ExtensionKind.DiskFormat, format);
        foreach (string option in options.Keys.Where(o => !schema.Options.Any(s => s.Name == o)))
        {
            bag.Error(Codes.UnknownOption, disk.Parts[option].Place,
                $"a disk of format '{format}' has no option '{option}'",
                Suggestion.Remedy(option, [.. known, .. schema.Options.Select(o => o.Name)]));
        }

        Bind(schema, options.Where(o => schema.Options.Any(s => s.Name == o.Key)).ToDictionary(), option =>
            disk.Parts.TryGetValue(option, out Part part) ? part.Place : disk.Place);
    }

    private void ReadRemovable(string keyName, string model)
    {
        foreach (JsonValue value in settings[DefinitionKeys.Find(keyName)!])
        {
            var file = new Part(value.Text, value.Place);
            CheckFile(file, keyName);
            string path = NextName(keyName);
            AddDevice(path, model, new Dictionary<string, string>(), value.Place);
            backends.Add(new DiskBackendDescription
            {
                DevicePath = path,
                Slot = "drive",
                File = Resolve(file),
                IsReadOnly = keyName == "cdrom",
            });
        }
    }

    private void ReadNetworks()
    {
        DefinitionKey key = DefinitionKeys.Find("net")!;
        IReadOnlyList<JsonValue> forwards = settings[DefinitionKeys.Find("forward")!];
        bool isForwarded = forwards.Count == 0;
        foreach (JsonValue value in settings[key])
        {
            Compound net = Compound.Read(value, key, bag);
            Part? model = net.Take("model");
            string path = net.Take("name")?.Text ?? NextName("net");
            if (net.Head.Text == "none")
            {
                continue;
            }

            string card = model?.Text ?? "virtio-net";
            Dictionary<string, string> cardOptions = TakeDeviceOptions(net, card,
                catalog.Find(ExtensionKind.NetBackend, net.Head.Text) is null
                    ? [] : SchemaOf(ExtensionKind.NetBackend, net.Head.Text).Options);
            ExtensionChoice? backend = Choose(ExtensionKind.NetBackend, net);
            if (backend is not null && !isForwarded
                && SchemaOf(ExtensionKind.NetBackend, backend.Name).Options.Any(o => o.Name == "forward"))
            {
                string all = string.Join(';', forwards.Select(f => f.Text));
                backend = backend with { Options =
                    new Dictionary<string, string>(backend.Options) { ["forward"] = all } };
                isForwarded = true;
            }

            AddDevice(path, card, cardOptions, model?.Place ?? net.Place);
            backends.Add(new NetBackendDescription { DevicePath = path, Slot = "netdev", Backend = backend });
        }

        if (!isForwarded)
        {
            bag.Error(Codes.Contradiction, forwards[0].Place, "no network here forwards ports", "add --net user");
        }
    }

    private void ReadSerialPorts()
    {
        DefinitionKey key = DefinitionKeys.Find("serial")!;
        IReadOnlyList<JsonValue> values = settings[key];
        if (values.Count == 0)
        {
            AddConsole(null);
            return;
        }

        for (int i = 0; i < values.Count; i++)
        {
            Compound serial = Compound.Read(values[i], key, bag);
            ReadSerialPort(serial, SerialDevice(serial, i));
        }
    }

    /// <summary>The device that a serial port is: the board's own for the first, unless a model is given; null is the
    /// board's.</summary>
    private string? SerialDevice(Compound serial, int index)
    {
        Part? model = serial.Take("model");
        if (model is null && index == 0)
        {
            return null;
        }

        string path = model is null ? $"serial{index}" : NextName(model.Value.Text);
        string device = model?.Text ?? FirstSerialModel;
        string backend = serial.Head.Text.Split(':')[0];
        IReadOnlyList<OptionInfo> others = catalog.Find(ExtensionKind.CharBackend, backend) is null
            ? [] : SchemaOf(ExtensionKind.CharBackend, backend).Options;
        AddDevice(path, device, TakeDeviceOptions(serial, device, others), model?.Place ?? serial.Place);
        return path;
    }

    private void ReadSerialPort(Compound serial, string? path)
    {
        switch (serial.Head.Text)
        {
            case "":
                break;
            case "stdio" when backends.OfType<ConsoleBackendDescription>().Any():
                bag.Error(Codes.Contradiction, serial.Place, "two serial ports want this terminal",
                    "give the second a file:F or none");
                break;
            case "stdio":
                AddConsole(path);
                break;
            case "none":
                backends.Add(new NullCharBackendDescription { DevicePath = path, Slot = "chardev" });
                break;
            default:
                ReadCharBackend(serial, path);
                break;
        }
    }

    /// <summary><c>file:F,append</c>: the word before the colon is the backend, the rest its option
    /// <c>target</c>.</summary>
    private void ReadCharBackend(Compound serial, string? path)
    {
        int colon = serial.Head.Text.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? serial.Head.Text : serial.Head.Text[..colon];
        if (catalog.Find(ExtensionKind.CharBackend, name) is null)
        {
            string[] known = ["stdio", "none", .. catalog.List(ExtensionKind.CharBackend).Select(e => e.Provided.Name)];
            bag.Error(Codes.UnknownName, serial.Head.Place, $"a serial port cannot be connected to '{name}'",
                Suggestion.Remedy(name, known));
            return;
        }

        var options = serial.Parts.ToDictionary();
        if (colon >= 0)
        {
            options["target"] = new Part(serial.Head.Text[(colon + 1)..], serial.Head.Place);
        }

        OptionSchema schema = SchemaOf(ExtensionKind.CharBackend, name);
        var texts = options.ToDictionary(
            o => o.Key,
            o => schema.Options.Any(s => s.Name == o.Key && s.Type == OptionType.Path)
                ? Resolve(o.Value) : o.Value.Text);
        Bind(schema, texts, option => options.TryGetValue(option, out Part part) ? part.Place : serial.Place);
        backends.Add(new CharBackendDescription
        {
            DevicePath = path,
            Slot = "chardev",
            Backend = new ExtensionChoice { Name = name, Options = texts },
        });
    }

    private void AddConsole(string? path)
    {
        backends.Add(new ConsoleBackendDescription { DevicePath = path, Slot = "chardev" });
        frontEnds.Add(new ExtensionChoice { Name = "terminal" });
    }

    private void ReadDevices()
    {
        DefinitionKey key = DefinitionKeys.Find("device")!;
        foreach (JsonValue value in settings[key])
        {
            Compound device = Compound.Read(value, key, bag);
            Part? name = device.Take("name");
            if (Choose(ExtensionKind.Device, device) is { } choice)
            {
                string path = name?.Text ?? NextName(choice.Name);
                Place place = name?.Place ?? device.Place;
                RememberPath(path, place);
                devices.Add(new DeviceDescription { Path = path, Model = choice.Name, Options = choice.Options });
            }
        }
    }

    private void ReadExitPort(OptionValues scalars)
    {
        if (scalars.Has("exit-port"))
        {
            string port = scalars.Number("exit-port").ToString(CultureInfo.InvariantCulture);
            AddDevice("exit0", "debug-exit", new Dictionary<string, string> { ["port"] = port },
                Place.Of("--exit-port"));
        }
    }

    private void ReadDisplay()
    {
        DefinitionKey key = DefinitionKeys.Find("display")!;
        if (settings[key] is [var value])
        {
            Compound display = Compound.Read(value, key, bag);
            if (display.Head.Text != "none" && Choose(ExtensionKind.FrontEnd, display) is { } frontEnd)
            {
                frontEnds.Add(frontEnd);
            }
        }
    }

    private void AddDevice(string path, string model, IReadOnlyDictionary<string, string> options, Place place)
    {
        if (model.Length == 0)
        {
            return;
        }

        if (catalog.Find(ExtensionKind.Device, model) is null)
        {
            Missing(ExtensionKind.Device, model, place);
            return;
        }

        RememberPath(path, place);
        devices.Add(new DeviceDescription { Path = path, Model = model, Options = options });
    }

    private void RememberPath(string path, Place place) => devicePlaces.TryAdd(path, place);

    private void CheckDevicePaths()
    {
        foreach (IGrouping<string, DeviceDescription> twins in devices.GroupBy(d => d.Path).Where(g => g.Count() > 1))
        {
            bag.Error(Codes.NameTwice, devicePlaces[twins.Key], $"two devices are named '{twins.Key}'",
                "give each a name of its own");
        }
    }

    /// <summary>The first of <c>disk0</c>, <c>disk1</c>… that no device has yet.</summary>
    private string NextName(string stem)
    {
        for (int i = 0; ; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{stem}{i}");
            if (!devices.Exists(d => d.Path == name))
            {
                return name;
            }
        }
    }
}
