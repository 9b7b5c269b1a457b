using Hv.Sdk.Registers;

namespace Hv.Input.I8042;

/// <summary>The PS/2 mouse on the controller's auxiliary port (PS/2 Hardware Interface Technical Reference, Mouse),
/// with the wheel that the sample rates 200, 100, 80 turn on.</summary>
// Deviation: sample rate and resolution are kept but have no effect: motion is reported as soon as the queue has room.
internal sealed class Mouse
{
    private const int LargestPacket = 4;
    private const int LargestMotion = 255;
    private const ushort WheelKnock = 200 << 8 | 100;

    public MouseState State { get; set; } = new();

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

    public void Move(int right, int down, int wheel, byte buttons)
    {
        State.Right = Add(State.Right, right);
        State.Up = Add(State.Up, -(long)down);
        State.Wheel = (sbyte)Math.Clamp(State.Wheel + (long)wheel, -8, 7);
        State.Buttons = (byte)(buttons & 7);
        if (State.IsReporting && !State.IsRemote && !State.IsWrapping
            && Output.Count + LargestPacket < ByteFifo.Capacity) Report();
    }

    private static short Add(short sum, long more) => (short)Math.Clamp(sum + more, -LargestMotion, LargestMotion);

    private void Report()
    {
        int signs = (State.Right < 0 ? 0x10 : 0) | (State.Up < 0 ? 0x20 : 0);
        Send((byte)(0x08 | State.Buttons | signs));
        Send((byte)State.Right);
        Send((byte)State.Up);
        if (State.HasWheel) Send((byte)State.Wheel);
        Forget();
    }

    private void Forget()
    {
        State.Right = State.Up = 0;
        State.Wheel = 0;
    }

    public void Command(byte value)
    {
        byte pending = State.PendingCommand;
        State.PendingCommand = 0;
        if (pending != 0)
        {
            Argument(pending, value);
            return;
        }
        // In wrap mode everything comes back but reset and the end of the mode.
        if (State.IsWrapping && value is not (0xec or 0xff))
        {
            Send(value);
            return;
        }
        Execute(value);
    }

    private void Argument(byte command, byte value)
    {
        if (command == 0xe8)
        {
            State.Resolution = (byte)(value & 3);
        }
        else
        {
            if (State.EarlierRates == WheelKnock && value == 80) State.HasWheel = true;
            State.EarlierRates = (ushort)(State.EarlierRates << 8 | value);
            State.SampleRate = value;
        }
        Send(Reply.Acknowledge);
    }

    private void Execute(byte command)
    {
        if (command is < 0xe6 or 0xed or 0xef or 0xf1 or (> 0xf6 and < 0xfe))
        {
            Send(Reply.Resend);
            return;
        }
        if (command == 0xfe)
        {
            Send(State.LastSent);
            return;
        }
        Output.Clear();
        Send(Reply.Acknowledge);
        switch (command)
        {
            case 0xe6: State.IsScaled = false; break;
            case 0xe7: State.IsScaled = true; break;
            case 0xe8 or 0xf3: State.PendingCommand = command; break;
            case 0xe9: SendStatus(); break;
            case 0xea: State.IsRemote = false; break;
            case 0xeb: Report(); break;
            case 0xec: State.IsWrapping = false; break;
            case 0xee: State.IsWrapping = true; break;
            case 0xf0: State.IsRemote = true; break;
            case 0xf2: Send(State.HasWheel ? (byte)3 : (byte)0); break;
            case 0xf4: State.IsReporting = true; break;
            case 0xf5: State.IsReporting = false; break;
            case 0xf6: SetDefaults(); break;
            case 0xff:
                SetDefaults();
                State.HasWheel = false;
                Send(Reply.SelfTestPassed);
                Send(0);
                break;
        }
    }

    private void SendStatus()
    {
        int buttons = (State.Buttons & 1) << 2 | (State.Buttons & 2) >> 1 | (State.Buttons & 4) >> 1;
        Send((byte)(buttons | (State.IsScaled ? 0x10 : 0) | (State.IsReporting ? 0x20 : 0)
            | (State.IsRemote ? 0x40 : 0)));
        Send(State.Resolution);
        Send(State.SampleRate);
    }

    private void SetDefaults()
    {
        State.IsReporting = State.IsRemote = State.IsWrapping = State.IsScaled = false;
        State.Resolution = 2;
        State.SampleRate = 100;
        State.EarlierRates = 0;
        Forget();
    }
}
