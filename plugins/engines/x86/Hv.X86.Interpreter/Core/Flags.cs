using System.Numerics;
using System.Runtime.CompilerServices;

namespace Hv.X86.Interpreter;

/// <summary>RFLAGS. The six status flags are lazy: kept as the last result, sign-extended (<see cref="Cpu.FlagResult"/>), and a word of carries
/// (<see cref="Cpu.FlagCarry"/>), so that a condition is computed without knowing which kind of instruction set it:
/// <list type="bullet">
/// <item>bit 63: CF. Bit 63 ^ bit 62: OF (62 is the carry into the sign bit).</item>
/// <item>bit 3: AF.</item>
/// <item>bit 0: SF is the result's sign, inverted when set. Bits 8–15: PF is the parity of the result's low byte XORed with these.</item>
/// <item>ZF is result == 0.</item>
/// </list>
/// Arithmetic leaves bits 0 and 8–15 clear; only <see cref="SetStatus"/> (POPF, SAHF, IRET…) needs them.</summary>
// SAFETY (whole file): cpu is the unmanaged state of the vCPU whose thread this is, op a record of a block in its arena.
internal static unsafe class Flags
{
    public const uint Cf = 1, Pf = 4, Af = 0x10, Zf = 0x40, Sf = 0x80, Tf = 0x100, If = 0x200, Df = 0x400, Of = 0x800,
        Iopl = 0x3000, Nt = 0x4000, Rf = 0x10000, Vm = 0x20000, Ac = 0x40000, Vif = 0x80000, Vip = 0x100000,
            Id = 0x200000;
    /// <summary>The six lazy ones.</summary>
    public const uint Status = Cf | Pf | Af | Zf | Sf | Of;

    private const ulong CarryBit = 1ul << 63;
    private const ulong CarryMask = 0xC000_0000_0000_0008;

    /// <summary>After r = a + b (+ carry); operands zero-extended, r may have bits above the width.</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetAdd<T>(Cpu* cpu, ulong a, ulong b, ulong r) where T : unmanaged
    {
        cpu->FlagResult = Int.Sext<T>(r);
        SetCarries<T>(cpu, (a & b) | ((a | b) & ~r));
    }

    /// <summary>After r = a − b (− borrow); operands zero-extended, r may have bits above the width.</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetSub<T>(Cpu* cpu, ulong a, ulong b, ulong r) where T : unmanaged
    {
        cpu->FlagResult = Int.Sext<T>(r);
        SetCarries<T>(cpu, (~a & b) | ((~a | b) & r));
    }

    /// <summary>After a logical operation: CF = OF = AF = 0.</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetLogic<T>(Cpu* cpu, ulong r) where T : unmanaged
    {
        cpu->FlagResult = Int.Sext<T>(r);
        cpu->FlagCarry = 0;
    }

    /// <summary>Result flags from r; CF and OF given as 0 or 1; AF = 0 (shifts, rotates through the result,
    /// multiplications).</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetResult<T>(Cpu* cpu, ulong r, ulong cf, ulong of) where T : unmanaged
    {
        cpu->FlagResult = Int.Sext<T>(r);
        cpu->FlagCarry = cf << 63 | (cf ^ of) << 62;
    }

    /// <summary>Changes CF and OF (0 or 1), keeps the others (rotates, INC and DEC keep CF themselves).</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetCarryOverflow(Cpu* cpu, ulong cf, ulong of) =>
        cpu->FlagCarry = (cpu->FlagCarry & ~(3ul << 62)) | cf << 63 | (cf ^ of) << 62;

    /// <summary>Changes CF (0 or 1), keeps the others.</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetCarry(Cpu* cpu, ulong cf)
    {
        ulong flip = (cpu->FlagCarry ^ cf << 63) & CarryBit;
        cpu->FlagCarry ^= flip | flip >> 1;
    }

    /// <summary>INC: as SetAdd with b = 1, but CF stays.</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetInc<T>(Cpu* cpu, ulong a, ulong r) where T : unmanaged
    {
        ulong old = cpu->FlagCarry;
        SetAdd<T>(cpu, a, 1, r);
        KeepCarry(cpu, old);
    }

    /// <summary>DEC: as SetSub with b = 1, but CF stays.</summary>
    [MethodImpl(Jit.Inline)]
    public static void SetDec<T>(Cpu* cpu, ulong a, ulong r) where T : unmanaged
    {
        ulong old = cpu->FlagCarry;
        SetSub<T>(cpu, a, 1, r);
        KeepCarry(cpu, old);
    }

    [MethodImpl(Jit.Inline)]
    private static void KeepCarry(Cpu* cpu, ulong old)
    {
        ulong flip = (cpu->FlagCarry ^ old) & CarryBit;
        cpu->FlagCarry ^= flip | flip >> 1;
    }

    [MethodImpl(Jit.Inline)]
    private static void SetCarries<T>(Cpu* cpu, ulong carries) where T : unmanaged =>
        cpu->FlagCarry = sizeof(T) == 8
            ? carries & CarryMask : (carries << (64 - sizeof(T) * 8) & (3ul << 62)) | (carries & 8);

    /// <summary>CF.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool IsCarry(Cpu* cpu) => (long)cpu->FlagCarry < 0;
    /// <summary>CF as 0 or 1.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong Carry(Cpu* cpu) => cpu->FlagCarry >> 63;
    /// <summary>ZF.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool IsZero(Cpu* cpu) => cpu->FlagResult == 0;
    /// <summary>SF.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool IsSign(Cpu* cpu) => (long)((ulong)cpu->FlagResult ^ cpu->FlagCarry << 63) < 0;
    /// <summary>OF.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool IsOverflow(Cpu* cpu) => (long)(cpu->FlagCarry ^ cpu->FlagCarry << 1) < 0;
    /// <summary>SF differs from OF.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool IsLess(Cpu* cpu) =>
        (long)((ulong)cpu->FlagResult ^ cpu->FlagCarry << 63 ^ cpu->FlagCarry ^ cpu->FlagCarry << 1) < 0;
    /// <summary>PF.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool IsParity(Cpu* cpu) =>
        (BitOperations.PopCount((uint)(byte)((ulong)cpu->FlagResult ^ cpu->FlagCarry >> 8)) & 1) == 0;
    /// <summary>AF.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool IsAdjust(Cpu* cpu) => (cpu->FlagCarry & 8) != 0;

    /// <summary>The six status flags in their places of RFLAGS.</summary>
    public static uint ReadStatus(Cpu* cpu) =>
        (IsCarry(cpu) ? Cf : 0) | (IsParity(cpu) ? Pf : 0) | (IsAdjust(cpu) ? Af : 0) | (IsZero(cpu) ? Zf : 0)
        | (IsSign(cpu) ? Sf : 0) | (IsOverflow(cpu) ? Of : 0);

    /// <summary>Sets the six status flags from their places in RFLAGS; other bits are ignored.</summary>
    public static void SetStatus(Cpu* cpu, uint flags)
    {
        ulong cf = flags & 1, of = (flags >> 11) & 1, sf = (flags >> 7) & 1, pf = (flags >> 2) & 1;
        long result = (flags & Zf) != 0 ? 0 : 1;
        // Result 0 has even parity, result 1 odd: bit 8 turns it into what PF asks for.
        ulong parity = (flags & Zf) != 0 ? pf ^ 1 : pf;
        cpu->FlagResult = result;
        cpu->FlagCarry = cf << 63 | (cf ^ of) << 62 | ((flags & Af) != 0 ? 8ul : 0) | sf | parity << 8;
    }

    /// <summary>The whole RFLAGS.</summary>
    public static ulong Read(Cpu* cpu) => cpu->Rflags | ReadStatus(cpu);

    /// <summary>Sets the whole RFLAGS: no checks, bit 1 is forced. After a change of TF, IF, AC, VM or RF the block
    /// must end (<see cref="Chain.Leave"/>) and, for AC and VM, <see cref="CpuMode.Refresh"/> must be called.</summary>
    public static void Write(Cpu* cpu, ulong value)
    {
        SetStatus(cpu, (uint)value);
        cpu->Rflags = (value & ~(ulong)Status) | 2;
    }
}
