using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Hv.X86.Oracle;
using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>Makes an instruction's memory operands and branch targets hit places worth hitting: the data pages mostly,
/// their boundaries, the read-only page, unmapped pages, addresses that are not canonical.</summary>
internal static class OperandPlacer
{
    private const int Rax = 0, Rcx = 1, Rdx = 2, Rsp = 4, Rbp = 5, Rsi = 6, Rdi = 7;
    private const int FxsaveBytes = 512;

    /// <summary>Adjusts registers and displacement bytes, so that memory operands lie where <see cref="Target"/> says.
    /// The instruction must be decoded anew afterwards. False when this encoding cannot be placed.</summary>
    public static bool TryPlaceOperands(ref CpuCase c, in Instruction instruction, Span<byte> bytes,
        in ConstantOffsets offsets, Rng rng)
    {
        c.Gpr[Rsp] = StackPointer(rng);
        if (c.Bitness == 32)
        {
            for (int i = 0; i < 16; i++)
            {
                c.Gpr[i] &= i < 8 ? uint.MaxValue : ulong.MaxValue;
            }
        }
        if (instruction.Mnemonic is Mnemonic.Leave or Mnemonic.Enter && rng.Percent(90))
        {
            c.Gpr[Rbp] = StackPointer(rng);
        }
        PlaceStrings(ref c, instruction, rng);
        return !HasMemory(instruction) || TryPlaceMemory(ref c, instruction, bytes, offsets, rng);
    }

    /// <summary>The value of a general register of any width, zero-extended.</summary>
    public static ulong Read(in CpuCase c, Register register)
    {
        if (register is >= Register.AH and <= Register.BH)
        {
            return (c.Gpr[register - Register.AH] >> 8) & 0xFF;
        }
        ulong value = c.Gpr[register.GetFullRegister().GetNumber()];
        return register.GetSize() switch
        {
            8 => value,
            4 => value & uint.MaxValue,
            2 => value & ushort.MaxValue,
            _ => value & byte.MaxValue,
        };
    }

    private static bool HasMemory(in Instruction instruction)
    {
        for (int i = 0; i < instruction.OpCount; i++)
        {
            if (instruction.GetOpKind(i) == OpKind.Memory)
            {
                return true;
            }
        }
        return false;
    }

    private static ulong StackPointer(Rng rng) => rng.Below(50) switch
    {
        0 => OracleLayout.Data + (ulong)rng.Below(16),
        1 => OracleLayout.ReadOnlyData + (ulong)rng.Below(64),
        2 => 0x8000_0000_0000_0000,
        3 => OracleLayout.Data + 0x1000 - (ulong)rng.Below(16),
        _ => OracleLayout.Data + 0x400 + (8 * (ulong)rng.Below(0x300)),
    };

    /// <summary>A linear address for an operand of <paramref name="size"/> bytes.</summary>
    private static ulong Target(int size, int bitness, bool locked, Rng rng)
    {
        size = Math.Max(size, 1);
        int kind = rng.Below(100);
        if (kind < 70 || (locked && kind < 90))
        {
            int offset = rng.Below(OracleLayout.DataBytes - size + 1);
            bool align = locked || rng.Percent(size >= 16 ? 85 : 50);
            int alignment = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)size), 64);
            return OracleLayout.Data + (ulong)(align ? offset & -alignment : offset);
        }
        ulong back = (ulong)rng.Below(size + 8);
        if (locked)
        {
            back &= ~(ulong)(Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)size), 64) - 1);
        }
        return kind switch
        {
            < 80 => OracleLayout.Data + 0x1000 - back,
            < 86 => OracleLayout.ReadOnlyData - back,
            < 90 => OracleLayout.ReadOnlyData + ((ulong)rng.Below(OracleLayout.ReadOnlyBytes) & ~63ul),
            < 93 => OracleLayout.ReadOnlyData + OracleLayout.ReadOnlyBytes - back,
            < 96 => OracleLayout.Data - back,
            < 98 when bitness == 64 => 0x8000_0000_0000_0000 + (rng.Next() >> 2),
            < 99 when bitness == 64 => 0x0000_8000_0000_0000 - back,
            _ => OracleLayout.Data + 0x10_0000,
        };
    }

    private static void PlaceStrings(ref CpuCase c, in Instruction instruction, Rng rng)
    {
        bool isString = false;
        for (int i = 0; i < instruction.OpCount; i++)
        {
            OpKind kind = instruction.GetOpKind(i);
            int register = kind switch
            {
                OpKind.MemorySegRSI or OpKind.MemorySegESI or OpKind.MemorySegSI => Rsi,
                OpKind.MemoryESRDI or OpKind.MemoryESEDI or OpKind.MemoryESDI or OpKind.MemorySegRDI
                or OpKind.MemorySegEDI or OpKind.MemorySegDI => Rdi,
                _ => -1,
            };
            if (register >= 0)
            {
                isString = true;
                ulong target = Target(Math.Max(instruction.MemorySize.GetSize(), 8), (int)c.Bitness, locked: false,
                    rng);
                if (register == Rsi || kind is OpKind.MemorySegRDI or OpKind.MemorySegEDI)
                {
                    target -= SegmentBase(instruction);
                }
                c.Gpr[register] = target;
            }
        }
        if (isString && !(instruction.Mnemonic is Mnemonic.Maskmovq or Mnemonic.Maskmovdqu or Mnemonic.Vmaskmovdqu))
        {
            c.Gpr[Rcx] = (ulong)(rng.Percent(90) ? rng.Below(40) : rng.Below(3000));
            if (rng.Percent(30) && c.Bitness == 64
                && (instruction.Op0Kind is OpKind.MemoryESEDI or OpKind.MemorySegESI
                || instruction.Op1Kind == OpKind.MemorySegESI))
            {
                c.Gpr[Rcx] |= rng.Next() << 32; // only ECX counts
            }
        }
    }

    private static ulong SegmentBase(in Instruction instruction) => instruction.MemorySegment switch
    {
        Register.FS => OracleLayout.FsBase,
        Register.GS => OracleLayout.GsBase,
        _ => 0,
    };

    private static bool TryPlaceMemory(ref CpuCase c, in Instruction instruction, Span<byte> bytes,
        in ConstantOffsets offsets, Rng rng)
    {
        int size = instruction.MemorySize.GetSize();
        if (size == 0)
        {
            size = FxsaveBytes;
        }
        bool locked = instruction.HasLockPrefix || instruction.Mnemonic == Mnemonic.Xchg;
        ulong offset = Target(size, (int)c.Bitness, locked, rng) - SegmentBase(instruction);
        Register @base = instruction.MemoryBase;
        Register index = instruction.MemoryIndex;
        if (instruction.IsVsib)
        {
            PlaceVectorIndex(ref c, instruction, rng);
            index = Register.None;
        }
        ulong displacement = instruction.MemoryDisplacement64;
        if (@base is Register.RIP or Register.EIP)
        {
            // Iced gives the address itself as the displacement.
            return PatchDisplacement(bytes, offsets, offset - instruction.NextIP);
        }
        ulong indexed = index == Register.None ? 0 : Read(c, index) * (ulong)instruction.MemoryIndexScale;
        if (@base == Register.None)
        {
            return PatchDisplacement(bytes, offsets, offset - indexed);
        }
        if (index.GetFullRegister() == @base.GetFullRegister())
        {
            return PatchDisplacement(bytes, offsets, offset - indexed - Read(c, @base));
        }
        ulong value = offset - indexed - displacement;
        if (@base.GetSize() == 4)
        {
            value = (value & uint.MaxValue) | (c.Bitness == 64 ? rng.Next() << 32 : 0);
        }
        else if (@base.GetSize() == 2)
        {
            return rng.Percent(20); // 16-bit addresses reach nothing that is mapped
        }
        c.Gpr[@base.GetFullRegister().GetNumber()] = value;
        return true;
    }

    private static bool PatchDisplacement(Span<byte> bytes, in ConstantOffsets offsets, ulong value)
    {
        Span<byte> field = bytes.Slice(offsets.DisplacementOffset, offsets.DisplacementSize);
        switch (offsets.DisplacementSize)
        {
            case 8:
                BinaryPrimitives.WriteUInt64LittleEndian(field, value);
                return true;
            case 4:
                BinaryPrimitives.WriteUInt32LittleEndian(field, (uint)value);
                return true;
            default:
                return true; // 0, 1 or 2 bytes cannot reach the data: let it fault
        }
    }

    private static void PlaceVectorIndex(ref CpuCase c, in Instruction instruction, Rng rng)
    {
        int number = instruction.MemoryIndex.GetNumber();
        int elementBytes = instruction.VsibSize() / 8;
        int limit = rng.Percent(85) ? 24 : 2000;
        foreach (bool high in (ReadOnlySpan<bool>)[false, true])
        {
            Span<byte> vector = high ? c.YmmHigh(number) : c.Xmm(number);
            for (int i = 0; i < 16; i += elementBytes)
            {
                long value = rng.Below(2 * limit) - limit;
                BinaryPrimitives.WriteInt32LittleEndian(vector[i..], (int)value);
                if (elementBytes == 8)
                {
                    BinaryPrimitives.WriteInt32LittleEndian(vector[(i + 4)..], (int)(value >> 32));
                }
            }
        }
    }

    private static int VsibSize(this in Instruction instruction) => instruction.IsVsib64 ? 64 : 32;

    /// <summary>Gives operands the interesting values that are rare by chance. After
    /// <see cref="TryPlaceOperands"/>.</summary>
    public static void SpecialOperands(ref CpuCase c, in Instruction instruction, Rng rng)
    {
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Popf or Mnemonic.Popfd or Mnemonic.Popfq:
                // TF would trap inside the oracle's own exit, so the image must be ours to choose.
                c.Gpr[Rsp] = OracleLayout.Data + 0x400 + (8 * (ulong)rng.Below(0x300));
                WriteData(ref c, c.Gpr[Rsp], ReadData(c, c.Gpr[Rsp]) & ~0x100ul);
                break;
            case Mnemonic.Cmpxchg when rng.Percent(50):
                c.Gpr[Rax] = instruction.Op0Kind == OpKind.Register ? Read(c, instruction.Op0Register)
                : ReadData(c, Address(c, instruction));
                break;
            case Mnemonic.Cmpxchg8b when rng.Percent(50):
                ulong eight = ReadData(c, Address(c, instruction));
                c.Gpr[Rax] = (uint)eight;
                c.Gpr[Rdx] = eight >> 32;
                break;
            case Mnemonic.Cmpxchg16b when rng.Percent(50):
                ulong address = Address(c, instruction);
                c.Gpr[Rax] = ReadData(c, address);
                c.Gpr[Rdx] = ReadData(c, address + 8);
                break;
            case Mnemonic.Div or Mnemonic.Idiv when rng.Percent(60):
                c.Gpr[Rdx] = rng.Percent(50) ? 0 : ulong.MaxValue * (c.Gpr[Rax] >> 63);
                break;
            case Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc
                when instruction.Op0Kind == OpKind.Memory && instruction.Op1Kind == OpKind.Register && rng.Percent(80):
                int number = instruction.Op1Register.GetFullRegister().GetNumber();
                if (number != instruction.MemoryBase.GetFullRegister().GetNumber()
                    && number != instruction.MemoryIndex.GetFullRegister().GetNumber())
                {
                    c.Gpr[number] = (ulong)(long)(rng.Below(4000) - 2000);
                    c.Gpr[number] &= c.Bitness == 32 ? uint.MaxValue : ulong.MaxValue;
                }
                break;
        }
    }

    /// <summary>The linear address of the memory operand.</summary>
    public static ulong Address(CpuCase c, Instruction instruction) => instruction.GetVirtualAddress(
        FindMemory(instruction), 0, (register, _, _) => register switch
        {
            Register.FS => OracleLayout.FsBase,
            Register.GS => OracleLayout.GsBase,
            _ when register.IsSegmentRegister() => 0,
            _ => Read(c, register),
        });

    private static int FindMemory(in Instruction instruction)
    {
        int i = 0;
        while (instruction.GetOpKind(i) != OpKind.Memory)
        {
            i++;
        }
        return i;
    }

    private static ulong ReadData(in CpuCase c, ulong address)
    {
        ulong offset = address - OracleLayout.Data;
        return offset <= OracleLayout.DataBytes - 8
            ? MemoryMarshal.Read<ulong>(((ReadOnlySpan<byte>)c.Data)[(int)offset..]) : 0;
    }

    private static void WriteData(ref CpuCase c, ulong address, ulong value)
    {
        ulong offset = address - OracleLayout.Data;
        if (offset <= OracleLayout.DataBytes - 8)
        {
            MemoryMarshal.Write(((Span<byte>)c.Data)[(int)offset..], value);
        }
    }

    private static ulong BranchTarget(ulong start, ulong end, Rng rng)
    {
        while (true)
        {
            ulong target = OracleLayout.Code + (ulong)rng.Below(OracleLayout.CodeBytes);
            if (IsHarmlessTarget(target, start, end))
            {
                return target;
            }
        }
    }

    /// <summary>Not into the instruction itself (it might never end) nor into what the oracle puts behind it.</summary>
    private static bool IsHarmlessTarget(ulong target, ulong start, ulong end) => target == end || target < start
        || target >= end + 16;

    /// <summary>Makes a branch lead into the code pages mostly, and never into itself. After
    /// <see cref="TryPlaceOperands"/>; the instruction must be decoded anew afterwards. False when it must not run.</summary>
    public static bool TryPlaceBranch(ref CpuCase c, in Instruction instruction, Span<byte> bytes,
        in ConstantOffsets offsets, Rng rng)
    {
        ulong start = instruction.IP, end = instruction.NextIP;
        switch (instruction.FlowControl)
        {
            case FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch or FlowControl.Call
                or FlowControl.XbeginXabortXend:
                if (offsets.ImmediateSize == 4 && rng.Percent(80))
                {
                    int distance = (int)(BranchTarget(start, end, rng) - end);
                    BinaryPrimitives.WriteInt32LittleEndian(bytes[offsets.ImmediateOffset..], distance);
                    return true;
                }
                while (!IsHarmlessTarget(end + (ulong)(sbyte)bytes[offsets.ImmediateOffset], start, end)
                    && offsets.ImmediateSize == 1)
                {
                    bytes[offsets.ImmediateOffset] = (byte)rng.Next();
                }
                return offsets.ImmediateSize == 1 || IsHarmlessTarget(instruction.NearBranchTarget, start, end);
            case FlowControl.IndirectBranch or FlowControl.IndirectCall:
                if (rng.Percent(85))
                {
                    ulong target = BranchTarget(start, end, rng);
                    if (instruction.Op0Kind == OpKind.Register)
                    {
                        c.Gpr[instruction.Op0Register.GetFullRegister().GetNumber()] = target;
                    }
                    else
                    {
                        WriteData(ref c, Address(c, instruction), target);
                    }
                }
                return true;
            case FlowControl.Return:
                if (rng.Percent(85))
                {
                    WriteData(ref c, c.Gpr[Rsp], BranchTarget(start, end, rng));
                }
                return true;
            default:
                return true;
        }
    }
}
