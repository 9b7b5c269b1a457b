using System.Globalization;
using Hv.Sdk.Management;

namespace AcmeModel;

/// <summary>Follows a machine to its end.</summary>
public static class TheModelEvents
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Writes a line whenever the state has changed, and one for the end.</summary>
    public static async Task PrintAsync(IMachine machine, TextWriter to, CancellationToken cancel)
    {
        MachineState? seen = null;
        while (!machine.Completion.IsCompleted)
        {
            MachineState now = machine.State;
            if (now != seen && now != MachineState.Stopped)
                await WriteAsync(machine, to, now.ToString().ToLowerInvariant()).ConfigureAwait(false);
            seen = now;
            await Task.WhenAny(machine.Completion, Task.Delay(Interval, cancel)).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
        }

        MachineOutcome outcome = await machine.Completion.ConfigureAwait(false);
        await WriteAsync(machine, to, $"ended: {outcome.Message}").ConfigureAwait(false);
    }

    private static Task WriteAsync(IMachine machine, TextWriter to, string what) =>
        to.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"[{machine.Clock.Now.Nanoseconds / 1e9,10:0.000000}] {machine.Name}: {what}"));
}
