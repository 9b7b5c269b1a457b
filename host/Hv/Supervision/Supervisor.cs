using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text.Json;
using Hv.Interop;
using Hv.Sdk.Management;

namespace Hv.Supervision;

/// <summary>The process that the user started: it runs the machine in a child and stays behind, so that a plugin that
/// overflows its stack, fails fast or corrupts memory, and with it ends its process at once, still gives the exit code
/// 4, a message that names it, the result file and the terminal as it was. Linux; elsewhere the machine runs in the
/// first process and such an end has the code that the system gives it.</summary>
internal static class Supervisor
{
    /// <summary>Set to anything: run the machine in this process, for debuggers that do not follow children.</summary>
    private const string OptOut = "HV_UNSUPERVISED";

    private const int Hangup = 1;
    private const int Interrupt = 2;
    private const int Quit = 3;
    private const int Kill = 9;
    private const int Terminate = 15;
    private const int Continue = 18;
    private const int StopFromTerminal = 20;
    private const int SignalledExitCode = 128;

    /// <summary>Whether these arguments ask for a machine, and this process is the one to supervise it.</summary>
    [SupportedOSPlatformGuard("linux")]
    public static bool IsNeeded(string[] args) =>
        OperatingSystem.IsLinux() && args.TakeWhile(a => a != "--").Contains("run") && !SupervisedProcess.IsOne
        && !System.Diagnostics.Debugger.IsAttached && Environment.GetEnvironmentVariable(OptOut) is null;

    /// <summary>Runs the same command in a child and gives its exit code.</summary>
    [SupportedOSPlatform("linux")]
    public static int Run(string[] args)
    {
        using var record = new CrashRecord();
        using var control = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.None);
        using var terminal = new TerminalMode();
        (string program, string[] prefix) = Program();
        ChildProcess child = ChildProcess.Start(
            program, [.. prefix, .. args], SupervisedProcess.Variables,
            [
                (record.FileDescriptor, SupervisedProcess.RecordDescriptor),
                ((int)control.ClientSafePipeHandle.DangerousGetHandle(), SupervisedProcess.ControlDescriptor),
            ]);
        control.DisposeLocalCopyOfClientHandle();

        PosixSignalRegistration[] registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => Pass(c, Terminate)),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, c => Pass(c, Interrupt)),
            PosixSignalRegistration.Create(PosixSignal.SIGQUIT, c => Pass(c, Quit)),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, c => Pass(c, Hangup)),

            // The child stops when it has put the terminal back, and this process follows it (ChildProcess.Wait).
            PosixSignalRegistration.Create(PosixSignal.SIGTSTP, c => PassDirectly(c, StopFromTerminal)),
            PosixSignalRegistration.Create(PosixSignal.SIGCONT, c => PassDirectly(c, Continue)),
        ];
        ChildProcess.End end = child.Wait();
        foreach (PosixSignalRegistration registration in registrations)
        {
            registration.Dispose();
        }

        if (end.Signal == 0 && record.IsComplete)
        {
            return end.ExitCode;
        }

        terminal.RestoreAfterOther();
        return end.Signal is Hangup or Interrupt or Quit or Terminate
            ? SignalledExitCode + end.Signal
            : ReportDeath(record, end);

        void PassDirectly(PosixSignalContext context, int signal)
        {
            context.Cancel = true;
            child.Signal(signal);
        }

        void Pass(PosixSignalContext context, int signal)
        {
            if (!record.IsListening)
            {
                PassDirectly(context, signal);
                return;
            }

            context.Cancel = true;

            try
            {
                control.WriteByte((byte)signal);
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }
    }

    /// <summary>The program that this process runs, and what stands before our own arguments when that is the dotnet
    /// host.</summary>
    private static (string Program, string[] Prefix) Program()
    {
        string program = Environment.ProcessPath
            ?? throw new IOException("the executable of this process is not known");
        return Path.GetFileName(program) == "dotnet" ? (program, [Environment.GetCommandLineArgs()[0]]) : (program, []);
    }

    private static int ReportDeath(CrashRecord record, ChildProcess.End end)
    {
        RunFacts facts = RunFacts.Parse(record.Facts);
        IReadOnlyList<string> underway = record.Underway();
        string cause = end.Signal switch
        {
            0 => $"was ended from within by a call that exits with {end.ExitCode}",
            Kill => "was killed (signal 9), by hand or because the host ran out of memory",
            _ => $"died of signal {end.Signal} ({Name(end.Signal)}); what the runtime said about it stands above",
        };
        string culprit = underway.Count == 0
            ? "no callback of a plugin was underway" : $"underway: {string.Join(", ", underway)}";
        string message = $"the process of the VM '{facts.Name}' {cause}; {culprit}";
        if (facts.ResultFile is { } file)
        {
            using FileStream stream = File.Create(file);
            JsonOutput.Write(stream, json => Write(json, facts, message, end.Signal, underway));
        }

        if (facts.IsJson)
        {
            JsonOutput.Write(StandardStreams.Error, json => Write(json, facts, message, end.Signal, underway));
        }
        else
        {
            Console.Error.WriteLine($"hv: {message}");
        }

        return ExitCodes.HostFailure;
    }

    private static void Write(
        Utf8JsonWriter json, RunFacts facts, string message, int signal, IReadOnlyList<string> underway)
    {
        json.WriteStartObject();
        json.WriteString("vm", facts.Name);
        json.WriteString("reason", JsonNamingPolicy.KebabCaseLower.ConvertName(nameof(EndReason.HostFailure)));
        json.WriteString("message", message);
        json.WriteNumber("exitCode", ExitCodes.HostFailure);
        json.WriteNumber("signal", signal);
        json.WriteStartArray("underway");
        foreach (string name in underway)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Name(int signal) => signal switch
    {
        4 => "SIGILL",
        6 => "SIGABRT: a stack overflow, FailFast or an unhandled exception",
        7 => "SIGBUS",
        8 => "SIGFPE",
        11 => "SIGSEGV",
        _ => "unexpected",
    };
}
