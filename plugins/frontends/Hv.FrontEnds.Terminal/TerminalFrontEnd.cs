using System.Runtime.Versioning;
using Hv.Sdk;
using Hv.Sdk.Management;

namespace Hv.FrontEnds.Terminal;

/// <summary>Shows the machine's serial console on the terminal that the host was started on.</summary>
[SupportedOSPlatform("linux")]
[FrontEnd("terminal", Title = "The serial console on this terminal, or on standard input and output")]
public sealed class TerminalFrontEnd : IFrontEnd, ISavingFrontEnd
{
    /// <inheritdoc/>
    public OptionSchema Options => TerminalOptions.Schema;

    /// <inheritdoc/>
    public bool AsksToSave(OptionValues options) => TerminalOptions.Bind(options).SaveFile is not null;

    /// <inheritdoc/>
    public async Task RunAsync(IMachine machine, OptionValues options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(machine);
        if (machine.Console is not { } console)
        {
            await machine.Completion.WaitAsync(cancel).ConfigureAwait(false);
            return;
        }

        using var session = new ConsoleSession(machine, console, TerminalOptions.Bind(options));
        await session.RunAsync(cancel).ConfigureAwait(false);
    }
}
