using Hv.Sdk.State;

namespace Hv.Chipset.CmosRtc;

/// <summary>Everything a guest can observe or change in the clock. The time follows from the machine's clock.</summary>
[DeviceState("cmos-rtc", 1)]
public sealed partial class CmosRtcState
{
    [Field(1, Maximum = Spec.BankBytes - 1)] public byte Index;
    [Field(2, Maximum = Spec.BankBytes - 1)] public byte ExtendedIndex;
    /// <summary>Both banks. The cells of the time hold it only while the clock stands.</summary>
    [Field(3)] public readonly byte[] Cells = new byte[2 * Spec.BankBytes];
    [Field(4)] public byte RegisterA = A.PowerOn;
    [Field(5)] public byte RegisterB = B.PowerOn;
    /// <summary>Flags of register C that were seen to rise; others may have risen since.</summary>
    [Field(6)] public byte Flags;
    /// <summary>Seconds by which the guest's clock is ahead of the machine's.</summary>
    [Field(7)] public long OffsetSeconds;
    /// <summary>Nanoseconds by which the guest's seconds begin before the machine's.</summary>
    [Field(8, Maximum = 999_999_999)] public uint PhaseNs;
    /// <summary>The machine's second in which the update flag was looked at last.</summary>
    [Field(9)] public long SeenSecond;
    /// <summary>The tick of the periodic rate at which the periodic flag was looked at last.</summary>
    [Field(10)] public ulong SeenTick;
}
