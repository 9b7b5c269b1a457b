using Hv.Sdk;

namespace AcmeModel;

/// <summary>Makes the device: found by its name, which users type.</summary>
[Device("the-model", Title = "Eight output lines behind one register")]
public sealed class TheModelPlugin : IDeviceFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => TheModelOptions.Schema;
    /// <inheritdoc/>
    public IDevice Create(OptionValues options) => new TheModel(TheModelOptions.Bind(options));
}

/// <summary>What users may set: <c>--device the-model,port=0x320</c>.</summary>
[Options]
public sealed partial record TheModelOptions
{
    /// <summary>The port.</summary>
    [Option("its port")]
    public ushort Port { get; init; } = 0x310;
}
