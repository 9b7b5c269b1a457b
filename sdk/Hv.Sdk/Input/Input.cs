using System.Diagnostics.CodeAnalysis;

namespace Hv.Sdk.Input;

/// <summary>A keyboard that front-ends type on. Provided as a service by the device; any thread: it enters its own
/// strand.</summary>
[Experimental("HVX006")]
public interface IKeyboard
{
    /// <summary>A key goes down or up. A key that is held goes down again for each repetition.</summary>
    /// <param name="usage">Its number in USB HID's usage page 07h (HID Usage Tables 1.5, chapter 10); unknown ones are
    /// ignored.</param>
    /// <param name="isDown">Down, else up.</param>
    void Key(ushort usage, bool isDown);
}

/// <summary>A mouse that front-ends move. Provided as a service by the device; any thread: it enters its own
/// strand.</summary>
[Experimental("HVX006")]
public interface IMouse
{
    /// <summary>It moved, or its buttons changed.</summary>
    /// <param name="right">Counts to the right.</param>
    /// <param name="down">Counts towards the user.</param>
    /// <param name="wheel">Steps of the wheel towards the user.</param>
    /// <param name="buttons">Bit 0 left, bit 1 right, bit 2 middle.</param>
    void Move(int right, int down, int wheel, byte buttons);
}
