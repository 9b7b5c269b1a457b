using System.Runtime.InteropServices;
using Hv.Sdk.Management;
using Hv.Supervision;

namespace Hv;

/// <summary>What signals do to a running machine: SIGTERM presses its power button and the second one ends it; SIGINT,
/// SIGQUIT and SIGHUP end it at once. Under a supervisor they count when it passes them on.</summary>
internal sealed class EndSignals : IDisposable
{
    private readonly IMachine machine;
    private readonly bool isSupervised;
    private readonly PosixSignalRegistration[] registrations;
    private int terminations;

    public EndSignals(IMachine machine, SupervisedProcess? supervised)
    {
        this.machine = machine;
        isSupervised = supervised is not null;
        registrations =
        [
            .. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGHUP }
                .Select(s => PosixSignalRegistration.Create(s, Receive)),
        ];
        supervised?.Listen(
            signal => Act(Named(signal)),
            () => machine.Quit(EndReason.Interrupted, "the process that supervised it is gone"));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations)
        {
            registration.Dispose();
        }
    }

    // The numbers that Linux gives them: only there is a supervisor.
    private static PosixSignal Named(int signal) => signal switch
    {
        1 => PosixSignal.SIGHUP,
        2 => PosixSignal.SIGINT,
        3 => PosixSignal.SIGQUIT,
        _ => PosixSignal.SIGTERM,
    };

    private void Receive(PosixSignalContext context)
    {
        context.Cancel = true;
        if (!isSupervised)
        {
            Act(context.Signal);
        }
    }

    private void Act(PosixSignal signal)
    {
        if (signal != PosixSignal.SIGTERM)
        {
            machine.Quit(EndReason.Interrupted, $"interrupted by {signal}");
        }
        else if (Interlocked.Increment(ref terminations) > 1)
        {
            machine.Quit(EndReason.Interrupted, "interrupted by a second SIGTERM");
        }
        else
        {
            Console.Error.WriteLine("hv: asked the guest to power off; another SIGTERM ends it at once");
            machine.PressPowerButton();
        }
    }
}
