namespace Hv.Sdk.Registers;

/// <summary>One row of a register table: the layout of one register, or of a run of equal ones.</summary>
/// <typeparam name="TId">The device's own enumeration of its registers.</typeparam>
public sealed class Register<TId> where TId : struct, Enum
{
    /// <summary>A row, in the order in which data sheets print them.</summary>
    /// <param name="id">Which register; handed back to the device.</param>
    /// <param name="offset">First byte, from the start of the region.</param>
    /// <param name="widthBytes">1, 2, 4 or 8.</param>
    /// <param name="access">How software may touch it.</param>
    /// <param name="reset">Value after power-on.</param>
    /// <param name="mnemonic">The data sheet's short name.</param>
    /// <param name="section">Where the data sheet describes it.</param>
    public Register(TId id, int offset, int widthBytes, RegisterAccess access, ulong reset, string mnemonic,
        string section)
    {
        Id = id;
        Offset = offset;
        WidthBytes = widthBytes;
        Access = access;
        Reset = reset;
        Mnemonic = mnemonic;
        Section = section;
    }

    /// <summary>Which register.</summary>
    public TId Id { get; }
    /// <summary>First byte of the first one, from the start of the region.</summary>
    public int Offset { get; }
    /// <summary>1, 2, 4 or 8 bytes.</summary>
    public int WidthBytes { get; }
    /// <summary>How software may touch it.</summary>
    public RegisterAccess Access { get; }
    /// <summary>Value after power-on.</summary>
    public ulong Reset { get; }
    /// <summary>The data sheet's short name.</summary>
    public string Mnemonic { get; }
    /// <summary>Where the data sheet describes it.</summary>
    public string Section { get; }
    /// <summary>How many of them follow each other; the device is told which by index.</summary>
    public int Count { get; init; } = 1;
    /// <summary>Bytes from one to the next.</summary>
    public int StrideBytes { get; init; }
    /// <summary>Bits that a write changes; the device gets the present value in the others. For
    /// <see cref="RegisterAccess.ReadWrite"/> only.</summary>
    public ulong Writable { get; init; } = ulong.MaxValue;

    internal bool IsReadable => Access != RegisterAccess.WriteOnly;
    internal bool IsWritable =>
        Access is RegisterAccess.ReadWrite or RegisterAccess.WriteOnly or RegisterAccess.WriteOneToClear;
}
