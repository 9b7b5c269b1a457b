using System.Runtime.CompilerServices;
using Hv.Sdk.Engines;

namespace Hv.X86.Interpreter;

/// <summary>Linear addresses of memory operands.</summary>
// SAFETY (whole class): Base, Index and Segment are offsets made by BlockBuilder and lie inside Cpu.
internal static unsafe class Address
{
    /// <summary>Offset of SS in <see cref="Cpu"/>.</summary>
    public static readonly ushort SsOffset = Cpu.SegmentOffset(2);

    /// <summary>The linear address of the Op's memory operand, for reading or writing <paramref name="size"/> bytes.
    /// Never faults here: a failed segment check gives <see cref="Memory.Poison"/>, on which the access itself raises
    /// #GP or #SS.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong Linear(Cpu* cpu, Op* op, int size, bool isWrite = false)
    {
        ulong address = Offset(cpu, op);
        return op->Address == AddressKind.Flat64 ? address : Other(cpu, op, address, size, isWrite);
    }

    /// <summary>base + (index &lt;&lt; scale) + disp, uncut.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong Offset(Cpu* cpu, Op* op) =>
        *(ulong*)((byte*)cpu + op->Base) + (*(ulong*)((byte*)cpu + op->Index) << op->Scale) + (ulong)op->Disp;

    /// <summary>The effective address, cut to the address size: LEA's result before the operand size cuts it.</summary>
    public static ulong Effective(Cpu* cpu, Op* op)
    {
        ulong offset = Offset(cpu, op);
        return op->Address switch
        {
            AddressKind.Flat64 or AddressKind.Based64 => offset,
            AddressKind.Absolute64 => (ulong)op->Imm,
            AddressKind.Segmented16 => (ushort)offset,
            _ => (uint)offset,
        };
    }

    /// <summary>A linear address from an offset that the handler computed itself (string instructions, stack, bit
    /// strings): adds the segment's base and checks its limit and type where segments count. <paramref name="segment"/>
    /// is 0 ES to 5 GS.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong InSegment(Cpu* cpu, int segment, ulong offset, int size, bool isWrite)
    {
        if ((cpu->Mode & CodeMode.Code64) != 0) return segment < 4 ? offset : offset + Cpu.Segment(cpu, segment)->Base;
        return Checked(cpu, Cpu.Segment(cpu, segment), (uint)offset, size, isWrite);
    }

    /// <summary>As <see cref="Linear"/> for an operand <paramref name="bytes"/> further on: the sum is cut to the
    /// address size.</summary>
    public static ulong Displaced(Cpu* cpu, Op* op, long bytes, int size, bool isWrite)
    {
        ulong offset = Offset(cpu, op) + (ulong)bytes;
        return op->Address == AddressKind.Flat64 ? offset : Other(cpu, op, offset, size, isWrite);
    }

    [MethodImpl(Jit.Cold)]
    private static ulong Other(Cpu* cpu, Op* op, ulong offset, int size, bool isWrite)
    {
        SegmentState* segment = (SegmentState*)((byte*)cpu + op->Segment);
        switch (op->Address)
        {
            case AddressKind.Based64: return offset + segment->Base;
            case AddressKind.Flat32: return (uint)offset;
            case AddressKind.Based32In64: return (uint)offset + segment->Base;
            case AddressKind.Absolute64: return offset + (ulong)op->Imm + (op->Segment >= Cpu.SegmentOffset(4)
                ? segment->Base : 0);
            case AddressKind.Segmented16: return Checked(cpu, segment, (ushort)offset, size, isWrite);
            default: return Checked(cpu, segment, (uint)offset, size, isWrite);
        }
    }

    /// <summary>Limit and type checks (SDM vol. 3, 6.3 and 6.4). In real and virtual-8086 mode the hidden parts hold
    /// limits and types that make the same checks right.</summary>
    [MethodImpl(Jit.Cold)]
    private static ulong Checked(Cpu* cpu, SegmentState* segment, uint offset, int size, bool isWrite)
    {
        uint attributes = segment->Attributes;
        const uint Unusable = 0x100, Code = 8, Writable = 2, ExpandDown = 4, Big = 0x4000;
        if ((attributes & Unusable) != 0) return Memory.Poison;
        bool isCode = (attributes & Code) != 0;
        // Bit 1 is "writable" of data and "readable" of code.
        if (isWrite ? isCode || (attributes & Writable) == 0 : isCode
            && (attributes & Writable) == 0) return Memory.Poison;
        ulong last = (ulong)offset + (uint)size - 1;
        if (!isCode && (attributes & ExpandDown) != 0)
        {
            ulong top = (attributes & Big) != 0 ? 0xFFFF_FFFF : 0xFFFF;
            if (offset <= segment->Limit || last > top) return Memory.Poison;
        }
        else if (last > segment->Limit)
        {
            return Memory.Poison;
        }
        return (uint)(segment->Base + offset);
    }
}
