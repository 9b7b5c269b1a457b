using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Hv.Sdk.Management;
using Hv.Sdk.Posix;

namespace Hv.FrontEnds.Terminal;

/// <summary>One run of the front-end. A thread waits for input, the machine's thread writes output; whatever ends the
/// session, and however the process ends, the terminal is put back as it was found (see <see cref="TerminalGuard"/> for
/// the ends that no code of ours survives).</summary>
[SupportedOSPlatform("linux")]
internal sealed class ConsoleSession : IDisposable
{
    private const string Keys =
        "Ctrl-] q quit | p pause or go on | r reset | s save | Ctrl-] send Ctrl-] | ? this help";

    private readonly IMachine machine;
    private readonly IConsole console;
    private readonly TerminalOptions options;
    private readonly EventDescriptor stop = new();
    private readonly List<IDisposable> registrations = [];
    private readonly RawMode? raw;
    private readonly TerminalGuard? guard;
    private bool isOutputGone;

    public ConsoleSession(IMachine machine, IConsole console, TerminalOptions options)
    {
        this.machine = machine;
        this.console = console;
        this.options = options;
        if (!Sdk.Posix.Terminal.IsTerminal(Descriptor.Input))
        {
            return;
        }

        raw = RawMode.Enter(Descriptor.Input);
        guard = TerminalGuard.Start(raw.FoundMode);
        AppDomain.CurrentDomain.ProcessExit += OnProcessEnd;
        AppDomain.CurrentDomain.UnhandledException += OnProcessEnd;
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => PassWindowSize()));
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTSTP, StopWithTerminalRestored));
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGCONT, ContinueInRawMode));
        PassWindowSize();
    }

    /// <summary>Until the machine has ended, or <paramref name="cancel"/>.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        // Ends a send that waits for a guest that takes nothing any more.
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using CancellationTokenRegistration stopped = ended.Token.Register(stop.Signal);
        console.Listen(Show);
        var reader = new Thread(() => ReadInput(ended.Token)) { IsBackground = true, Name = "terminal input" };
        reader.Start();
        try
        {
            await machine.Completion.WaitAsync(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The host wants its terminal back; the machine is its business.
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            reader.Join();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        raw?.Dispose();
        guard?.Dispose();
        foreach (IDisposable registration in registrations)
        {
            registration.Dispose();
        }

        AppDomain.CurrentDomain.ProcessExit -= OnProcessEnd;
        AppDomain.CurrentDomain.UnhandledException -= OnProcessEnd;
        stop.Dispose();
    }

    /// <summary>On a thread of the core; returns when the bytes are out, which is the backpressure.</summary>
    private void Show(ReadOnlyMemory<byte> bytes)
    {
        if (isOutputGone)
        {
            return;
        }

        try
        {
            Descriptor.WriteAll(Descriptor.Output, bytes.Span);
        }
        catch (PosixException)
        {
            // Whoever read our output has gone; the guest runs on, as it would with nobody at the serial line.
            isOutputGone = true;
        }
    }

    private void Say(string message) => Show(Encoding.UTF8.GetBytes($"\r\n[hv] {message}\r\n"));

    private void ReadInput(CancellationToken cancel)
    {
        byte[] buffer = new byte[4096];
        var parser = new EscapeParser();
        var forGuest = new List<byte>();
        try
        {
            while (Descriptor.WaitReadable(Descriptor.Input, stop))
            {
                int count = Descriptor.Read(Descriptor.Input, buffer);
                if (count == 0)
                {
                    return;
                }

                if (raw is null)
                {
                    // Not a terminal: bytes are bytes, an escape would make a binary stream impossible.
                    Send(buffer.AsMemory(0, count), cancel);
                    continue;
                }

                for (int taken = 0; taken < count;)
                {
                    forGuest.Clear();
                    taken += parser.Next(buffer.AsSpan(taken, count - taken), forGuest, out EscapeCommand command);
                    Send(forGuest.ToArray(), cancel);
                    Obey(command);
                }
            }
        }
        catch (Exception e) when (e is PosixException or OperationCanceledException)
        {
            // Input that cannot be read is input that has ended.
        }
    }

    private void Send(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        if (bytes.Length > 0)
        {
            console.SendAsync(bytes, cancel).AsTask().GetAwaiter().GetResult();
        }
    }

    private void Obey(EscapeCommand command)
    {
        switch (command)
        {
            case EscapeCommand.Quit:
                Say("quit");
                machine.Quit(EndReason.Quit, "the user quit at the terminal (Ctrl-] q)");
                break;
            case EscapeCommand.Pause when machine.State == MachineState.Paused:
                machine.ResumeAsync().GetAwaiter().GetResult();
                Say("running");
                break;
            case EscapeCommand.Pause:
                machine.PauseAsync().GetAwaiter().GetResult();
                Say("paused: Ctrl-] p goes on");
                break;
            case EscapeCommand.Reset:
                Say("reset");
                machine.ResetAsync().GetAwaiter().GetResult();
                break;
            case EscapeCommand.Save:
                Save();
                break;
            case EscapeCommand.Help:
                Say(Keys);
                break;
        }
    }

    private void Save()
    {
        string file = options.SaveFile ?? TerminalOptions.UsualSaveFile;
        try
        {
            machine.SaveAsync(file).GetAwaiter().GetResult();
            Say($"saved to {file}; hv run --restore {file} goes on from here");
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            Say($"not saved: {e.Message}");
        }
    }

    private void PassWindowSize()
    {
        if (Sdk.Posix.Terminal.Size(Descriptor.Input) is { } size)
        {
            console.Resize(size.Columns, size.Rows);
        }
    }

    private void StopWithTerminalRestored(PosixSignalContext context)
    {
        context.Cancel = true;
        raw!.Suspend();
        Sdk.Posix.Terminal.StopProcess();
    }

    private void ContinueInRawMode(PosixSignalContext context)
    {
        // What the runtime would do by itself is to put back the mode that it found when it started.
        context.Cancel = true;
        raw!.Resume();
        PassWindowSize();
    }

    private void OnProcessEnd(object? sender, EventArgs e) => raw?.Dispose();
}
