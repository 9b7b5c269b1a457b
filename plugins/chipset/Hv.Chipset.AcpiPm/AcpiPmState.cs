using Hv.Sdk.State;

namespace Hv.Chipset.AcpiPm;

/// <summary>Everything a guest can observe or change. The timer and its status bit are derived from virtual
/// time.</summary>
[DeviceState("acpi-pm", 1)]
public sealed partial class AcpiPmState
{
    /// <summary>PM1_STS without the timer's bit.</summary>
    [Field(1)] public ushort Status;
    [Field(2)] public ushort Enable;
    /// <summary>BM_RLD and SLP_TYP; SCI_EN is always set.</summary>
    [Field(3)] public ushort Control;
    /// <summary>How often the timer's highest bit had changed when TMR_STS was cleared.</summary>
    [Field(4)] public ulong TimerChangesSeen;
    [Field(5)] public ushort GpeStatus;
    [Field(6)] public ushort GpeEnable;
    [Field(7)] public byte ResetControl;
}
