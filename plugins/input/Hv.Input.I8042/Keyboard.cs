using Hv.Sdk.Registers;

namespace Hv.Input.I8042;

/// <summary>The PS/2 keyboard on the controller's first port (PS/2 Hardware Interface Technical Reference,
/// Keyboards).</summary>
// Deviation: scan code set 3 is refused. Repetition comes from the front-end, so the typematic rate has no effect.
internal sealed class Keyboard
{
    /// <summary>Room kept for answers when keys fill the queue.</summary>
    private const int ReservedForAnswers = 4;

    public KeyboardState State { get; set; } = new();

    private ByteFifo Output => State.Output;

    /// <summary>Takes the oldest byte for the controller.</summary>
    public bool TryTake(out byte value)
    {
        bool any = !Output.IsEmpty;
        value = Output.Pop();
        if (any) State.LastSent = value;
        return any;
    }

    private void Send(byte value) => _ = Output.TryPush(value);

    // --- keys ---

    public void Key(ushort usage, bool isDown)
    {
        if (!State.IsScanning) return;
        if (ScanCodes.IsPause(usage))
        {
            if (isDown) SendKey(State.ScanCodeSet == 1 ? ScanCodes.PauseSet1 : ScanCodes.PauseSet2);
            return;
        }
        ushort code = ScanCodes.FromUsage(usage);
        if (code == 0) return;
        Span<byte> bytes = stackalloc byte[3];
        int n = 0;
        if ((code & ScanCodes.ExtendedMark) != 0) bytes[n++] = ScanCodes.Extended;
        if (State.ScanCodeSet == 1)
        {
            bytes[n++] = (byte)(ScanCodes.Translate((byte)code) | (isDown ? 0 : ScanCodes.BreakBit));
        }
        else
        {
            if (!isDown) bytes[n++] = ScanCodes.Break;
            bytes[n++] = (byte)code;
        }
        SendKey(bytes[..n]);
    }

    private void SendKey(ReadOnlySpan<byte> bytes)
    {
        // A key is sent whole or not at all.
        if (Output.Count + bytes.Length > ByteFifo.Capacity - ReservedForAnswers) return;
        foreach (byte b in bytes) Send(b);
    }

    // --- commands ---

    public void Command(byte value)
    {
        byte pending = State.PendingCommand;
        State.PendingCommand = 0;
        // Bit 7 ends a command that waits for an argument: this is the next command.
        if (pending != 0 && value < 0x80) Argument(pending, value);
        else Execute(value);
    }

    private void Argument(byte command, byte value)
    {
        switch (command)
        {
            case 0xed: State.Leds = (byte)(value & 7); break;
            case 0xf3: State.Typematic = value; break;
            case 0xf0 when value == 0:
                Send(Reply.Acknowledge);
                Send(State.ScanCodeSet);
                return;
            case 0xf0 when value is 1 or 2:
                State.ScanCodeSet = value;
                break;
            case 0xf0:
                Send(Reply.Resend);
                return;
        }
        Send(Reply.Acknowledge);
    }

    private void Execute(byte command)
    {
        switch (command)
        {
            case 0xed or 0xf0 or 0xf3:
                State.PendingCommand = command;
                Send(Reply.Acknowledge);
                break;
            case 0xee: Send(Reply.Echo); break;
            case 0xf2:
                // The answer of a 101-key keyboard.
                Send(Reply.Acknowledge);
                Send(0xab);
                Send(0x83);
                break;
            case 0xf4: Restart(isScanning: true); break;
            case 0xf5: SetDefaults(isScanning: false); break;
            case 0xf6: SetDefaults(isScanning: true); break;
            // Per-key settings belong to set 3: accepted, without effect.
            case >= 0xf7 and <= 0xfa: Send(Reply.Acknowledge); break;
            case 0xfe: Send(State.LastSent); break;
            case 0xff:
                SetDefaults(isScanning: true);
                Send(Reply.SelfTestPassed);
                break;
            default: Send(Reply.Resend); break;
        }
    }

    private void Restart(bool isScanning)
    {
        Output.Clear();
        State.IsScanning = isScanning;
        Send(Reply.Acknowledge);
    }

    private void SetDefaults(bool isScanning)
    {
        State.ScanCodeSet = 2;
        State.Leds = 0;
        State.Typematic = 0x2b;
        Restart(isScanning);
    }
}
