using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hv.X86.Interpreter;

/// <summary>One decoded instruction: its handler and operands. A block is an array of these in the arena; handlers find
/// the next one at op + 1. 40 bytes. Filled by <see cref="BlockBuilder"/>; read-only while it runs, except for
/// links.</summary>
// SAFETY (whole file): cpu is the unmanaged state of the vCPU whose thread this is, op a record of a block in its arena.
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal unsafe struct Op
{
    /// <summary>Executes the instruction and tail-calls the next one's.</summary>
    public delegate*<Cpu*, Op*, void> Fn;
    /// <summary>Immediate, sign-extended; a direct branch's target relative to the block's start.</summary>
    public long Imm;
    /// <summary>Displacement of the memory operand.</summary>
    public int Disp;
    /// <summary>Byte offset in <see cref="Cpu"/> of the destination (or first) register operand.</summary>
    public ushort Dst;
    /// <summary>Byte offset of the source (or second) register operand.</summary>
    public ushort Src;
    /// <summary>Byte offset of the third register operand (VEX.vvvv and such).</summary>
    public ushort Src2;
    /// <summary>Byte offset of the memory operand's base register (Rip for RIP-relative, Zero for none).</summary>
    public ushort Base;
    /// <summary>Byte offset of the index register (Zero for none).</summary>
    public ushort Index;
    /// <summary>Byte offset of the memory operand's segment register.</summary>
    public ushort Segment;
    /// <summary>The instruction's offset from the block's start.</summary>
    public ushort RipOffset;
    /// <summary>Index shift, 0 to 3.</summary>
    public byte Scale;
    /// <summary>How the address is formed.</summary>
    public AddressKind Address;
    /// <summary>The instruction's length in bytes.</summary>
    public byte Length;
    /// <summary>How many instructions of the block come before this one.</summary>
    public byte Number;
    /// <summary>Free for the instruction group: a second immediate, a shuffle control…</summary>
    public ushort Aux;

    /// <summary>Offset of the following instruction from the block's start.</summary>
    public readonly int NextOffset => RipOffset + Length;
}

/// <summary>How a memory operand's linear address comes from its parts.</summary>
internal enum AddressKind : byte
{
    /// <summary>base + (index &lt;&lt; scale) + disp in 64 bits, no segment base.</summary>
    Flat64,
    /// <summary>As Flat64 plus the base of FS or GS.</summary>
    Based64,
    /// <summary>The sum is cut to 32 bits; no segment base, no limit (flat segments, or 64-bit mode with an
    /// address-size prefix).</summary>
    Flat32,
    /// <summary>As Flat32 plus the base of FS or GS in 64-bit mode.</summary>
    Based32In64,
    /// <summary>32-bit address, segment base and limit checks.</summary>
    Segmented32,
    /// <summary>16-bit address, segment base and limit checks.</summary>
    Segmented16,
    /// <summary>The address is Imm (MOV with a 64-bit offset), plus the segment's base.</summary>
    Absolute64,
}

/// <summary>The end of a direct branch, laid out over an <see cref="Op"/>: calling its own Fn resolves it.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal unsafe struct Link
{
    /// <summary><see cref="Chain.Resolve"/>.</summary>
    public delegate*<Cpu*, Op*, void> Fn;
    /// <summary>The first Op of the target block, or this link itself while unresolved.</summary>
    public Op* Target;
    /// <summary>Links across pages: the target's RIP for which Target holds.</summary>
    public ulong Rip;
    /// <summary>Links across pages: the code context in which Target holds.</summary>
    public ulong Context;
    /// <summary>Next link to the same block.</summary>
    public Link* NextIncoming;
}

/// <summary>One entry of the indirect-jump cache.</summary>
internal unsafe struct JumpEntry
{
    public ulong Linear;
    public ulong Context;
    public Op* Target;
    public ulong Unused;
}

/// <summary>Compilation hints used all over the engine.</summary>
internal static class Jit
{
    /// <summary>For handlers: compiled once, fully optimised, so that the call of the next handler is a jump from the
    /// first run on and never grows the stack.</summary>
    public const MethodImplOptions Handler = MethodImplOptions.AggressiveOptimization;
    /// <summary>For what must melt into handlers.</summary>
    public const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    /// <summary>For slow paths: keeps them out of the handlers.</summary>
    public const MethodImplOptions Cold = MethodImplOptions.NoInlining;
}
