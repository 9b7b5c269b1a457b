using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Shifts and rotates by 1, by an immediate and by CL (SDM vol. 1, 5.1.5). The count is the second operand of
/// a binary form and is masked to 5 bits (6 for 64-bit operands); a masked count of 0 leaves the flags alone. OF for
/// counts above 1 follows the formula for 1.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class Shifts
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Rol_rm8_imm8, Code.Rol_rm16_imm8, Code.Rol_rm32_imm8, Code.Rol_rm64_imm8, Code.Rol_rm8_1,
            Code.Rol_rm16_1, Code.Rol_rm32_1,
            Code.Rol_rm64_1, Code.Rol_rm8_CL, Code.Rol_rm16_CL, Code.Rol_rm32_CL, Code.Rol_rm64_CL],
                &BinaryForms.Build<Rol>);
        table.Add([Code.Ror_rm8_imm8, Code.Ror_rm16_imm8, Code.Ror_rm32_imm8, Code.Ror_rm64_imm8, Code.Ror_rm8_1,
            Code.Ror_rm16_1, Code.Ror_rm32_1,
            Code.Ror_rm64_1, Code.Ror_rm8_CL, Code.Ror_rm16_CL, Code.Ror_rm32_CL, Code.Ror_rm64_CL],
                &BinaryForms.Build<Ror>);
        table.Add([Code.Rcl_rm8_imm8, Code.Rcl_rm16_imm8, Code.Rcl_rm32_imm8, Code.Rcl_rm64_imm8, Code.Rcl_rm8_1,
            Code.Rcl_rm16_1, Code.Rcl_rm32_1,
            Code.Rcl_rm64_1, Code.Rcl_rm8_CL, Code.Rcl_rm16_CL, Code.Rcl_rm32_CL, Code.Rcl_rm64_CL],
                &BinaryForms.Build<Rcl>);
        table.Add([Code.Rcr_rm8_imm8, Code.Rcr_rm16_imm8, Code.Rcr_rm32_imm8, Code.Rcr_rm64_imm8, Code.Rcr_rm8_1,
            Code.Rcr_rm16_1, Code.Rcr_rm32_1,
            Code.Rcr_rm64_1, Code.Rcr_rm8_CL, Code.Rcr_rm16_CL, Code.Rcr_rm32_CL, Code.Rcr_rm64_CL],
                &BinaryForms.Build<Rcr>);
        table.Add([Code.Shl_rm8_imm8, Code.Shl_rm16_imm8, Code.Shl_rm32_imm8, Code.Shl_rm64_imm8, Code.Shl_rm8_1,
            Code.Shl_rm16_1, Code.Shl_rm32_1,
            Code.Shl_rm64_1, Code.Shl_rm8_CL, Code.Shl_rm16_CL, Code.Shl_rm32_CL, Code.Shl_rm64_CL, Code.Sal_rm8_imm8,
                Code.Sal_rm16_imm8,
            Code.Sal_rm32_imm8, Code.Sal_rm64_imm8, Code.Sal_rm8_1, Code.Sal_rm16_1, Code.Sal_rm32_1, Code.Sal_rm64_1,
                Code.Sal_rm8_CL,
            Code.Sal_rm16_CL, Code.Sal_rm32_CL, Code.Sal_rm64_CL], &BinaryForms.Build<Shl>);
        table.Add([Code.Shr_rm8_imm8, Code.Shr_rm16_imm8, Code.Shr_rm32_imm8, Code.Shr_rm64_imm8, Code.Shr_rm8_1,
            Code.Shr_rm16_1, Code.Shr_rm32_1,
            Code.Shr_rm64_1, Code.Shr_rm8_CL, Code.Shr_rm16_CL, Code.Shr_rm32_CL, Code.Shr_rm64_CL],
                &BinaryForms.Build<Shr>);
        table.Add([Code.Sar_rm8_imm8, Code.Sar_rm16_imm8, Code.Sar_rm32_imm8, Code.Sar_rm64_imm8, Code.Sar_rm8_1,
            Code.Sar_rm16_1, Code.Sar_rm32_1,
            Code.Sar_rm64_1, Code.Sar_rm8_CL, Code.Sar_rm16_CL, Code.Sar_rm32_CL, Code.Sar_rm64_CL],
                &BinaryForms.Build<Sar>);
        table.Add([Code.Shld_rm16_r16_imm8, Code.Shld_rm16_r16_CL], &Double<ushort, Shld>);
        table.Add([Code.Shld_rm32_r32_imm8, Code.Shld_rm32_r32_CL], &Double<uint, Shld>);
        table.Add([Code.Shld_rm64_r64_imm8, Code.Shld_rm64_r64_CL], &Double<ulong, Shld>);
        table.Add([Code.Shrd_rm16_r16_imm8, Code.Shrd_rm16_r16_CL], &Double<ushort, Shrd>);
        table.Add([Code.Shrd_rm32_r32_imm8, Code.Shrd_rm32_r32_CL], &Double<uint, Shrd>);
        table.Add([Code.Shrd_rm64_r64_imm8, Code.Shrd_rm64_r64_CL], &Double<ulong, Shrd>);
    }

    [MethodImpl(Jit.Inline)]
    private static int Count<T>(ulong count) where T : unmanaged => (int)count & (sizeof(T) == 8 ? 63 : 31);

    private readonly struct Shl : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            int count = Count<T>(b);
            if (count == 0) return a;
            ulong r = a << count;
            // The last bit shifted out is bit (width − count); for counts above the width of narrow operands it is
            // zero.
            ulong cf = sizeof(T) == 8 ? (a >> (64 - count)) & 1 : (r >> Int.Bits<T>()) & 1;
            Flags.SetResult<T>(cpu, r, cf, cf ^ Int.Msb<T>(r));
            return r;
        }
    }

    private readonly struct Shr : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            int count = Count<T>(b);
            if (count == 0) return a;
            ulong r = a >> count;
            Flags.SetResult<T>(cpu, r, (a >> (count - 1)) & 1, Int.Msb<T>(r << 1 ^ r));
            return r;
        }
    }

    private readonly struct Sar : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            int count = Count<T>(b);
            if (count == 0) return a;
            long s = Int.Sext<T>(a);
            ulong r = (ulong)(s >> count);
            Flags.SetResult<T>(cpu, r, (ulong)(s >> (count - 1)) & 1, 0);
            return r;
        }
    }

    private readonly struct Rol : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            int masked = Count<T>(b);
            if (masked == 0) return a;
            int count = masked & (Int.Bits<T>() - 1);
            ulong r = sizeof(T) == 8 ? ulong.RotateLeft(a, count)
                : Int.Zext<T>(a << count | a >> (Int.Bits<T>() - count));
            ulong cf = r & 1;
            Flags.SetCarryOverflow(cpu, cf, cf ^ Int.Msb<T>(r));
            return r;
        }
    }

    private readonly struct Ror : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            int masked = Count<T>(b);
            if (masked == 0) return a;
            int count = masked & (Int.Bits<T>() - 1);
            ulong r = sizeof(T) == 8 ? ulong.RotateRight(a, count)
                : Int.Zext<T>(a >> count | a << (Int.Bits<T>() - count));
            Flags.SetCarryOverflow(cpu, Int.Msb<T>(r), Int.Msb<T>(r ^ r << 1));
            return r;
        }
    }

    private readonly struct Rcl : IBinary
    {
        public static bool Writes => true;
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            int count = Count<T>(b), bits = Int.Bits<T>();
            if (sizeof(T) < 4) count %= bits + 1;
            if (count == 0) return a;
            // The operand with CF above its top bit, rotated in width + 1 bits.
            UInt128 wide = a | (UInt128)Flags.Carry(cpu) << bits;
            UInt128 rotated = wide << count | wide >> (bits + 1 - count);
            ulong r = Int.Zext<T>((ulong)rotated);
            ulong cf = (ulong)(rotated >> bits) & 1;
            Flags.SetCarryOverflow(cpu, cf, cf ^ Int.Msb<T>(r));
            return r;
        }
    }

    private readonly struct Rcr : IBinary
    {
        public static bool Writes => true;
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            int count = Count<T>(b), bits = Int.Bits<T>();
            if (sizeof(T) < 4) count %= bits + 1;
            if (count == 0) return a;
            UInt128 wide = a | (UInt128)Flags.Carry(cpu) << bits;
            UInt128 rotated = wide >> count | wide << (bits + 1 - count);
            ulong r = Int.Zext<T>((ulong)rotated);
            Flags.SetCarryOverflow(cpu, (ulong)(rotated >> bits) & 1, Int.Msb<T>(r ^ r << 1));
            return r;
        }
    }

    /// <summary>SHLD and SHRD: a is shifted, bits come in from the register b. count is not 0.</summary>
    private interface IDouble
    {
        static abstract ulong Do<T>(Cpu* cpu, ulong a, ulong b, int count) where T : unmanaged;
    }

    private readonly struct Shld : IDouble
    {
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b, int count) where T : unmanaged
        {
            int bits = Int.Bits<T>();
            ulong r, cf;
            if (sizeof(T) == 2)
            {
                // Counts above 16 (undefined in the manual) go on with the first operand: a:b:a, as the hardware does.
                ulong wide = a << 32 | b << 16 | a;
                r = Int.Zext<T>((wide << count) >> 32);
                cf = (wide << count) >> 48 & 1;
            }
            else
            {
                r = Int.Zext<T>(a << count | b >> (bits - count));
                cf = a >> (bits - count) & 1;
            }
            Flags.SetResult<T>(cpu, r, cf, Int.Msb<T>(a ^ r));
            return r;
        }
    }

    private readonly struct Shrd : IDouble
    {
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b, int count) where T : unmanaged
        {
            int bits = Int.Bits<T>();
            ulong r, cf;
            if (sizeof(T) == 2)
            {
                ulong wide = a << 32 | b << 16 | a;
                r = Int.Zext<T>(wide >> count);
                cf = wide >> (count - 1) & 1;
            }
            else
            {
                r = Int.Zext<T>(a >> count | b << (bits - count));
                cf = a >> (count - 1) & 1;
            }
            Flags.SetResult<T>(cpu, r, cf, Int.Msb<T>(a ^ r));
            return r;
        }
    }

    private static void Double<T, TOp>(BlockBuilder b) where T : unmanaged where TOp : struct, IDouble
    {
        Op* op = b.Op;
        op->Src = b.Register(1);
        // Src2 is where the count lies: CL, or the zero register with the count in Imm.
        if (b.IsImmediate(2))
        {
            op->Imm = b.Immediate(2);
            op->Src2 = (ushort)Cpu.ZeroOffset;
        }
        else op->Src2 = b.Register(2);
        if (b.IsMemory(0))
        {
            b.Emit(&DoubleMem<T, TOp>);
            return;
        }
        op->Dst = b.Register(0);
        b.Emit(&DoubleReg<T, TOp>);
    }

    [MethodImpl(Jit.Handler)]
    private static void DoubleReg<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IDouble
    {
        int count = Count<T>(Int.Reg<byte>(cpu, op->Src2) | (ulong)op->Imm);
        ulong r = Int.Reg<T>(cpu, op->Dst);
        if (count != 0) r = TOp.Do<T>(cpu, r, Int.Reg<T>(cpu, op->Src), count);
        Int.SetReg<T>(cpu, op->Dst, r);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void DoubleMem<T, TOp>(Cpu* cpu, Op* op) where T : unmanaged where TOp : struct, IDouble
    {
        ulong linear = Address.Linear(cpu, op, sizeof(T), true);
        if (!Memory.ReadForWrite(cpu, op, linear, out T value)) return;
        int count = Count<T>(Int.Reg<byte>(cpu, op->Src2) | (ulong)op->Imm);
        if (count != 0)
        {
            ulong r = TOp.Do<T>(cpu, Int.From(value), Int.Reg<T>(cpu, op->Src), count);
            if (!Memory.WriteInt<T>(cpu, op, linear, r)) return;
        }
        Chain.Next(cpu, op);
    }
}
