using Hv.Sdk.Registers;

namespace AcmeModel;

/// <summary>The registers.</summary>
public enum Reg : byte
{
    /// <summary>The levels of the eight lines.</summary>
    Output,
}

/// <summary>The register table.</summary>
public static class Spec
{
    /// <summary>Ports that the device decodes.</summary>
    public const int PortCount = 1;
    /// <summary>Output lines.</summary>
    public const int LineCount = 8;

    /// <summary>One row a register.</summary>
    public static RegisterMap<Reg> Registers { get; } = new(PortCount, fill: 0xff,
    [
        //  register    offset width access                    reset name   section
        new(Reg.Output, 0,     1,    RegisterAccess.ReadWrite, 0x00, "OUT", "1"),
    ]);
}
