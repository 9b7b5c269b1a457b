using Hv.Sdk.Registers;
using static Hv.Sdk.Registers.RegisterAccess;

namespace Hv.Input.I8042;

/// <summary>The ports of the keyboard controller.</summary>
public enum Reg : byte
{
    /// <summary>Output buffer when read; a byte for the keyboard or an argument when written.</summary>
    Data,
    /// <summary>Status when read.</summary>
    Status,
    /// <summary>Command when written.</summary>
    Command,
}

/// <summary>Layout of the keyboard controller (IBM PS/2 Hardware Interface Technical Reference, October 1990, Keyboard
/// and Auxiliary Device Controller).</summary>
public static class Spec
{
    /// <summary>The data port.</summary>
    public static RegisterMap<Reg> DataPort { get; } = new(1, 0xff,
    [
        //  register      offset width access       reset  name                     section
        new(Reg.Data,     0,     1,    ReadWrite,   0x00,  "Output / input buffer", "Input and output buffers"),
    ]);

    /// <summary>The command and status port.</summary>
    public static RegisterMap<Reg> CommandPort { get; } = new(1, 0xff,
    [
        //  register      offset width access       reset  name                     section
        new(Reg.Status,   0,     1,    ReadOnly,    0x10,  "Status",                "Status register"),
        new(Reg.Command,  0,     1,    WriteOnly,   0x00,  "Command",               "Controller commands"),
    ]);
}

/// <summary>Bits of the status register.</summary>
internal static class Status
{
    public const byte OutputFull = 0x01, System = 0x04, LastWasCommand = 0x08, NotInhibited = 0x10, Auxiliary = 0x20;
}

/// <summary>Bits of the command byte, byte 0 of the controller's memory.</summary>
internal static class CommandByte
{
    public const byte KeyboardInterrupt = 0x01, AuxiliaryInterrupt = 0x02, System = 0x04, KeyboardDisabled = 0x10,
        AuxiliaryDisabled = 0x20, Translate = 0x40;
}

/// <summary>Commands of the controller.</summary>
internal static class Command
{
    public const byte ReadMemory = 0x20, WriteMemory = 0x60, DisableAuxiliary = 0xa7, EnableAuxiliary = 0xa8, TestAuxiliary = 0xa9,
        SelfTest = 0xaa, TestKeyboard = 0xab, DisableKeyboard = 0xad, EnableKeyboard = 0xae, ReadInputPort = 0xc0,
        ReadOutputPort = 0xd0, WriteOutputPort = 0xd1, WriteOutputBuffer = 0xd2, WriteAuxiliaryBuffer = 0xd3, WriteAuxiliary = 0xd4,
        PulseOutput = 0xf0;
}

/// <summary>Bits of the output port.</summary>
internal static class OutputPort
{
    public const byte NotReset = 0x01, A20 = 0x02, KeyboardFull = 0x10, AuxiliaryFull = 0x20, Idle = 0xc0;
}

/// <summary>Bytes that keyboards and mice answer with.</summary>
internal static class Reply
{
    public const byte Acknowledge = 0xfa, SelfTestPassed = 0xaa, Resend = 0xfe, Echo = 0xee;
}
