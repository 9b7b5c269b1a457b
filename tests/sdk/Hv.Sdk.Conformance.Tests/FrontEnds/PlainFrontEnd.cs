using System.Threading.Channels;
using Hv.Sdk.Management;
using Hv.Sdk.Posix;

namespace Hv.Sdk.Conformance.Tests.FrontEnds;

/// <summary>A front-end to put mistakes into: standard input and output, and on a terminal Ctrl-A with q, p, r or
/// s.</summary>
[FrontEndAttribute("plain", Title = "Standard input and output")]
public sealed class PlainFrontEnd : IFrontEnd
{
    private const byte Escape = 1;

    public OptionSchema Options { get; } =
        new([new OptionInfo { Name = "flaw", Type = OptionType.Text, Summary = "the mistake", Default = "None" }]);

    public async Task RunAsync(IMachine machine, OptionValues options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(options);
        FrontEndFlaw flaw = Enum.Parse<FrontEndFlaw>(options.Text("flaw")!);
        if (machine.Console is null && flaw == FrontEndFlaw.NeedsAConsole) throw new InvalidOperationException(
            "no console");
        if (machine.Outcome is not null && flaw == FrontEndFlaw.WaitsForAnEndThatWas) await Task.Delay(-1, cancel);
        bool isTerminal = Terminal.IsTerminal(Descriptor.Input);
        RawMode? raw = isTerminal && flaw != FrontEndFlaw.StaysCooked ? RawMode.Enter(Descriptor.Input) : null;
        try
        {
            if (machine.Console is { } console) Attach(machine, console, isTerminal, flaw);
            if (flaw == FrontEndFlaw.ReturnsEarly) return;
            await (flaw == FrontEndFlaw.MissesTheEnd ? Task.Delay(-1, cancel) : machine.Completion.WaitAsync(cancel));
        }
        catch (OperationCanceledException)
        {
            if (flaw == FrontEndFlaw.QuitsWhenCancelled) machine.Quit(EndReason.Quit, "cancelled");
        }
        finally
        {
            if (flaw != FrontEndFlaw.LeavesTheTerminalRaw) raw?.Dispose();
        }
    }

    private static void Attach(IMachine machine, IConsole console, bool isTerminal, FrontEndFlaw flaw)
    {
        Channel<byte[]> queue = Channel.CreateUnbounded<byte[]>();
        if (flaw == FrontEndFlaw.QueuesOutput) new Thread(
            () => ShowQueued(queue.Reader)) { IsBackground = true }.Start();
        int pieces = 0;
        console.Listen(bytes =>
        {
            if (flaw == FrontEndFlaw.DropsOutput && ++pieces % 7 == 0) return;
            if (flaw == FrontEndFlaw.QueuesOutput) _ = queue.Writer.TryWrite(bytes.ToArray());
            else Descriptor.WriteAll(Descriptor.Output, bytes.Span);
        });
        if (flaw != FrontEndFlaw.IgnoresTheSize && Terminal.Size(Descriptor.Input) is { } size) console.Resize(
            size.Columns, size.Rows);
        new Thread(() => ReadInput(machine, console, isTerminal, flaw)) { IsBackground = true }.Start();
    }

    private static void ShowQueued(ChannelReader<byte[]> queue)
    {
        while (queue.WaitToReadAsync().AsTask().Result)
        {
            if (queue.TryRead(out byte[]? bytes)) Descriptor.WriteAll(Descriptor.Output, bytes);
        }
    }

    private static void ReadInput(IMachine machine, IConsole console, bool isTerminal, FrontEndFlaw flaw)
    {
        byte[] one = new byte[1];
        bool isEscaped = false;
        while (Descriptor.Read(Descriptor.Input, one) == 1)
        {
            if (isEscaped)
            {
                isEscaped = false;
                Obey(machine, one[0], flaw);
            }
            else if (isTerminal && one[0] == Escape)
            {
                isEscaped = true;
            }
            else
            {
                if (flaw == FrontEndFlaw.HasSevenBits) one[0] &= 0x7f;
                _ = console.SendAsync(one, CancellationToken.None);
            }
        }
    }

    private static void Obey(IMachine machine, byte key, FrontEndFlaw flaw)
    {
        switch ((char)key)
        {
            case 'q': machine.Quit(EndReason.Quit, "the user quit"); break;
            case 'p' when machine.State == MachineState.Paused && flaw != FrontEndFlaw.NeverResumes:
                machine.ResumeAsync().Wait();
                break;
            case 'p': machine.PauseAsync().Wait(); break;
            case 'r': machine.ResetAsync().Wait(); break;
            case 's': Save(machine, flaw); break;
        }
    }

    private static void Save(IMachine machine, FrontEndFlaw flaw)
    {
        try
        {
            machine.SaveAsync("machine.hvsave").Wait();
        }
        catch (InvalidOperationException) when (flaw != FrontEndFlaw.DiesOfAFailedSave)
        {
            Descriptor.WriteAll(Descriptor.Output, "not saved"u8);
        }
    }
}

/// <summary>Has no name.</summary>
public sealed class NamelessFrontEnd : IFrontEnd
{
    public OptionSchema Options => OptionSchema.Empty;
    public Task RunAsync(IMachine machine, OptionValues options, CancellationToken cancel) => Task.CompletedTask;
}
