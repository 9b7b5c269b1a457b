using System.Net.Sockets;
using System.Reflection;
using Hv.Sdk.Management;
using Hv.Sdk.TestKit;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Time;

namespace Hv.Sdk.Conformance.FrontEnd;

/// <summary>A machine whose every event comes from the suite and whose every command goes there, a line each.</summary>
internal sealed class Stage : IMachine, IConsole, IDisposable
{
    private readonly StreamReader commands;
    private readonly StreamWriter events;
    private readonly Lock gate = new();
    private readonly TaskCompletionSource<MachineOutcome> completion =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource cancel = new();
    private readonly bool hasConsole;
    private Action<ReadOnlyMemory<byte>>? shown;
    private bool savesFail;

    public Stage(TcpClient client, bool hasConsole, bool hasEnded)
    {
        commands = new StreamReader(client.GetStream());
        events = new StreamWriter(client.GetStream()) { AutoFlush = true };
        this.hasConsole = hasConsole;
        if (hasEnded) End(EndReason.PowerOff);
    }

    public string Name => "stage";
    public MachineState State { get; private set; } = MachineState.Running;
    public MachineOutcome? Outcome { get; private set; }
    public IVmClock Clock { get; } = new BenchClock(0);
    public Task<MachineOutcome> Completion => completion.Task;
    public IConsole? Console => hasConsole ? this : null;

    public async Task RunAsync(string assembly, string type, string[] options)
    {
        IFrontEnd frontEnd =
            (IFrontEnd)Activator.CreateInstance(Assembly.LoadFrom(assembly).GetType(type, throwOnError: true)!)!;
        OptionValues values =
            OptionTexts.Bind(frontEnd.Options, options.ToDictionary(o => o.Split('=', 2)[0], o => o.Split('=', 2)[1]));
        new Thread(Obey) { IsBackground = true, Name = "suite" }.Start();
        Tell("started");
        try
        {
            await frontEnd.RunAsync(this, values, cancel.Token).ConfigureAwait(false);
            Tell("returned");
        }
        catch (Exception e)
        {
            Tell($"threw {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    private void Obey()
    {
        while (commands.ReadLine() is { } line)
        {
            string[] words = line.Split(' ', 2);
            switch (words[0])
            {
                case "output":
                    shown!(Convert.FromHexString(words[1]));
                    Tell("shown");
                    break;
                case "end": End(Enum.Parse<EndReason>(words[1])); break;
                case "cancel": cancel.Cancel(); break;
                case "saves-fail":
                    savesFail = true;
                    Tell("saves-fail");
                    break;
            }
        }

        // The suite has gone: nobody is left to end the front-end.
        Environment.Exit(1);
    }

    private void End(EndReason reason)
    {
        State = MachineState.Stopped;
        Outcome = new MachineOutcome { Reason = reason, Message = $"ended: {reason}", ExitCode = 0 };
        completion.TrySetResult(Outcome);
    }

    private void Tell(string line)
    {
        lock (gate) events.WriteLine(line);
    }

    private Task Told(string line)
    {
        Tell(line);
        return Task.CompletedTask;
    }

    public Task PauseAsync()
    {
        State = MachineState.Paused;
        return Told("pause");
    }

    public Task ResumeAsync()
    {
        State = MachineState.Running;
        return Told("resume");
    }

    public Task ResetAsync() => Told("reset");
    public void PressPowerButton() => Tell("power-button");
    public Task SaveAsync(string path) =>
        savesFail ? throw new InvalidOperationException("'disk0' cannot be saved") : Told($"save {path}");

    public void Quit(EndReason reason, string message)
    {
        Tell($"quit {reason}");
        End(reason);
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        Tell($"sent {Convert.ToHexString(bytes.Span)}");
        return ValueTask.CompletedTask;
    }

    public void Listen(Action<ReadOnlyMemory<byte>> shown)
    {
        this.shown = shown;
        Tell("listening");
    }

    public void Resize(int columns, int rows) => Tell($"resize {columns} {rows}");

    public void Dispose()
    {
        cancel.Dispose();
        events.Dispose();
        commands.Dispose();
    }
}
