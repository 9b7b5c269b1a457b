using System.Runtime.InteropServices;
using Hv.Sdk.Management;

namespace Hv;

/// <summary>What signals do to a running machine: SIGTERM presses its power button and the second one ends it; SIGINT, SIGQUIT and
/// SIGHUP end it at once.</summary>
internal sealed class EndSignals : IDisposable
{
    private readonly IMachine machine;
    private readonly PosixSignalRegistration[] registrations;
    private int terminations;

    public EndSignals(IMachine machine)
    {
        this.machine = machine;
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Terminate),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => End(context, "SIGINT")),
            PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context => End(context, "SIGQUIT")),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => End(context, "SIGHUP")),
        ];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations)
        {
            registration.Dispose();
        }
    }

    private void Terminate(PosixSignalContext context)
    {
        if (Interlocked.Increment(ref terminations) > 1)
        {
            End(context, "a second SIGTERM");
            return;
        }

        context.Cancel = true;
        Console.Error.WriteLine("hv: asked the guest to power off; another SIGTERM ends it at once");
        machine.PressPowerButton();
    }

    private void End(PosixSignalContext context, string signal)
    {
        context.Cancel = true;
        machine.Quit(EndReason.Interrupted, $"interrupted by {signal}");
    }
}
