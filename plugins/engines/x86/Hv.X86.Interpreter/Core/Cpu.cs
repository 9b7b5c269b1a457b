using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hv.Sdk.Engines;

namespace Hv.X86.Interpreter;

/// <summary>Sixteen 32-byte YMM registers; XMM is the low half.</summary>
[InlineArray(16 * 32)]
internal struct VectorRegisters { private byte e0; }

/// <summary>Eight x87 registers, 80 bits each in 16 bytes. Physical order (R0–R7), not relative to TOP. MMX register i
/// is the low 8 bytes of R(i).</summary>
[InlineArray(8 * 16)]
internal struct X87Registers { private byte e0; }

/// <summary>Room for one operand of a slow memory access.</summary>
[InlineArray(64)]
internal struct ScratchBytes { private byte e0; }

/// <summary>Room for three vector operands.</summary>
[InlineArray(96)]
internal struct FloatOperands { private byte e0; }

/// <summary>Everything the handlers of one vCPU touch, in unmanaged memory so that a handler needs one pointer. What
/// the hot path uses comes first and keeps small displacements. Operands name fields by their byte offset from the
/// start (<see cref="Op.Dst"/>…). Owned by the vCPU's thread, except <see cref="StopAt"/>, which any thread may set to
/// zero.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Cpu
{
    /// <summary>RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8–R15. Must stay first: register n lies at offset
    /// 8n.</summary>
    public fixed ulong Gpr[16];
    /// <summary>Always zero: the base or index of an address that has none.</summary>
    public ulong Zero;
    /// <summary>Inside a block: the address of the block's first instruction (the present one is at Rip +
    /// op.RipOffset). Between blocks: the next instruction.</summary>
    public ulong Rip;
    /// <summary>Instructions retired, up to the start of the present block.</summary>
    public ulong Retired;
    /// <summary>Chained blocks run on while Retired is below this. Zero asks the vCPU to return to its
    /// dispatcher.</summary>
    public ulong StopAt;
    /// <summary>Lazy flags: the last result, sign-extended. See <see cref="Flags"/>.</summary>
    public long FlagResult;
    /// <summary>Lazy flags: carries. See <see cref="Flags"/>.</summary>
    public ulong FlagCarry;
    /// <summary>Read translations of the present privilege.</summary>
    public TlbEntry* ReadTlb;
    /// <summary>Write translations of the present privilege.</summary>
    public TlbEntry* WriteTlb;
    /// <summary>Indirect-jump cache.</summary>
    public JumpEntry* JumpCache;
    /// <summary>Names the present mapping from linear addresses to blocks: translation generation and
    /// <see cref="Mode"/>.</summary>
    public ulong CodeContext;
    /// <summary>RFLAGS without CF, PF, AF, ZF, SF and OF (those are lazy); bit 1 set. Use <see cref="Flags.Read"/> and
    /// <see cref="Flags.Write"/> for the whole register.</summary>
    public ulong Rflags;

    // Segment registers in their encoding's order; Ldtr and Tr follow so that (&Es)[i] reaches all eight.
    public SegmentState Es;
    public SegmentState Cs;
    public SegmentState Ss;
    public SegmentState Ds;
    public SegmentState Fs;
    public SegmentState Gs;
    public SegmentState Ldtr;
    public SegmentState Tr;
    public TableState Gdtr;
    public TableState Idtr;

    /// <summary>Current privilege level, 0 to 3 (0 in real mode, 3 in virtual-8086 mode).</summary>
    public byte Cpl;
    /// <summary>What the dispatcher has to do after a handler returned; <see cref="Stop.None"/> means go on at
    /// Rip.</summary>
    public Stop Stop;
    /// <summary>Bit 0: blocked by STI, bit 1: blocked by MOV SS or POP SS, for the next instruction.</summary>
    public byte Shadow;
    /// <summary>Which TLB set is in use: see <see cref="Tlb"/>.</summary>
    public byte MmuIndex;
    /// <summary>Mode bits of the block key.</summary>
    public CodeMode Mode;
    /// <summary>Raised by each change of a translation; the high part of <see cref="CodeContext"/>.</summary>
    public ulong TranslationGeneration;
    /// <summary>Base that is added to Rip for fetches: CS.base, or 0 in 64-bit mode.</summary>
    public ulong CodeBase;
    /// <summary>The Op that is calling out (bus, APIC), or null: makes Retired and Rip exact inside
    /// callbacks.</summary>
    public Op* Calling;

    /// <summary>The event that <see cref="Stop.Event"/> announces: vector, type (VMX numbering), error code.</summary>
    public byte EventVector;
    public byte EventType;
    public byte EventHasError;
    public byte EventPending;
    public uint EventError;
    /// <summary>The length of the instruction that raised a software interrupt or exception.</summary>
    public uint EventLength;

    public VcpuActivity Activity;
    public byte InSmm;
    public byte NmiBlocked;
    /// <summary>EXT: 1 while an event from outside the program is delivered; goes into the error codes of faults met
    /// meanwhile.</summary>
    public byte ExternalEvent;
    /// <summary>1 when <see cref="Pdpte"/> holds what CR3 points to.</summary>
    public byte ArePdptesLoaded;
    /// <summary>1 while FERR# is asserted. Derived: see <see cref="NumericErrorPin"/>.</summary>
    public byte Ferr;
    /// <summary>What physical addresses are ANDed with: all ones, or bit 20 clear while A20M# acts. Derived: see
    /// <see cref="Vcpu.UpdateAddressMask"/>.</summary>
    public ulong AddressMask;
    public uint SmBase;

    public ulong Cr0;
    public ulong Cr2;
    public ulong Cr3;
    public ulong Cr4;
    public ulong Xcr0;
    public fixed ulong Dr[8];
    public ulong Efer;
    public ulong Star;
    public ulong Lstar;
    public ulong Cstar;
    public ulong Fmask;
    public ulong KernelGsBase;
    public ulong SysenterCs;
    public ulong SysenterEsp;
    public ulong SysenterEip;
    public ulong Pat;
    public ulong TscAux;
    public ulong TscOffset;
    public ulong TscAdjust;
    public ulong MiscEnable;
    public ulong SpecCtrl;
    public ulong Xss;
    public ulong MtrrDefType;
    public fixed ulong MtrrFixed[11];
    public fixed ulong MtrrVariable[16];
    public ulong PendingDebug;
    /// <summary>The page-directory-pointer entries of PAE paging: see <see cref="PageDirectoryPointers"/>.</summary>
    public fixed ulong Pdpte[4];
    public ulong McgStatus;
    public ulong McgControl;
    public fixed ulong MciControl[MachineCheck.Banks];
    public uint Pkru;
    public uint Mxcsr;

    public VectorRegisters Ymm;
    public X87Registers X87;
    /// <summary>x87 control word.</summary>
    public ushort Fcw;
    /// <summary>x87 status word, TOP in bits 11–13.</summary>
    public ushort Fsw;
    /// <summary>x87 tags, abridged as FXSAVE has them: bit i set when physical register i is not empty.</summary>
    public byte Ftw;
    /// <summary>x87 last opcode.</summary>
    public ushort Fop;
    /// <summary>x87 last instruction's CS selector.</summary>
    public ushort Fcs;
    /// <summary>x87 last operand's selector.</summary>
    public ushort Fds;
    /// <summary>x87 last instruction pointer.</summary>
    public ulong Fip;
    /// <summary>x87 last operand pointer.</summary>
    public ulong Fdp;

    /// <summary>The value of a slow read, or of a slow write on its way.</summary>
    public ScratchBytes Scratch;
    /// <summary>Operands of a floating-point instruction on the slow path, 32 bytes each; the result replaces the
    /// first.</summary>
    public FloatOperands FloatOperands;
    /// <summary>Start of all TLB sets. See <see cref="Tlb"/>.</summary>
    public TlbEntry* TlbBase;
    /// <summary>GCHandle of the <see cref="Vcpu"/>.</summary>
    public nint Owner;
    /// <summary>Capacity of <see cref="TlbLog"/>.</summary>
    public const int TlbLogSize = 512;
    /// <summary>Entries filled since the TLB was emptied; more than <see cref="TlbLogSize"/>: the log is not
    /// complete.</summary>
    public int TlbFills;
    /// <summary>Indices of those entries from <see cref="TlbBase"/>.</summary>
    public fixed ushort TlbLog[TlbLogSize];
    /// <summary>PAUSE instructions executed; not guest state, it only says when to let other threads run.</summary>
    public uint Pauses;

    /// <summary>The six segments, LDTR and TR by their number (0 ES … 5 GS, 6 LDTR, 7 TR).</summary>
    // SAFETY: a Cpu lives only in unmanaged memory, so its address does not move; callers give 0–7.
    public static SegmentState* Segment(Cpu* cpu, int index) => &cpu->Es + index;

    /// <summary>Byte offset of YMM register <paramref name="index"/>.</summary>
    public static ushort YmmOffset(int index) => (ushort)(FirstYmm + index * 32);
    /// <summary>Byte offset of MMX register <paramref name="index"/>.</summary>
    public static ushort MmOffset(int index) => (ushort)(FirstX87 + index * 16);
    /// <summary>Byte offset of segment register <paramref name="index"/>.</summary>
    public static ushort SegmentOffset(int index) => (ushort)(FirstSegment + index * sizeof(SegmentState));

    public static readonly int ZeroOffset = (int)Marshal.OffsetOf<Cpu>(nameof(Zero));
    public static readonly int RipRegister = (int)Marshal.OffsetOf<Cpu>(nameof(Rip));
    public static readonly int FirstSegment = (int)Marshal.OffsetOf<Cpu>(nameof(Es));
    public static readonly int FirstYmm = (int)Marshal.OffsetOf<Cpu>(nameof(Ymm));
    public static readonly int FirstX87 = (int)Marshal.OffsetOf<Cpu>(nameof(X87));
}

/// <summary>Why handlers returned to the dispatcher.</summary>
internal enum Stop : byte
{
    /// <summary>Nothing special: go on at Rip.</summary>
    None,
    /// <summary>The event fields hold an exception or software interrupt to deliver; Rip and Retired are
    /// synchronised.</summary>
    Event,
    /// <summary>The bus deferred: leave Run, the instruction was not executed.</summary>
    Deferred,
    /// <summary>HLT or MWAIT was executed.</summary>
    Halt,
    /// <summary>Triple fault.</summary>
    Shutdown,
    /// <summary>An x87 instruction waits for the handler of a pending exception (CR0.NE clear); it was not
    /// executed.</summary>
    NumericError,
}

/// <summary>Properties of the vCPU's mode that decoded blocks depend on: part of the block key.</summary>
[Flags]
internal enum CodeMode : uint
{
    None = 0,
    /// <summary>32-bit code (CS.D).</summary>
    Code32 = 1,
    /// <summary>64-bit code (EFER.LMA and CS.L).</summary>
    Code64 = 2,
    /// <summary>Mask of the code size.</summary>
    CodeSize = 3,
    /// <summary>32-bit stack (SS.B); clear in 64-bit mode.</summary>
    Stack32 = 4,
    /// <summary>CPL is 3.</summary>
    User = 8,
    /// <summary>DS, ES and SS have base 0 and limit 4 GiB and allow reads and writes: their checks always
    /// pass.</summary>
    FlatData = 0x10,
    /// <summary>CS has base 0 and limit 4 GiB, or the code is 64-bit: blocks may be chained.</summary>
    FlatCode = 0x20,
    /// <summary>CR0.EM.</summary>
    Emulate = 0x40,
    /// <summary>CR0.TS.</summary>
    TaskSwitched = 0x80,
    /// <summary>CR0.MP.</summary>
    Monitor = 0x100,
    /// <summary>CR4.OSFXSR.</summary>
    Osfxsr = 0x200,
    /// <summary>CR4.OSXSAVE.</summary>
    Osxsave = 0x400,
    /// <summary>CR4.OSXSAVE and XCR0 enable SSE and AVX.</summary>
    Avx = 0x800,
    /// <summary>CR0.PE.</summary>
    Protected = 0x1000,
    /// <summary>RFLAGS.VM.</summary>
    Virtual8086 = 0x2000,
    /// <summary>Blocks of one instruction: single-stepping, interrupt shadows and the end of a budget.</summary>
    Single = 0x4000,
    /// <summary>Bits in use; the generation starts above.</summary>
    Mask = 0x7FFF,
}
