namespace Hv.X86.Interpreter;

/// <summary>A run of decoded instructions, laid out in the arena as this header, its Ops, and one or two
/// links.</summary>
internal unsafe struct Block
{
    /// <summary>Most instructions in a block.</summary>
    public const int MaxInstructions = 48;

    /// <summary>Place of the first byte in the VM's memory file (page and offset): what blocks are found by, with
    /// Mode.</summary>
    public ulong Key;
    public CodeMode Mode;
    /// <summary>Bytes of code from the first instruction's start to the last one's end.</summary>
    public ushort ByteLength;
    /// <summary>Ops, not counting links.</summary>
    public ushort OpCount;
    /// <summary>64-byte granules that the code touches, in the first page and, for an instruction across pages, in the
    /// second.</summary>
    public ulong Granules;
    public ulong SecondGranules;
    /// <summary>File page of the second page of an instruction across pages, or <see cref="NoPage"/>.</summary>
    public ulong SecondPage;
    public Block* HashNext;
    public Block* PageNext;
    public Block* SecondPageNext;
    /// <summary>Links that lead here.</summary>
    public Link* Incoming;
    /// <summary>Its code was overwritten; it is in no list any more.</summary>
    public bool IsStale;

    public const ulong NoPage = ulong.MaxValue;

    /// <summary>File page of the first byte.</summary>
    public readonly ulong Page => Key >> 12;

    /// <summary>The Ops of a block.</summary>
    // SAFETY: BlockBuilder places the Ops directly after the header.
    public static Op* Ops(Block* block) => (Op*)(block + 1);

    /// <summary>The block whose first Op this is.</summary>
    public static Block* Of(Op* first) => (Block*)first - 1;
}
