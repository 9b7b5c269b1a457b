using System.Text;
using System.Text.RegularExpressions;
using Hv.Sdk.Management;

namespace Hv.Testing;

/// <summary>The person's side of a VM's serial line. Any thread; one reader.</summary>
public sealed class SerialLine
{
    private const int TailLength = 4000;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    private readonly Vm vm;
    private readonly IConsole? console;
    private readonly TimeSpan patience;
    private readonly Lock gate = new();
    private readonly StringBuilder text = new();
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private TaskCompletionSource changed = NewSignal();
    private int seen;

    internal SerialLine(Vm vm, IConsole? console, TimeSpan patience)
    {
        this.vm = vm;
        this.console = console;
        this.patience = patience;
        console?.Listen(Receive);
    }

    /// <summary>Everything that the guest has written so far, decoded as UTF-8.</summary>
    public string Text
    {
        get
        {
            lock (gate) return text.ToString();
        }
    }

    /// <summary>The last of it.</summary>
    internal string Tail
    {
        get
        {
            string all = Text;
            return all.Length > TailLength ? all[^TailLength..] : all;
        }
    }

    /// <summary>Waits until the guest has written this text, after what was expected before.</summary>
    /// <exception cref="VmTestException">The VM ended, or the time passed; shows what the guest wrote
    /// instead.</exception>
    public Task<string> Expect(string expected, TimeSpan? within = null) =>
        ExpectMatch(Regex.Escape(expected), within).ContinueWith(
        m => m.GetAwaiter().GetResult().Value, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);

    /// <summary>Waits until the guest has written something that matches, after what was expected before. <c>^</c> and
    /// <c>$</c> match at lines.</summary>
    /// <param name="pattern">A regular expression.</param>
    /// <param name="within">Virtual time that may pass; null leaves the limit to the setup's patience.</param>
    /// <exception cref="VmTestException">The VM ended, or the time passed; shows what the guest wrote
    /// instead.</exception>
    public async Task<Match> ExpectMatch(string pattern, TimeSpan? within = null)
    {
        Regex regex = new(pattern, RegexOptions.Multiline);
        TimeSpan? deadline = vm.Now + within;
        using CancellationTokenSource limit = new(patience);
        while (true)
        {
            bool hasEnded = vm.Completion.IsCompleted;
            Task next;
            lock (gate)
            {
                Match match = regex.Match(text.ToString(), seen);
                if (match.Success)
                {
                    seen = match.Index + match.Length;
                    return match;
                }

                next = changed.Task;
            }

            if (hasEnded)
            {
                throw vm.Failure($"the VM ended ({vm.Outcome!.Message}) before /{pattern}/ came");
            }

            if (vm.Now > deadline)
            {
                throw vm.Failure($"/{pattern}/ did not come within {within} of virtual time");
            }

            if (limit.IsCancellationRequested)
            {
                throw vm.Failure($"/{pattern}/ did not come within {patience} of host time");
            }

            await Task.WhenAny(next, vm.Completion, Task.Delay(LookAgain)).ConfigureAwait(false);
        }
    }

    /// <summary>Sends text as it is.</summary>
    public async Task Send(string what)
    {
        if (console is null)
        {
            throw new VmTestException(
                "the VM has no serial line for tests: do not set its serial to anything else than stdio");
        }

        using CancellationTokenSource limit = new(patience);
        try
        {
            await console.SendAsync(Encoding.UTF8.GetBytes(what), limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw vm.Failure($"the guest did not take what was sent within {patience} of host time");
        }
    }

    /// <summary>Sends a line, as the Enter key ends it.</summary>
    public Task SendLine(string line) => Send(line + "\r");

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Receive(ReadOnlyMemory<byte> bytes)
    {
        TaskCompletionSource done;
        lock (gate)
        {
            char[] characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            int count = decoder.GetChars(bytes.Span, characters, flush: false);
            text.Append(characters, 0, count);
            done = changed;
            changed = NewSignal();
        }

        done.SetResult();
    }
}
