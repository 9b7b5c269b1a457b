using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>BMI1, BMI2 and ADX (SDM vol. 1, 5.1.16). VEX encodings need protected mode; nothing else depends on
/// XCR0.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class Bmi
{
    private const ushort Rdx = 16;

    public static void Register(OpTable table)
    {
        table.Add(Code.VEX_Andn_r32_r32_rm32, &Three<uint, Andn>);
        table.Add(Code.VEX_Andn_r64_r64_rm64, &Three<ulong, Andn>);
        table.Add(Code.VEX_Pdep_r32_r32_rm32, &Three<uint, Pdep>);
        table.Add(Code.VEX_Pdep_r64_r64_rm64, &Three<ulong, Pdep>);
        table.Add(Code.VEX_Pext_r32_r32_rm32, &Three<uint, Pext>);
        table.Add(Code.VEX_Pext_r64_r64_rm64, &Three<ulong, Pext>);
        table.Add(Code.VEX_Bextr_r32_rm32_r32, &Swapped<uint, Bextr>);
        table.Add(Code.VEX_Bextr_r64_rm64_r64, &Swapped<ulong, Bextr>);
        table.Add(Code.VEX_Bzhi_r32_rm32_r32, &Swapped<uint, Bzhi>);
        table.Add(Code.VEX_Bzhi_r64_rm64_r64, &Swapped<ulong, Bzhi>);
        table.Add(Code.VEX_Sarx_r32_rm32_r32, &Swapped<uint, Sarx>);
        table.Add(Code.VEX_Sarx_r64_rm64_r64, &Swapped<ulong, Sarx>);
        table.Add(Code.VEX_Shlx_r32_rm32_r32, &Swapped<uint, Shlx>);
        table.Add(Code.VEX_Shlx_r64_rm64_r64, &Swapped<ulong, Shlx>);
        table.Add(Code.VEX_Shrx_r32_rm32_r32, &Swapped<uint, Shrx>);
        table.Add(Code.VEX_Shrx_r64_rm64_r64, &Swapped<ulong, Shrx>);
        table.Add(Code.VEX_Blsr_r32_rm32, &Two<uint, Blsr>);
        table.Add(Code.VEX_Blsr_r64_rm64, &Two<ulong, Blsr>);
        table.Add(Code.VEX_Blsmsk_r32_rm32, &Two<uint, Blsmsk>);
        table.Add(Code.VEX_Blsmsk_r64_rm64, &Two<ulong, Blsmsk>);
        table.Add(Code.VEX_Blsi_r32_rm32, &Two<uint, Blsi>);
        table.Add(Code.VEX_Blsi_r64_rm64, &Two<ulong, Blsi>);
        table.Add(Code.VEX_Rorx_r32_rm32_imm8, &RotateImmediate<uint>);
        table.Add(Code.VEX_Rorx_r64_rm64_imm8, &RotateImmediate<ulong>);
        table.Add(Code.VEX_Mulx_r32_r32_rm32, &Mulx<uint>);
        table.Add(Code.VEX_Mulx_r64_r64_rm64, &Mulx<ulong>);
        table.Add([Code.Adcx_r32_rm32, Code.Adcx_r64_rm64], &BinaryForms.Build<Adcx>);
        table.Add([Code.Adox_r32_rm32, Code.Adox_r64_rm64], &BinaryForms.Build<Adox>);
    }

    /// <summary>An operation whose first source is a register and whose second may be memory.</summary>
    private interface IVex
    {
        static abstract ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged;
    }

    /// <summary>Exchanges the operands: the first may be memory, the second is the register.</summary>
    private readonly struct Swap<TOp> : IVex where TOp : struct, IVex
    {
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged => TOp.Do<T>(cpu, b, a);
    }

    private static void Three<T, TOp>(BlockBuilder b)
        where T : unmanaged where TOp : struct, IVex => Build<T, TOp>(b, 1, 2);

    private static void Swapped<T, TOp>(BlockBuilder b)
        where T : unmanaged where TOp : struct, IVex => Build<T, Swap<TOp>>(b, 2, 1);

    private static void Two<T, TOp>(BlockBuilder b)
        where T : unmanaged where TOp : struct, IVex => Build<T, TOp>(b, 0, 1);

    private static void Build<T, TOp>(BlockBuilder b, int register, int registerOrMemory)
        where T : unmanaged where TOp : struct, IVex
    {
        b.Op->Dst = b.Register(0);
        b.Op->Src = b.Register(register);
        if (b.IsMemory(registerOrMemory))
        {
            b.Emit(&Mem<T, TOp>);
            return;
        }
        b.Op->Src2 = b.Register(registerOrMemory);
        b.Emit(&Reg<T, TOp>);
    }

    [MethodImpl(Jit.Handler)]
    private static void Reg<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IVex
    {
        Int.SetReg<T>(cpu, op->Dst, TOp.Do<T>(cpu, Int.Reg<T>(cpu, op->Src), Int.Reg<T>(cpu, op->Src2)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Mem<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IVex
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        Int.SetReg<T>(cpu, op->Dst, TOp.Do<T>(cpu, Int.Reg<T>(cpu, op->Src), Int.From(value)));
        Chain.Next(cpu, op);
    }

    private readonly struct Andn : IVex
    {
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = ~a & b;
            Flags.SetLogic<T>(cpu, r);
            return r;
        }
    }

    private readonly struct Pdep : IVex
    {
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            if (Bmi2.X64.IsSupported) return Bmi2.X64.ParallelBitDeposit(a, b);
            ulong r = 0;
            for (ulong mask = b; mask != 0; mask &= mask - 1, a >>= 1)
            {
                if ((a & 1) != 0) r |= mask & (0 - mask);
            }
            return r;
        }
    }

    private readonly struct Pext : IVex
    {
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            if (Bmi2.X64.IsSupported) return Bmi2.X64.ParallelBitExtract(a, b);
            ulong r = 0;
            int at = 0;
            for (ulong mask = b; mask != 0; mask &= mask - 1, at++)
            {
                if ((a & mask & (0 - mask)) != 0) r |= 1ul << at;
            }
            return r;
        }
    }

    private readonly struct Bextr : IVex
    {
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            int start = (byte)b, length = (byte)(b >> 8);
            ulong r = start >= 64 ? 0 : a >> start;
            if (length < 64) r &= (1ul << length) - 1;
            Flags.SetLogic<T>(cpu, r);
            return r;
        }
    }

    private readonly struct Bzhi : IVex
    {
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            int index = (byte)b;
            bool isBeyond = index >= Int.Bits<T>();
            ulong r = isBeyond ? a : a & ((1ul << index) - 1);
            Flags.SetResult<T>(cpu, r, isBeyond ? 1u : 0u, 0);
            return r;
        }
    }

    private readonly struct Sarx : IVex
    {
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged =>
            (ulong)(Int.Sext<T>(a) >> ((int)b & (Int.Bits<T>() - 1)));
    }

    private readonly struct Shlx : IVex
    {
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b)
            where T : unmanaged => a << ((int)b & (Int.Bits<T>() - 1));
    }

    private readonly struct Shrx : IVex
    {
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b)
            where T : unmanaged => a >> ((int)b & (Int.Bits<T>() - 1));
    }

    private readonly struct Blsr : IVex
    {
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = (b - 1) & b;
            Flags.SetResult<T>(cpu, r, b == 0 ? 1u : 0u, 0);
            return r;
        }
    }

    private readonly struct Blsmsk : IVex
    {
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = Int.Zext<T>((b - 1) ^ b);
            Flags.SetResult<T>(cpu, r, b == 0 ? 1u : 0u, 0);
            return r;
        }
    }

    private readonly struct Blsi : IVex
    {
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = (0 - b) & b;
            Flags.SetResult<T>(cpu, r, b != 0 ? 1u : 0u, 0);
            return r;
        }
    }

    private static void RotateImmediate<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Dst = b.Register(0);
        b.Op->Imm = b.Immediate(2) & (Int.Bits<T>() - 1);
        if (b.IsMemory(1))
        {
            b.Emit(&RorxMem<T>);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(&RorxReg<T>);
    }

    [MethodImpl(Jit.Inline)]
    private static ulong Rotate<T>(ulong value, int count) where T : unmanaged =>
        sizeof(T) == 4 ? uint.RotateRight((uint)value, count) : ulong.RotateRight(value, count);

    [MethodImpl(Jit.Handler)]
    private static void RorxReg<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<T>(cpu, op->Dst, Rotate<T>(Int.Reg<T>(cpu, op->Src), (int)op->Imm));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void RorxMem<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        Int.SetReg<T>(cpu, op->Dst, Rotate<T>(Int.From(value), (int)op->Imm));
        Chain.Next(cpu, op);
    }

    // The high half goes to operand 0, the low one to operand 1; with the same register twice the high half stays.
    private static void Mulx<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Dst = b.Register(0);
        b.Op->Src2 = b.Register(1);
        if (b.IsMemory(2))
        {
            b.Emit(&MulxMem<T>);
            return;
        }
        b.Op->Src = b.Register(2);
        b.Emit(&MulxReg<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void MulxReg<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        MulxSet<T>(cpu, op, Int.Reg<T>(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void MulxMem<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        MulxSet<T>(cpu, op, Int.From(value));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static void MulxSet<T>(Cpu* cpu, Op* op, ulong operand) where T : unmanaged
    {
        ulong high = Math.BigMul(Int.Reg<T>(cpu, Rdx), operand, out ulong low);
        if (sizeof(T) == 4) high = low >> 32;
        Int.SetReg<T>(cpu, op->Src2, low);
        Int.SetReg<T>(cpu, op->Dst, high);
    }

    private readonly struct Adcx : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = a + b + Flags.Carry(cpu);
            Flags.SetCarry(cpu, Int.Msb<T>((a & b) | ((a | b) & ~r)));
            return r;
        }
    }

    private readonly struct Adox : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = a + b + (Flags.IsOverflow(cpu) ? 1u : 0u);
            Flags.SetCarryOverflow(cpu, Flags.Carry(cpu), Int.Msb<T>((a & b) | ((a | b) & ~r)));
            return r;
        }
    }
}
