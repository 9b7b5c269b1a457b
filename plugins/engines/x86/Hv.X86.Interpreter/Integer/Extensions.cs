using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Moves that change the form of a value: MOVZX, MOVSX, MOVSXD, CBW to CQO, BSWAP, MOVBE, LEA, XLAT, MOVNTI
/// (SDM vol. 1, 5.1.1 and 5.1.14).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class Extensions
{
    private const ushort Rax = 0, Rdx = 16;

    public static void Register(OpTable table)
    {
        table.Add(Code.Movzx_r16_rm8, &Extend<ushort, byte, Zero>);
        table.Add(Code.Movzx_r32_rm8, &Extend<uint, byte, Zero>);
        table.Add(Code.Movzx_r64_rm8, &Extend<ulong, byte, Zero>);
        table.Add(Code.Movzx_r16_rm16, &Extend<ushort, ushort, Zero>);
        table.Add(Code.Movzx_r32_rm16, &Extend<uint, ushort, Zero>);
        table.Add(Code.Movzx_r64_rm16, &Extend<ulong, ushort, Zero>);
        table.Add(Code.Movsx_r16_rm8, &Extend<ushort, byte, Sign>);
        table.Add(Code.Movsx_r32_rm8, &Extend<uint, byte, Sign>);
        table.Add(Code.Movsx_r64_rm8, &Extend<ulong, byte, Sign>);
        table.Add(Code.Movsx_r16_rm16, &Extend<ushort, ushort, Sign>);
        table.Add(Code.Movsx_r32_rm16, &Extend<uint, ushort, Sign>);
        table.Add(Code.Movsx_r64_rm16, &Extend<ulong, ushort, Sign>);
        table.Add(Code.Movsxd_r16_rm16, &Extend<ushort, ushort, Sign>);
        table.Add(Code.Movsxd_r32_rm32, &Extend<uint, uint, Sign>);
        table.Add(Code.Movsxd_r64_rm32, &Extend<ulong, uint, Sign>);
        table.Add(Code.Cbw, &Accumulator<ushort, byte>);
        table.Add(Code.Cwde, &Accumulator<uint, ushort>);
        table.Add(Code.Cdqe, &Accumulator<ulong, uint>);
        table.Add(Code.Cwd, &SignPair<ushort>);
        table.Add(Code.Cdq, &SignPair<uint>);
        table.Add(Code.Cqo, &SignPair<ulong>);
        table.Add(Code.Bswap_r16, &Bswap<ushort>);
        table.Add(Code.Bswap_r32, &Bswap<uint>);
        table.Add(Code.Bswap_r64, &Bswap<ulong>);
        table.Add([Code.Movbe_r16_m16, Code.Movbe_m16_r16], &Movbe<ushort>);
        table.Add([Code.Movbe_r32_m32, Code.Movbe_m32_r32], &Movbe<uint>);
        table.Add([Code.Movbe_r64_m64, Code.Movbe_m64_r64], &Movbe<ulong>);
        table.Add(Code.Lea_r16_m, &Lea<ushort>);
        table.Add(Code.Lea_r32_m, &Lea<uint>);
        table.Add(Code.Lea_r64_m, &Lea<ulong>);
        table.Add(Code.Xlat_m8, &Xlat);
    }

    private interface IExtension
    {
        static abstract ulong Do<T>(ulong value) where T : unmanaged;
    }

    private readonly struct Zero : IExtension
    {
        [MethodImpl(Jit.Inline)] public static ulong Do<T>(ulong value) where T : unmanaged => value;
    }

    private readonly struct Sign : IExtension
    {
        [MethodImpl(Jit.Inline)] public static ulong Do<T>(ulong value)
            where T : unmanaged => (ulong)Int.Sext<T>(value);
    }

    private static void Extend<TTo, TFrom, TExtension>(BlockBuilder b)
        where TTo : unmanaged where TFrom : unmanaged where TExtension : struct, IExtension
    {
        b.Op->Dst = b.Register(0);
        if (b.IsMemory(1))
        {
            b.Emit(&ExtendMem<TTo, TFrom, TExtension>);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(&ExtendReg<TTo, TFrom, TExtension>);
    }

    [MethodImpl(Jit.Handler)]
    private static void ExtendReg<TTo, TFrom, TExtension>(Cpu* cpu, Op* op)
        where TTo : unmanaged where TFrom : unmanaged where TExtension : struct, IExtension
    {
        Int.SetReg<TTo>(cpu, op->Dst, TExtension.Do<TFrom>(Int.Reg<TFrom>(cpu, op->Src)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void ExtendMem<TTo, TFrom, TExtension>(Cpu* cpu, Op* op)
        where TTo : unmanaged where TFrom : unmanaged where TExtension : struct, IExtension
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(TFrom)), out TFrom value)) return;
        Int.SetReg<TTo>(cpu, op->Dst, TExtension.Do<TFrom>(Int.From(value)));
        Chain.Next(cpu, op);
    }

    private static void Accumulator<TTo, TFrom>(BlockBuilder b) where TTo : unmanaged where TFrom : unmanaged
    {
        b.Op->Dst = b.Op->Src = Rax;
        b.Emit(&ExtendReg<TTo, TFrom, Sign>);
    }

    private static void SignPair<T>(BlockBuilder b) where T : unmanaged => b.Emit(&SignPairOp<T>);

    [MethodImpl(Jit.Handler)]
    private static void SignPairOp<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<T>(cpu, Rdx, (ulong)(Int.Sext<T>(cpu->Gpr[0]) >> 63));
        Chain.Next(cpu, op);
    }

    /// <summary>Bytes in reverse order.</summary>
    [MethodImpl(Jit.Inline)]
    private static ulong Reverse<T>(ulong value) where T : unmanaged =>
        sizeof(T) == 2 ? BinaryPrimitives.ReverseEndianness((ushort)value)
        : sizeof(T) == 4 ? BinaryPrimitives.ReverseEndianness((uint)value) : BinaryPrimitives.ReverseEndianness(value);

    private static void Bswap<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Dst = b.Register(0);
        b.Emit(&BswapOp<T>);
    }

    // With 16 bits the manual leaves the result undefined: zero, as processors do.
    [MethodImpl(Jit.Handler)]
    private static void BswapOp<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<T>(cpu, op->Dst, sizeof(T) == 2 ? 0 : Reverse<T>(Int.Reg<T>(cpu, op->Dst)));
        Chain.Next(cpu, op);
    }

    private static void Movbe<T>(BlockBuilder b) where T : unmanaged
    {
        if (b.IsMemory(0))
        {
            b.Op->Src = b.Register(1);
            b.Emit(&MovbeMemReg<T>);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Emit(&MovbeRegMem<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void MovbeRegMem<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        Int.SetReg<T>(cpu, op->Dst, Reverse<T>(Int.From(value)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void MovbeMemReg<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        ulong linear = Address.Linear(cpu, op, sizeof(T), true);
        if (!Memory.WriteInt<T>(cpu, op, linear, Reverse<T>(Int.Reg<T>(cpu, op->Src)))) return;
        Chain.Next(cpu, op);
    }

    private static void Lea<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Dst = b.Register(0);
        // A segment prefix does not count, so only the address size does.
        if (b.Op->Address is AddressKind.Flat64 or AddressKind.Based64)
        {
            if (b.Op->Index == Cpu.ZeroOffset) b.Emit(&LeaBase<T>);
            else b.Emit(&LeaFlat<T>);
        }
        else b.Emit(&LeaAny<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void LeaBase<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<T>(cpu, op->Dst, *(ulong*)((byte*)cpu + op->Base) + (ulong)op->Disp);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void LeaFlat<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<T>(cpu, op->Dst, Address.Offset(cpu, op));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void LeaAny<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<T>(cpu, op->Dst, Address.Effective(cpu, op));
        Chain.Next(cpu, op);
    }

    // Its index is AL alone, so the address is formed here; Aux holds the segment's number, Imm the mask of the address
    // size.
    private static void Xlat(BlockBuilder b)
    {
        Register baseRegister = b.Instruction.MemoryBase;
        b.Op->Index = (ushort)Cpu.ZeroOffset;
        b.Op->Imm = baseRegister == Iced.Intel.Register.RBX ? -1 : baseRegister == Iced.Intel.Register.EBX
            ? 0xFFFF_FFFF : 0xFFFF;
        b.Op->Aux = (ushort)b.Instruction.MemorySegment.GetNumber();
        b.Emit(&XlatOp);
    }

    [MethodImpl(Jit.Handler)]
    private static void XlatOp(Cpu* cpu, Op* op)
    {
        const int rbx = 3;
        ulong offset = (cpu->Gpr[rbx] + (byte)cpu->Gpr[0]) & (ulong)op->Imm;
        if (!Memory.Read(cpu, op, Address.InSegment(cpu, op->Aux, offset, 1, false), out byte value)) return;
        Int.SetReg<byte>(cpu, Rax, value);
        Chain.Next(cpu, op);
    }
}
