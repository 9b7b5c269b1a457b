using Hv.Sdk.Time;

namespace Hv.Sdk.Management;

/// <summary>Where a machine is in its life.</summary>
public enum MachineState : byte
{
    /// <summary>Built, not started.</summary>
    Created,
    /// <summary>vCPUs run.</summary>
    Running,
    /// <summary>vCPUs and virtual time stand still.</summary>
    Paused,
    /// <summary>Ended; <see cref="IMachine.Outcome"/> says how.</summary>
    Stopped,
}

/// <summary>Why a machine ended.</summary>
public enum EndReason : byte
{
    /// <summary>The guest powered off.</summary>
    PowerOff,
    /// <summary>The guest reset under <c>--no-reboot</c>.</summary>
    Reset,
    /// <summary>Triple fault, or a panic that the guest reported.</summary>
    Crash,
    /// <summary>A device, plugin or the host failed.</summary>
    HostFailure,
    /// <summary>The guest wrote to the exit port.</summary>
    ExitPort,
    /// <summary><c>--timeout</c> passed.</summary>
    Timeout,
    /// <summary>The user ended it.</summary>
    Quit,
    /// <summary>A signal ended it.</summary>
    Interrupted,
    /// <summary>The machine was saved and ended, as asked.</summary>
    Saved,
    /// <summary>A fault cut the power.</summary>
    PowerCut,
    /// <summary>The run ended well but proves nothing: a fault never fired.</summary>
    Inconclusive,
}

/// <summary>How a machine ended.</summary>
public sealed class MachineOutcome
{
    /// <summary>Why.</summary>
    public required EndReason Reason { get; init; }
    /// <summary>The same in words, naming who asked.</summary>
    public required string Message { get; init; }
    /// <summary>The process's exit code.</summary>
    public required int ExitCode { get; init; }
}

/// <summary>A machine as a front-end sees it. Any thread.</summary>
[HostImplemented]
public interface IMachine
{
    /// <summary>Its name.</summary>
    string Name { get; }
    /// <summary>Where it is in its life.</summary>
    MachineState State { get; }
    /// <summary>How it ended; null before.</summary>
    MachineOutcome? Outcome { get; }
    /// <summary>The virtual clock.</summary>
    IVmClock Clock { get; }
    /// <summary>Stops vCPUs and virtual time; done when they stand.</summary>
    Task PauseAsync();
    /// <summary>Goes on.</summary>
    Task ResumeAsync();
    /// <summary>Presses the reset button.</summary>
    Task ResetAsync();
    /// <summary>Presses the power button: the guest decides.</summary>
    void PressPowerButton();
    /// <summary>Pauses, saves everything to a file, goes on as before.</summary>
    /// <exception cref="InvalidOperationException">A device cannot be saved; named.</exception>
    Task SaveAsync(string path);
    /// <summary>Ends it at once.</summary>
    void Quit(EndReason reason, string message);
    /// <summary>Completes when the machine has ended.</summary>
    Task<MachineOutcome> Completion { get; }
    /// <summary>The console of a serial line that was left to front-ends (<c>--serial stdio</c>); null when there is
    /// none.</summary>
    IConsole? Console { get; }
}

/// <summary>The person's side of a serial line. Any thread.</summary>
[HostImplemented]
public interface IConsole
{
    /// <summary>Sends what was typed; waits while the guest takes nothing, up to the cancellation.</summary>
    ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel);
    /// <summary>Sets who gets the guest's output, on a thread of the core; returns when all was shown. Output before
    /// that is kept, up to 1 MiB.</summary>
    void Listen(Action<ReadOnlyMemory<byte>> shown);
    /// <summary>Tells the guest the size in characters, where the line can.</summary>
    void Resize(int columns, int rows);
}

/// <summary>Shows and commands a machine: terminal, VNC, web… Faces a person.</summary>
public interface IFrontEnd
{
    /// <summary>What the definition may set.</summary>
    OptionSchema Options { get; }
    /// <summary>Runs until the machine ends or <paramref name="cancel"/>; leaves the terminal as it found it, whatever
    /// happens.</summary>
    Task RunAsync(IMachine machine, OptionValues options, CancellationToken cancel);
}

/// <summary>Implemented by a front-end with a command that saves the machine.</summary>
public interface ISavingFrontEnd
{
    /// <summary>Whether these options set saving up. A machine that cannot be saved is then refused when it is
    /// created, with the device's name, and not when somebody saves it.</summary>
    bool AsksToSave(OptionValues options);
}

/// <summary>A device that has a power button. Provided as a service.</summary>
public interface IPowerButton
{
    /// <summary>Presses it. Enters the device's strand.</summary>
    void Press();
}

/// <summary>A device that takes memory from the guest for the host. Provided as a service. Any thread; enters the
/// device's strand.</summary>
public interface IMemoryBalloon
{
    /// <summary>What the guest is asked to give up, in bytes; rounded down to pages. The guest decides when, and
    /// whether.</summary>
    ulong TargetBytes { get; set; }
    /// <summary>What it has given up, as it says, in bytes.</summary>
    ulong ActualBytes { get; }
}
