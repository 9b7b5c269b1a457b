using Hv.Diagnostics;
using Hv.PluginHost;
using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Conformance.CharBackend;
using Hv.Sdk.Conformance.Device;
using Hv.Sdk.Conformance.Disk;
using Hv.Sdk.Conformance.Net;
using Hv.Sdk.Net;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Commands.Plugins;

/// <summary>Tries what a plugin provides against the suite of its kind.</summary>
internal sealed class ConformanceTrial
{
    private static readonly Placement OnPci = new() { Pci = new PciAddress(0, 3, 0) };
    private static readonly Placement OnMmio = new() { MmioBase = 0xd000_0000, Gsi = 10 };

    /// <summary>Makes what is tried.</summary>
    public required PluginCatalog Catalog { get; init; }
    /// <summary>How hard to try.</summary>
    public required ConformanceOptions Options { get; init; }
    /// <summary>Only these checks; null for all.</summary>
    public required IReadOnlyCollection<string>? Only { get; init; }
    /// <summary>Options of what is tried.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }
    /// <summary>Images for disk formats.</summary>
    public required IReadOnlyList<string> Images { get; init; }

    /// <summary>The reports; none when there is no suite for the kind. A device has one for each bus that it fits
    /// on.</summary>
    /// <exception cref="ConfigurationException">What is tried refuses the settings.</exception>
    public IEnumerable<ConformanceReport> Run(ProvidedName provided) => provided.Kind.Name switch
    {
        "device" => Placements(provided).Select(p => Device(Make<IDeviceFactory>(provided), p)),
        "disk-format" => [Disk(Make<IDiskFormat>(provided))],
        "net-backend" => [Net(Make<INetBackend>(provided))],
        "char-backend" => [Chars(Make<ICharBackend>(provided))],
        _ => [],
    };

    private T Make<T>(ProvidedName provided)
        where T : class => Catalog.Create<T>(provided.Kind, provided.Name);

    private ConformanceReport Device(IDeviceFactory factory, Placement placement)
    {
        var setup = new BenchSetup { Options = Settings, Placement = placement, MemoryBytes = 128 * 1024 };
        return DeviceSuite.Default.Run(new DeviceSubject { Factory = factory, Setup = setup }, Options, null, Only);
    }

    private static IEnumerable<Placement> Placements(ProvidedName provided)
    {
        if (provided.Buses.Contains("pci"))
        {
            yield return OnPci;
        }

        if (provided.Buses.Contains("mmio"))
        {
            yield return OnMmio;
        }

        if (!provided.Buses.Contains("pci") && !provided.Buses.Contains("mmio"))
        {
            yield return Placement.None;
        }
    }

    private ConformanceReport Disk(IDiskFormat format)
    {
        DiskSample[] samples = [.. Images.Select(i => new DiskSample(Path.GetFileName(i), Read(i)))];
        return DiskSuite.Default.Run(DiskSubject.Of(format, Settings, samples), Options, null, Only);
    }

    private ConformanceReport Net(INetBackend backend) =>
        NetSuite.Default.Run(NetSubject.Of(backend, Settings), Options, null, Only);

    private ConformanceReport Chars(ICharBackend backend) =>
        CharSuite.Default.Run(CharSubject.Of(backend), Options, null, Only);

    private static byte[] Read(string image) => File.Exists(image) ? File.ReadAllBytes(image)
        : throw new DiagnosticException(new Diagnostic(Codes.FileUnreadable, Place.Of("--image"), $"'{image}' does not exist", null));
}
