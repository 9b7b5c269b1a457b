using Hv.Diagnostics;
using Hv.PluginHost;
using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Conformance.CharBackend;
using Hv.Sdk.Conformance.Device;
using Hv.Sdk.Conformance.Disk;
using Hv.Sdk.Conformance.Engine;
using Hv.Sdk.Conformance.FrontEnd;
using Hv.Sdk.Conformance.Net;
using Hv.Sdk.Engines;
using Hv.Sdk.Management;
using Hv.Sdk.Net;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Commands.Plugins;

/// <summary>Tries what a plugin provides against the suite of its kind.</summary>
internal sealed class ConformanceTrial
{
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
        "device" => Devices(provided),
        "disk-format" => [Disk(Make<IDiskFormat>(provided))],
        "net-backend" => [Net(Make<INetBackend>(provided))],
        "char-backend" => [Chars(Make<ICharBackend>(provided))],
        "front-end" => [FrontEnd(Make<IFrontEnd>(provided))],
        "engine" => [Engine(Make<IEngine>(provided))],
        _ => [],
    };

    private T Make<T>(ProvidedName provided)
        where T : class => Catalog.Create<T>(provided.Kind, provided.Name);

    private IEnumerable<ConformanceReport> Devices(ProvidedName provided) =>
        DeviceSubjects.Of(Make<IDeviceFactory>(provided), provided.Buses, Settings)
            .Select(s => DeviceSuite.Default.Run(s, Options, null, Only));

    private ConformanceReport Disk(IDiskFormat format)
    {
        DiskSample[] samples = [.. Images.Select(i => new DiskSample(Path.GetFileName(i), Read(i)))];
        return DiskSuite.Default.Run(DiskSubject.Of(format, Settings, samples), Options, null, Only);
    }

    private ConformanceReport Net(INetBackend backend) =>
        NetSuite.Default.Run(NetSubject.Of(backend, Settings), Options, null, Only);

    private ConformanceReport Chars(ICharBackend backend) =>
        CharSuite.Default.Run(CharSubject.Of(backend), Options, null, Only);

    private ConformanceReport FrontEnd(IFrontEnd frontEnd) =>
        FrontEndSuite.Default.Run(FrontEndSubject.Of(frontEnd, Settings), Options, null, Only);

    private ConformanceReport Engine(IEngine engine) =>
        EngineSuite.Default.Run(new EngineSubject { Engine = engine, Options = Settings }, Options, null, Only);

    private static byte[] Read(string image) => File.Exists(image) ? File.ReadAllBytes(image)
        : throw new DiagnosticException(new Diagnostic(Codes.FileUnreadable, Place.Of("--image"), $"'{image}' does not exist", null));
}
