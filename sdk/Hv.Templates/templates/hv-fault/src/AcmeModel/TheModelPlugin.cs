using Hv.Sdk;
using Hv.Sdk.Faults;

namespace AcmeModel;

/// <summary>Makes the fault of each rule: found by its name, which users type.</summary>
[Fault("the-model", Title = "A bit that is read from a register is wrong")]
public sealed class TheModelPlugin : IFaultFactory
{
    /// <inheritdoc/>
    public OptionSchema Options => TheModelOptions.Schema;
    /// <inheritdoc/>
    public IFault Create(OptionValues options) => new TheModel(TheModelOptions.Bind(options));
}

/// <summary>What users may set: <c>--fault the-model,bit=3</c>.</summary>
[Options]
public sealed partial record TheModelOptions
{
    /// <summary>Which bit.</summary>
    [Option("which bit is wrong", Maximum = 63)]
    public byte Bit { get; init; }
}
