using Hv.Sdk.Registers;
using Hv.Sdk.State;

namespace Hv.Input.I8042;

/// <summary>Where the byte in the output buffer came from.</summary>
public enum OutputSource : byte
{
    /// <summary>The buffer is empty.</summary>
    None,
    /// <summary>The keyboard or the controller.</summary>
    Keyboard,
    /// <summary>The auxiliary device.</summary>
    Auxiliary,
}

/// <summary>Everything a guest can observe or change in controller, keyboard and mouse. Interrupts are
/// derived.</summary>
[DeviceState("i8042", 1)]
public sealed partial class I8042State
{
    /// <summary>The controller's memory; byte 0 is the command byte.</summary>
    [Field(1)] public readonly byte[] Memory = new byte[32];
    [Field(2)] public byte OutputBuffer;
    [Field(3, Maximum = (ulong)OutputSource.Auxiliary)] public OutputSource OutputSource;
    /// <summary>The command whose argument the data port takes next; 0 when there is none.</summary>
    [Field(4)] public byte PendingCommand;
    [Field(5)] public bool LastWasCommand;
    [Field(6)] public bool IsA20Enabled = true;
    /// <summary>Translation saw the break prefix: the next code is a key going up.</summary>
    [Field(7)] public bool TranslatesBreak;
    /// <summary>The controller's own answers.</summary>
    [Field(8)] public ByteFifo Replies = new();
    /// <summary>Bytes that software put into the auxiliary output buffer.</summary>
    [Field(9)] public ByteFifo AuxiliaryReplies = new();
    [Field(10)] public KeyboardState Keyboard = new();
    [Field(11)] public MouseState Mouse = new();
}

/// <summary>The keyboard.</summary>
[DeviceState("ps2-keyboard", 1)]
public sealed partial class KeyboardState
{
    /// <summary>Bytes that the controller has not taken.</summary>
    [Field(1)] public ByteFifo Output = new();
    /// <summary>Scan code set: 1 or 2.</summary>
    [Field(2, Maximum = 2)] public byte ScanCodeSet = 2;
    [Field(3)] public bool IsScanning = true;
    /// <summary>The command whose argument comes next; 0 when there is none.</summary>
    [Field(4)] public byte PendingCommand;
    [Field(5)] public byte Leds;
    [Field(6)] public byte Typematic = 0x2b;
    [Field(7)] public byte LastSent;
}

/// <summary>The mouse.</summary>
[DeviceState("ps2-mouse", 1)]
public sealed partial class MouseState
{
    /// <summary>Bytes that the controller has not taken.</summary>
    [Field(1)] public ByteFifo Output = new();
    [Field(2)] public bool IsReporting;
    [Field(3)] public bool IsRemote;
    [Field(4)] public bool IsWrapping;
    [Field(5)] public bool IsScaled;
    [Field(6)] public byte Resolution = 2;
    [Field(7)] public byte SampleRate = 100;
    /// <summary>The sample rates before the last one: 200, 100, 80 turns the wheel on.</summary>
    [Field(8)] public ushort EarlierRates;
    [Field(9)] public bool HasWheel;
    [Field(10)] public byte PendingCommand;
    [Field(11, Maximum = 7)] public byte Buttons;
    [Field(12)] public short Right;
    [Field(13)] public short Up;
    [Field(14)] public sbyte Wheel;
    [Field(15)] public byte LastSent;
}
