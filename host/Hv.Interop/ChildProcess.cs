using System.Collections;
using System.Runtime.InteropServices;
using System.Text;

namespace Hv.Interop;

/// <summary>A child process that shares this one's terminal, process group and standard streams. Linux and
/// macOS.</summary>
public sealed unsafe partial class ChildProcess
{
    private const int InterruptedCall = 4;
    private const int ReportStops = 2;
    private const int Stopped = 0x7F;
    private static readonly int StopNow = OperatingSystem.IsMacOS() ? 17 : 19;

    private readonly int id;

    private ChildProcess(int id) => this.id = id;

    /// <summary>How a child ended.</summary>
    /// <param name="ExitCode">What it returned; meaningless when a signal killed it.</param>
    /// <param name="Signal">The signal that killed it; 0 when it returned.</param>
    public readonly record struct End(int ExitCode, int Signal);

    /// <summary>Starts a program.</summary>
    /// <param name="path">The executable.</param>
    /// <param name="arguments">What it gets as arguments, without its own name.</param>
    /// <param name="variables">Added to this process's environment.</param>
    /// <param name="descriptors">Pairs of a descriptor here and the number under which the child gets it.</param>
    /// <exception cref="IOException">It cannot be started.</exception>
    public static ChildProcess Start(
        string path, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> variables,
        IReadOnlyList<(int Here, int There)> descriptors)
    {
        using var argv = new TextArray([path, .. arguments]);
        using var environment = new TextArray(EnvironmentWith(variables));
        // SAFETY: the actions are initialised before and destroyed after use, in a buffer larger than any C library's;
        // the arrays live until the call returns, which copies them.
        byte* actions = stackalloc byte[256];
        if (InitActions(actions) != 0) throw new IOException("posix_spawn_file_actions_init failed");
        try
        {
            foreach ((int here, int there) in descriptors) _ = AddDuplicate(actions, here, there);
            int error = Spawn(out int id, path, actions, null, argv.Pointer, environment.Pointer);
            return error == 0 ? new ChildProcess(id)
                : throw new IOException($"cannot start {path}: {Marshal.GetPInvokeErrorMessage(error)}");
        }
        finally
        {
            _ = DestroyActions(actions);
        }
    }

    /// <summary>Sends it a signal, by the system's number. Any thread, until <see cref="Wait"/> has returned.</summary>
    public void Signal(int number) => _ = Kill(id, number);

    /// <summary>Waits until it ends; stops this process whenever it is stopped, as its shell expects of a job.
    /// Once.</summary>
    public End Wait()
    {
        while (true)
        {
            if (WaitFor(id, out int status, ReportStops) < 0)
            {
                if (Marshal.GetLastPInvokeError() == InterruptedCall) continue;
                throw new IOException("waitpid failed");
            }
            int signal = status & 0x7F;
            if (signal != Stopped) return new End(signal == 0 ? status >> 8 & 0xFF : -1, signal);
            _ = Kill(Environment.ProcessId, StopNow);
        }
    }

    private static List<string> EnvironmentWith(IReadOnlyDictionary<string, string> variables)
    {
        List<string> all = [.. variables.Select(v => $"{v.Key}={v.Value}")];
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            if (!variables.ContainsKey((string)entry.Key)) all.Add($"{entry.Key}={entry.Value}");
        }
        return all;
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Spawn(out int id, string path, byte* actions, void* attributes, byte** argv,
        byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int InitActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDuplicate(byte* actions, int fd, int newFd);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int DestroyActions(byte* actions);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitFor(int id, out int status, int options);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int id, int signal);

    /// <summary>A null-terminated array of C strings.</summary>
    private sealed class TextArray : IDisposable
    {
        private readonly int count;

        public TextArray(IReadOnlyList<string> texts)
        {
            count = texts.Count;
            // SAFETY: one pointer a text and the null behind them; each text is allocated with its own null. Freed
            // once, in Dispose.
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(count + 1), (nuint)sizeof(byte*));
            for (int i = 0; i < count; i++)
            {
                byte[] bytes = Encoding.UTF8.GetBytes(texts[i]);
                Pointer[i] = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
                bytes.CopyTo(new Span<byte>(Pointer[i], bytes.Length));
            }
        }

        public byte** Pointer { get; }

        public void Dispose()
        {
            for (int i = 0; i < count; i++) NativeMemory.Free(Pointer[i]);
            NativeMemory.Free(Pointer);
        }
    }
}
