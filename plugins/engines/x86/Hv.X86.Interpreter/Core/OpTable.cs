using Hv.Sdk.X86;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>What each instruction becomes: a builder for each of Iced's codes. A builder looks at
/// <see cref="BlockBuilder.Instruction"/>, sets operands and emits one Op. Codes without a builder raise #UD and are
/// counted by mnemonic. Built once per partition; read-only afterwards.</summary>
// SAFETY (whole file): cpu is the unmanaged state of the vCPU whose thread this is, op a record of a block in its arena.
internal sealed unsafe class OpTable
{
    private readonly delegate*<BlockBuilder, void>[] builders = new delegate*<BlockBuilder,
        void>[IcedConstants.CodeCount];

    /// <summary>All instructions that <paramref name="model"/> has.</summary>
    public OpTable(CpuidModel model)
    {
        IntegerGroups.Register(this);
        SystemGroups.Register(this);
        FloatingPointGroups.Register(this);
        VectorGroups.Register(this);
        ModelGate.Apply(this, model);
    }

    /// <summary>The builder of a code; null when there is none.</summary>
    public delegate*<BlockBuilder, void> this[Code code] => builders[(int)code];

    /// <summary>Enters a row.</summary>
    public void Add(Code code, delegate*<BlockBuilder, void> builder) => builders[(int)code] = builder;

    /// <summary>Enters rows that share a builder.</summary>
    public void Add(ReadOnlySpan<Code> codes, delegate*<BlockBuilder, void> builder)
    {
        foreach (Code code in codes) builders[(int)code] = builder;
    }
}

/// <summary>How many codes Iced knows (its own constant is internal): the last member of the enumeration plus one is
/// found once.</summary>
internal static class IcedConstants
{
    public static readonly int CodeCount = (int)Enum.GetValues<Code>()[^1] + 1;
}
