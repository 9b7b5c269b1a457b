using System.Numerics;
using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Bit tests and scans: BT, BTS, BTR, BTC, BSF, BSR, LZCNT, TZCNT, POPCNT, CRC32 (SDM vol. 1, 5.1.6 and 5.12).
/// Flags that the manual leaves undefined: bit tests keep them; scans clear CF, OF and AF, and SF and PF are those of
/// the number found.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class Bits
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Bt_rm16_r16, Code.Bt_rm32_r32, Code.Bt_rm64_r64, Code.Bt_rm16_imm8, Code.Bt_rm32_imm8,
            Code.Bt_rm64_imm8], &BitTest<Bt>);
        table.Add([Code.Bts_rm16_r16, Code.Bts_rm32_r32, Code.Bts_rm64_r64, Code.Bts_rm16_imm8, Code.Bts_rm32_imm8,
            Code.Bts_rm64_imm8], &BitTest<Bts>);
        table.Add([Code.Btr_rm16_r16, Code.Btr_rm32_r32, Code.Btr_rm64_r64, Code.Btr_rm16_imm8, Code.Btr_rm32_imm8,
            Code.Btr_rm64_imm8], &BitTest<Btr>);
        table.Add([Code.Btc_rm16_r16, Code.Btc_rm32_r32, Code.Btc_rm64_r64, Code.Btc_rm16_imm8, Code.Btc_rm32_imm8,
            Code.Btc_rm64_imm8], &BitTest<Btc>);
        table.Add([Code.Bsf_r16_rm16, Code.Bsf_r32_rm32, Code.Bsf_r64_rm64], &Scan<Bsf>);
        table.Add([Code.Bsr_r16_rm16, Code.Bsr_r32_rm32, Code.Bsr_r64_rm64], &Scan<Bsr>);
        table.Add([Code.Tzcnt_r16_rm16, Code.Tzcnt_r32_rm32, Code.Tzcnt_r64_rm64], &BinaryForms.Build<Tzcnt>);
        table.Add([Code.Lzcnt_r16_rm16, Code.Lzcnt_r32_rm32, Code.Lzcnt_r64_rm64], &BinaryForms.Build<Lzcnt>);
        table.Add([Code.Popcnt_r16_rm16, Code.Popcnt_r32_rm32, Code.Popcnt_r64_rm64], &BinaryForms.Build<Popcnt>);
        table.Add([Code.Crc32_r32_rm8, Code.Crc32_r64_rm8], &Crc32<byte>);
        table.Add(Code.Crc32_r32_rm16, &Crc32<ushort>);
        table.Add(Code.Crc32_r32_rm32, &Crc32<uint>);
        table.Add(Code.Crc32_r64_rm64, &Crc32<ulong>);
    }

    /// <summary>What a bit test does with the bit.</summary>
    private interface IBitChange
    {
        static abstract bool Writes { get; }
        static abstract ulong Change(ulong value, ulong bit);
    }

    /// <summary>A bit test as a binary operation: the second operand is the bit's number, cut to the width.</summary>
    private readonly struct BitOf<TChange> : IBinary where TChange : struct, IBitChange
    {
        public static bool Writes => TChange.Writes;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            int index = (int)b & (Int.Bits<T>() - 1);
            Flags.SetCarry(cpu, a >> index & 1);
            return TChange.Change(a, 1ul << index);
        }
    }

    private readonly struct Bt : IBitChange
    {
        public static bool Writes => false;
        [MethodImpl(Jit.Inline)] public static ulong Change(ulong value, ulong bit) => value;
    }

    private readonly struct Bts : IBitChange
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)] public static ulong Change(ulong value, ulong bit) => value | bit;
    }

    private readonly struct Btr : IBitChange
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)] public static ulong Change(ulong value, ulong bit) => value & ~bit;
    }

    private readonly struct Btc : IBitChange
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)] public static ulong Change(ulong value, ulong bit) => value ^ bit;
    }

    private static void BitTest<TChange>(BlockBuilder b) where TChange : struct, IBitChange
    {
        if (!b.IsMemory(0) || b.IsImmediate(1))
        {
            BinaryForms.Build<BitOf<TChange>>(b);
            return;
        }
        b.Op->Src = b.Register(1);
        switch (b.OperandBytes(0))
        {
            case 2: b.Emit(&BitString<ushort, TChange>); break;
            case 4: b.Emit(&BitString<uint, TChange>); break;
            default: b.Emit(&BitString<ulong, TChange>); break;
        }
    }

    [MethodImpl(Jit.Handler)]
    private static void BitString<T, TChange>(Cpu* cpu, Op* op) where T : unmanaged where TChange : struct, IBitChange
    {
        if (!BitStringSlow<T, TChange>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    // A register's bit number reaches beyond the operand: it selects the word as well, before and after the address.
    // Always atomic.
    private static bool BitStringSlow<T, TChange>(Cpu* cpu, Op* op)
        where T : unmanaged where TChange : struct, IBitChange
    {
        long index = Int.Sext<T>(Int.Reg<T>(cpu, op->Src));
        ulong linear = Address.Displaced(cpu, op, (index >> BitOperations.Log2((uint)Int.Bits<T>())) * sizeof(T),
            sizeof(T), TChange.Writes);
        if (!TChange.Writes)
        {
            if (!Memory.Read(cpu, op, linear, out T read)) return false;
            BitOf<TChange>.Do<T>(cpu, Int.From(read), (ulong)index);
            return true;
        }
        byte* host = Memory.WritableOrFill<T>(cpu, op, linear);
        if (host == null)
        {
            if (cpu->Stop != Stop.None || !Memory.ReadForWrite(cpu, op, linear, out T value)) return false;
            return Memory.WriteInt<T>(cpu, op, linear, BitOf<TChange>.Do<T>(cpu, Int.From(value), (ulong)index));
        }
        ulong old;
        do old = Int.Load<T>(host);
        while (!Atomic.CompareExchange<T>(host, old, TChange.Change(old, 1ul << ((int)index & (Int.Bits<T>() - 1)))));
        BitOf<TChange>.Do<T>(cpu, old, (ulong)index);
        return true;
    }

    /// <summary>BSF or BSR of an operand that is not zero.</summary>
    private interface IScan
    {
        static abstract ulong Do(ulong value);
    }

    private readonly struct Bsf : IScan
    {
        [MethodImpl(Jit.Inline)] public static ulong Do(ulong value) => (ulong)BitOperations.TrailingZeroCount(value);
    }

    private readonly struct Bsr : IScan
    {
        [MethodImpl(Jit.Inline)] public static ulong Do(ulong value) => (ulong)BitOperations.Log2(value);
    }

    private static void Scan<TScan>(BlockBuilder b) where TScan : struct, IScan
    {
        switch (b.OperandBytes(0))
        {
            case 2: Scan<ushort, TScan>(b); break;
            case 4: Scan<uint, TScan>(b); break;
            default: Scan<ulong, TScan>(b); break;
        }
    }

    private static void Scan<T, TScan>(BlockBuilder b) where T : unmanaged where TScan : struct, IScan
    {
        b.Op->Dst = b.Register(0);
        if (b.IsMemory(1))
        {
            b.Emit(&ScanMem<T, TScan>);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(&ScanReg<T, TScan>);
    }

    [MethodImpl(Jit.Handler)]
    private static void ScanReg<T, TScan>(Cpu* cpu, Op* op) where T : unmanaged where TScan : struct, IScan
    {
        ScanValue<T, TScan>(cpu, op, Int.Reg<T>(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void ScanMem<T, TScan>(Cpu* cpu, Op* op) where T : unmanaged where TScan : struct, IScan
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        ScanValue<T, TScan>(cpu, op, Int.From(value));
        Chain.Next(cpu, op);
    }

    // Of zero the destination stays whole (AMD APM vol. 3), even the upper half of a 32-bit one.
    [MethodImpl(Jit.Inline)]
    private static void ScanValue<T, TScan>(Cpu* cpu, Op* op, ulong value)
        where T : unmanaged where TScan : struct, IScan
    {
        cpu->FlagResult = value == 0 ? 0 : 1;
        cpu->FlagCarry = 0;
        if (value != 0) Int.SetReg<T>(cpu, op->Dst, TScan.Do(value));
    }

    private readonly struct Tzcnt : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = b == 0 ? (ulong)Int.Bits<T>() : (ulong)BitOperations.TrailingZeroCount(b);
            Flags.SetResult<T>(cpu, r, b == 0 ? 1u : 0u, 0);
            return r;
        }
    }

    private readonly struct Lzcnt : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = (ulong)(BitOperations.LeadingZeroCount(b) - (64 - Int.Bits<T>()));
            Flags.SetResult<T>(cpu, r, b == 0 ? 1u : 0u, 0);
            return r;
        }
    }

    private readonly struct Popcnt : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            // All flags but ZF are clear, PF too: a result of 1 has odd parity, and for 0 the parity is inverted.
            cpu->FlagResult = b == 0 ? 0 : 1;
            cpu->FlagCarry = b == 0 ? 0x100u : 0u;
            return (ulong)BitOperations.PopCount(b);
        }
    }

    private static void Crc32<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Dst = b.Register(0);
        if (b.IsMemory(1))
        {
            b.Emit(&Crc32Mem<T>);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(&Crc32Reg<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void Crc32Reg<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<uint>(cpu, op->Dst, Crc<T>((uint)Int.Reg<uint>(cpu, op->Dst), Int.Reg<T>(cpu, op->Src)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Crc32Mem<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        Int.SetReg<uint>(cpu, op->Dst, Crc<T>((uint)Int.Reg<uint>(cpu, op->Dst), Int.From(value)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Inline)]
    private static uint Crc<T>(uint crc, ulong value) where T : unmanaged =>
        sizeof(T) == 1 ? BitOperations.Crc32C(crc, (byte)value) : sizeof(T) == 2
            ? BitOperations.Crc32C(crc, (ushort)value)
        : sizeof(T) == 4 ? BitOperations.Crc32C(crc, (uint)value) : BitOperations.Crc32C(crc, value);
}
