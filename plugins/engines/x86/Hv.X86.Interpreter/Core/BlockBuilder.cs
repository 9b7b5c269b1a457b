using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Decodes one block and lets the table's builders fill its Ops. A builder sees the instruction in
/// <see cref="Instruction"/>, the record in <see cref="Op"/> with everything that concerns the memory operand, length
/// and position already set, and must call exactly one of <see cref="Emit"/>, <see cref="EmitEnd"/>,
/// <see cref="EmitBranch"/> or <see cref="Undefined"/>.</summary>
// SAFETY (whole class): the arena has MaxBytes free when Begin is called, and a block never needs more.
internal sealed unsafe class BlockBuilder
{
    private const int MaxInstructionBytes = 15;
    private const int MaxRecords = Block.MaxInstructions + 4;
    /// <summary>Most bytes that a block takes in the arena.</summary>
    public static readonly nuint MaxBytes = (nuint)(sizeof(Block) + MaxRecords * sizeof(Op));
    /// <summary>Most bytes of code that a block covers.</summary>
    public const uint MaxCodeBytes = Block.MaxInstructions * 15;

    private readonly Cpu* cpu;
    private readonly OpTable table;
    private readonly InstructionDecoder decoder = new();
    private readonly ulong[] unimplemented = new ulong[2048];
    private Block* block;
    private byte* start;
    private byte* pageEnd;
    private int count;
    private int ops;
    private int records;
    private int offset;
    private bool isEnded;

    public BlockBuilder(Cpu* cpu, OpTable table)
    {
        this.cpu = cpu;
        this.table = table;
    }

    /// <summary>The instruction that is being built.</summary>
    public Instruction Instruction;

    /// <summary>The instruction before it in the block; only meaningful when <see cref="Previous"/> is not
    /// null.</summary>
    public Instruction PreviousInstruction;

    /// <summary>Its record.</summary>
    public Op* Op { get; private set; }

    /// <summary>The mode that the block is for.</summary>
    public CodeMode Mode { get; private set; }

    /// <summary>64-bit code.</summary>
    public bool Is64 => (Mode & CodeMode.Code64) != 0;

    /// <summary>Outside 64-bit mode: SS is flat and 32 bits wide.</summary>
    public bool HasFlatStack => (Mode & (CodeMode.FlatData | CodeMode.Stack32)) == (CodeMode.FlatData | CodeMode.Stack32);

    /// <summary>Bytes that the block takes in the arena.</summary>
    public int Bytes => sizeof(Block) + records * sizeof(Op);

    /// <summary>How often each mnemonic without a builder was met, by <see cref="Mnemonic"/>.</summary>
    public ReadOnlySpan<ulong> Unimplemented => unimplemented;

    /// <summary>Starts a block at an offset of a page.</summary>
    public void Begin(Block* block, byte* page, uint offset, CodeMode mode)
    {
        this.block = block;
        Mode = mode;
        start = page + offset;
        pageEnd = page + 4096;
        count = 0;
        ops = 0;
        records = 0;
        this.offset = 0;
        isEnded = false;
    }

    /// <summary>Builds up to the end of the block or of the page. False when not even the first instruction lies inside
    /// the page.</summary>
    public bool Run()
    {
        decoder.Begin(start, pageEnd, Mode);
        int limit = (Mode & CodeMode.Single) != 0 ? 1 : Block.MaxInstructions;
        while (count < limit && !isEnded)
        {
            PreviousInstruction = Instruction;
            if (!decoder.Decode(out Instruction))
            {
                if (count == 0) return false;
                break;
            }
            BuildOne();
        }
        Finish();
        return true;
    }

    /// <summary>Builds the single instruction that starts in the first page and ends in this one.</summary>
    public void RunAcross(byte* nextPage)
    {
        byte* buffer = stackalloc byte[32];
        int first = (int)(pageEnd - start);
        Buffer.MemoryCopy(start, buffer, 32, first);
        Buffer.MemoryCopy(nextPage, buffer + first, 32 - first, 15);
        decoder.Begin(buffer, buffer + first + 15, Mode);
        decoder.Decode(out Instruction);
        BuildOne();
        Finish();
    }

    /// <summary>Emits the handler and goes on with the next instruction.</summary>
    public void Emit(delegate*<Cpu*, Op*, void> handler) => Op->Fn = handler;

    /// <summary>Emits a handler that ends the block by itself (<see cref="Chain.Leave"/>, <see cref="Chain.LeaveTo"/>,
    /// <see cref="Chain.Indirect"/>).</summary>
    public void EmitEnd(delegate*<Cpu*, Op*, void> handler)
    {
        Op->Fn = handler;
        isEnded = true;
    }

    /// <summary>Emits a handler that ends the block through links (<see cref="Chain.Follow"/> or
    /// <see cref="Chain.FollowFar"/>): the link to the branch target is op + 1, the one to the following instruction op
    /// + 2.</summary>
    public void EmitBranch(delegate*<Cpu*, Op*, void> handler)
    {
        EmitEnd(handler);
        InitLink(records);
        InitLink(records + 1);
        records += 2;
    }

    /// <summary>The instruction raises #UD here.</summary>
    public void Undefined() => EmitEnd(&Fault.UndefinedOp);

    /// <summary>A target relative to the block's start lies in the page of the block's first byte.</summary>
    public bool IsInPage(long target) => start + target >= pageEnd - 4096 && start + target < pageEnd;

    /// <summary>The Op before this one, or null: for fusing.</summary>
    public Op* Previous => ops > 1 ? Op - 1 : null;

    /// <summary>Gives the present instruction's bytes to the Op before it, which then stands for both. The handler
    /// emitted next is for both.</summary>
    public Op* MergeIntoPrevious()
    {
        Op* previous = Op - 1;
        previous->Length += Op->Length;
        Op = previous;
        ops--;
        records = ops;
        return previous;
    }

    /// <summary>Whether operand <paramref name="operand"/> lies in memory.</summary>
    public bool IsMemory(int operand) => Instruction.GetOpKind(operand) == OpKind.Memory;

    /// <summary>Whether operand <paramref name="operand"/> is an immediate.</summary>
    public bool IsImmediate(int operand) =>
        Instruction.GetOpKind(operand) is >= OpKind.Immediate8 and <= OpKind.Immediate32to64;

    /// <summary>Immediate operand <paramref name="operand"/>, sign-extended as the encoding says.</summary>
    public long Immediate(int operand) => (long)Instruction.GetImmediate(operand);

    /// <summary>Size in bytes of a register or memory operand.</summary>
    public int OperandBytes(int operand) =>
        IsMemory(operand) ? Instruction.MemorySize.GetSize() : Instruction.GetOpRegister(operand).GetSize();

    /// <summary>A direct near branch's target, relative to the block's start.</summary>
    public long BranchTarget() => Instruction.Op0Kind switch
    {
        OpKind.NearBranch16 => (short)Instruction.NearBranch16,
        OpKind.NearBranch32 => (int)Instruction.NearBranch32,
        _ => (long)Instruction.NearBranch64,
    };

    /// <summary>The last-opcode value of an x87 instruction: the low three bits of its first byte, then its second byte
    /// (SDM vol. 1, 8.1.9).</summary>
    public ushort X87Opcode()
    {
        byte* at = decoder.First;
        while ((*at & 0xF8) != 0xD8) at++;
        return (ushort)((at[0] & 7) << 8 | at[1]);
    }

    /// <summary>Byte offset in <see cref="Cpu"/> of register operand <paramref name="operand"/> (general, vector, MMX
    /// or segment register).</summary>
    public ushort Register(int operand) => OffsetOf(Instruction.GetOpRegister(operand));

    /// <summary>Number of register operand <paramref name="operand"/> in its class (CR3 → 3, ST(2) → 2, XMM5 →
    /// 5).</summary>
    public int RegisterNumber(int operand) => Instruction.GetOpRegister(operand).GetNumber();

    /// <summary>Byte offset in <see cref="Cpu"/> of a register.</summary>
    public static ushort OffsetOf(Register register)
    {
        if (register is >= Iced.Intel.Register.AH and <= Iced.Intel.Register.BH) return (ushort)((register - Iced.Intel.Register.AH) * 8 + 1);
        // By the full register: Iced numbers the 8-bit ones 0 to 19.
        if (register.IsGPR()) return (ushort)(register.GetFullRegister().GetNumber() * 8);
        if (register.IsVectorRegister()) return Cpu.YmmOffset(register.GetNumber());
        if (register.IsMM()) return Cpu.MmOffset(register.GetNumber());
        if (register.IsSegmentRegister()) return Cpu.SegmentOffset(register.GetNumber());
        return (ushort)Cpu.ZeroOffset;
    }

    private void BuildOne()
    {
        Op = Block.Ops(block) + ops;
        ops++;
        records = ops;
        *Op = new Op { RipOffset = (ushort)offset, Length = (byte)Instruction.Length, Number = (byte)count };
        count++;
        offset += Instruction.Length;
        if (Instruction.Code == Code.INVALID)
        {
            // An instruction of more than 15 bytes is #GP(0), all else #UD. Iced stops at 15: one that is still in its
            // prefixes is too long.
            if (Instruction.Length >= MaxInstructionBytes && IsPrefix(decoder.First[MaxInstructionBytes - 1]))
                EmitEnd(&Fault.GeneralProtectionOp);
            else Undefined();
            return;
        }
        SetMemoryOperand();
        delegate*<BlockBuilder, void> builder = table[Instruction.Code];
        if (builder == null)
        {
            unimplemented[(int)Instruction.Mnemonic]++;
            Undefined();
            return;
        }
        builder(this);
    }

    private bool IsPrefix(byte value) => (Is64 && (value & 0xF0) == 0x40)
        || value is 0x26 or 0x2E or 0x36 or 0x3E or 0x64 or 0x65 or 0x66 or 0x67 or 0xF0 or 0xF2 or 0xF3;

    private void SetMemoryOperand()
    {
        Op->Base = Op->Index = (ushort)Cpu.ZeroOffset;
        Register segment = Instruction.MemorySegment;
        Op->Segment = segment == Iced.Intel.Register.None ? Cpu.SegmentOffset(3) : OffsetOf(segment);
        bool hasMemory = false;
        for (int i = 0; i < Instruction.OpCount; i++) hasMemory |= Instruction.GetOpKind(i) == OpKind.Memory;
        if (!hasMemory) return;

        bool hasBase = segment is Iced.Intel.Register.FS or Iced.Intel.Register.GS;
        Register baseRegister = Instruction.MemoryBase;
        if (Is64 && !hasBase)
        {
            // Prefixes of the other four segments are ignored, so a non-canonical address is #SS by its base register
            // alone.
            bool isStack = baseRegister is Iced.Intel.Register.RSP or Iced.Intel.Register.RBP
                or Iced.Intel.Register.ESP or Iced.Intel.Register.EBP;
            Op->Segment = Cpu.SegmentOffset(isStack ? 2 : 3);
        }
        if (Instruction.IsIPRelativeMemoryOperand)
        {
            Op->Base = (ushort)Cpu.RipRegister;
            Op->Disp = (int)(long)Instruction.IPRelativeMemoryAddress;
        }
        else
        {
            if (baseRegister != Iced.Intel.Register.None) Op->Base = OffsetOf(baseRegister);
            Op->Disp = (int)Instruction.MemoryDisplacement64;
        }
        if (Instruction.MemoryIndex != Iced.Intel.Register.None)
        {
            Op->Index = OffsetOf(Instruction.MemoryIndex);
            Op->Scale = (byte)(Instruction.MemoryIndexScale switch { 2 => 1, 4 => 2, 8 => 3, _ => 0 });
        }
        int size = AddressBits(baseRegister);
        if (Is64)
        {
            if (size == 32) Op->Address = hasBase ? AddressKind.Based32In64 : AddressKind.Flat32;
            else if (Instruction.MemoryDisplSize == 8 && baseRegister == Iced.Intel.Register.None
                && Op->Index == Cpu.ZeroOffset && (long)Instruction.MemoryDisplacement64 != Op->Disp)
            {
                Op->Address = AddressKind.Absolute64;
                Op->Disp = 0;
                Op->Imm = (long)Instruction.MemoryDisplacement64;
            }
            else Op->Address = hasBase ? AddressKind.Based64 : AddressKind.Flat64;
        }
        else if (size == 16) Op->Address = AddressKind.Segmented16;
        else
        {
            bool isFlat = !hasBase && segment != Iced.Intel.Register.CS && (Mode & CodeMode.FlatData) != 0;
            Op->Address = isFlat ? AddressKind.Flat32 : AddressKind.Segmented32;
        }
    }

    private int AddressBits(Register baseRegister)
    {
        Register register = baseRegister != Iced.Intel.Register.None ? baseRegister : Instruction.MemoryIndex;
        if (register == Iced.Intel.Register.EIP) return 32;
        if (register == Iced.Intel.Register.RIP) return 64;
        if (register != Iced.Intel.Register.None && register.IsGPR()) return register.GetSize() * 8;
        // No register: the displacement's size is the address size (2, 4 or 8 bytes).
        return Instruction.MemoryDisplSize switch { 2 => 16, 8 => 64, _ => 32 };
    }

    private void Finish()
    {
        if (!isEnded)
        {
            // The block just stops: one more Op, which is no instruction, leads on through the link behind it.
            Op* last = Block.Ops(block) + ops;
            *last = new Op { Fn = &Chain.Fallthrough, RipOffset = (ushort)offset, Number = (byte)count };
            ops++;
            InitLink(ops);
            records = ops + 1;
        }
        block->OpCount = (ushort)ops;
        block->ByteLength = (ushort)offset;
    }

    private void InitLink(int record)
    {
        Link* link = (Link*)(Block.Ops(block) + record);
        *link = new Link { Fn = &Chain.Resolve, Target = (Op*)link, Context = ulong.MaxValue };
    }
}
