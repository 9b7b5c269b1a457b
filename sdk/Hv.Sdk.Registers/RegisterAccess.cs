namespace Hv.Sdk.Registers;

/// <summary>How software may touch a register. What reads and writes do beyond that is the device's.</summary>
public enum RegisterAccess : byte
{
    /// <summary>Reads give its value; writes are dropped.</summary>
    ReadOnly,
    /// <summary>Reads give its value; a narrow write keeps the other bytes.</summary>
    ReadWrite,
    /// <summary>Writes only; another register may be read at the same offset. A narrow write carries zeroes in the
    /// other bytes.</summary>
    WriteOnly,
    /// <summary>Reads give its value; ones written clear bits. A narrow write carries zeroes in the other
    /// bytes.</summary>
    WriteOneToClear,
    /// <summary>A read gives its value and clears what the data sheet says; writes are dropped.</summary>
    ReadToClear,
    /// <summary>Known to be there, reads as its reset value, writes are dropped.</summary>
    Reserved,
}
