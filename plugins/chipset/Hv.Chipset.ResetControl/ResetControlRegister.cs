using Hv.Sdk;

namespace Hv.Chipset.ResetControl;

/// <summary>The reset control register of PC chipsets (PIIX3 data sheet, 2.5.5: RC). Which chip decodes it differs
/// between boards; its byte is state of that chip.</summary>
public static class ResetControlRegister
{
    /// <summary>Where PCs have it.</summary>
    public const ushort Port = 0xcf9;
    /// <summary>What firmware tables say to write there: a full reset.</summary>
    public const byte FullReset = 0x06;

    private const byte Trigger = 0x04;

    /// <summary>The guest writes: the machine is reset when the trigger bit goes from 0 to 1. The bit reads as 0
    /// afterwards.</summary>
    public static void Write(ref byte register, byte value, IMachineControl machine)
    {
        bool triggers = (value & ~register & Trigger) != 0;
        register = (byte)(value & ~Trigger);
        if (triggers) machine.RequestReset(ResetKind.Warm, "the guest wrote to the reset register");
    }
}
