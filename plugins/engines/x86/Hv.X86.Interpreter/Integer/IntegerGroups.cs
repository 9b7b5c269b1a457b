namespace Hv.X86.Interpreter;

/// <summary>General-purpose instructions, in the order of SDM vol. 1, 5.1.</summary>
internal static class IntegerGroups
{
    /// <summary>Enters the rows of every group in this folder.</summary>
    public static void Register(OpTable table)
    {
        DataTransfer.Register(table);
        Extensions.Register(table);
        Exchange.Register(table);
        StackInstructions.Register(table);
        BinaryArithmetic.Register(table);
        UnaryArithmetic.Register(table);
        MultiplyDivide.Register(table);
        Decimal.Register(table);
        Shifts.Register(table);
        Bits.Register(table);
        Conditionals.Register(table);
        ControlTransfer.Register(table);
        Strings.Register(table);
        PortInstructions.Register(table);
        FlagControl.Register(table);
        Miscellaneous.Register(table);
        Bmi.Register(table);
    }
}
