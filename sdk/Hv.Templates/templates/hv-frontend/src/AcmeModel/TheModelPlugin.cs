using Hv.Sdk;
using Hv.Sdk.Management;

namespace AcmeModel;

/// <summary>The front-end: found by its name, which users type.</summary>
[FrontEnd("the-model", Title = "Prints what the machine does")]
public sealed class TheModelPlugin : IFrontEnd
{
    /// <inheritdoc/>
    public OptionSchema Options => TheModelOptions.Schema;

    /// <inheritdoc/>
    public async Task RunAsync(IMachine machine, OptionValues options, CancellationToken cancel)
    {
        TheModelOptions bound = TheModelOptions.Bind(options);
        if (bound.File is null)
        {
            await TheModelEvents.PrintAsync(machine, Console.Error, cancel).ConfigureAwait(false);
            return;
        }

        await using var file = new StreamWriter(bound.File);
        await TheModelEvents.PrintAsync(machine, file, cancel).ConfigureAwait(false);
    }
}

/// <summary>What users may set: <c>--display the-model,file=events.txt</c>.</summary>
[Options]
public sealed partial record TheModelOptions
{
    /// <summary>Where the lines go.</summary>
    [Option("file for the lines, instead of standard error", Type = OptionType.Path)]
    public string? File { get; init; }
}
