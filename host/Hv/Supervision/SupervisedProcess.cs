using System.Globalization;
using System.IO.Pipes;
using Hv.Interop;
using Hv.Vmm.Supervision;
using Microsoft.Win32.SafeHandles;

namespace Hv.Supervision;

/// <summary>The child's side: the record that outlives it, and the signals that its supervisor passes on. Signals come
/// by a pipe because a terminal or timeout(1) sends them to the whole process group: each would count twice.</summary>
internal sealed class SupervisedProcess
{
    /// <summary>Where the child finds the record.</summary>
    public const int RecordDescriptor = 198;
    /// <summary>Where the child finds the pipe, a signal's number a byte.</summary>
    public const int ControlDescriptor = 199;

    private const string Variable = "HV_SUPERVISOR";

    private readonly CrashRecord record;

    // The record is never disposed of: it has to stay for as long as any thread of this process runs.
    private SupervisedProcess(CrashRecord record) => this.record = record;

    /// <summary>What tells a child that it is one.</summary>
    public static IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string>
    {
        [Variable] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Whether this process is a supervised one.</summary>
    public static bool IsOne => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>This process's side; null when nobody supervises it. Once, before other threads start
    /// processes.</summary>
    public static SupervisedProcess? Adopt()
    {
        if (!IsOne)
        {
            return null;
        }

        Environment.SetEnvironmentVariable(Variable, null);
        try
        {
            CrashRecord record = CrashRecord.Adopt(RecordDescriptor);
            CallRecord.KeepIn(record);
            return new SupervisedProcess(record);
        }
        catch (IOException)
        {
            return null; // the variable was inherited from somewhere else
        }
    }

    /// <summary>The command has come to its end, well or badly: the exit code is meant.</summary>
    public void Complete() => record.IsComplete = true;

    /// <summary>Says what to report if this process dies.</summary>
    public void Describe(RunFacts facts) => record.Facts = facts.Format();

    /// <summary>From here on the supervisor's signals arrive at <paramref name="signalled"/>, on a thread of its own,
    /// and its death at <paramref name="orphaned"/>.</summary>
    public void Listen(Action<int> signalled, Action orphaned)
    {
        var thread = new Thread(Read) { IsBackground = true, Name = "supervisor's signals" };
        thread.Start();
        record.IsListening = true;

        void Read()
        {
            using var pipe = new AnonymousPipeClientStream(
                PipeDirection.In, new SafePipeHandle(ControlDescriptor, ownsHandle: true));
            while (pipe.ReadByte() is var signal and >= 0)
            {
                signalled(signal);
            }

            orphaned();
        }
    }
}
