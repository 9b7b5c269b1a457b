using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hv.X86.Interpreter;

/// <summary>MMX registers: the significands of the physical x87 registers (SDM vol. 1, 9.2; vol. 3, 14.2).</summary>
// SAFETY (whole class): offsets come from Cpu.MmOffset; 16 bytes lie there.
internal static unsafe class Mmx
{
    private const ushort ErrorSummary = 0x80;
    private const ushort Top = 0x3800;

    /// <summary>A pending x87 exception comes first: #MF. False: raised.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool Begin(Cpu* cpu, Op* op)
    {
        if ((cpu->Fsw & ErrorSummary) == 0) return true;
        Fault.Raise(cpu, op, Fault.Mf);
        return false;
    }

    /// <summary>What every MMX instruction but EMMS does to x87 state: TOP = 0, all registers in use.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Enter(Cpu* cpu)
    {
        cpu->Fsw &= unchecked((ushort)~Top);
        cpu->Ftw = 0xFF;
    }

    /// <summary>Reads a register.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong Get(Cpu* cpu, ushort offset) => *(ulong*)((byte*)cpu + offset);

    /// <summary>Writes a register; sign and exponent become ones.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Set(Cpu* cpu, ushort offset, ulong value)
    {
        *(ulong*)((byte*)cpu + offset) = value;
        *(ushort*)((byte*)cpu + offset + 8) = 0xFFFF;
    }

    /// <summary>EMMS: all registers are empty.</summary>
    [MethodImpl(Jit.Handler)]
    public static void Emms(Cpu* cpu, Op* op)
    {
        if (!Begin(cpu, op)) return;
        cpu->Ftw = 0;
        cpu->Fsw &= unchecked((ushort)~Top);
        Chain.Next(cpu, op);
    }

    /// <summary>MOVD and MOVQ mm, r/m: register source.</summary>
    [MethodImpl(Jit.Handler)]
    public static void FromRegister<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Begin(cpu, op)) return;
        Enter(cpu);
        Set(cpu, op->Dst, Int.Reg<T>(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    /// <summary>MOVD and MOVQ mm, m.</summary>
    [MethodImpl(Jit.Handler)]
    public static void FromMemory<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Begin(cpu, op)) return;
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T source)) return;
        Enter(cpu);
        Set(cpu, op->Dst, Int.From(source));
        Chain.Next(cpu, op);
    }

    /// <summary>MOVD and MOVQ r, mm.</summary>
    [MethodImpl(Jit.Handler)]
    public static void ToRegister<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Begin(cpu, op)) return;
        Enter(cpu);
        Int.SetReg<T>(cpu, op->Dst, Int.Zext<T>(Get(cpu, op->Src)));
        Chain.Next(cpu, op);
    }

    /// <summary>MOVD, MOVQ and MOVNTQ m, mm.</summary>
    [MethodImpl(Jit.Handler)]
    public static void ToMemory<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Begin(cpu, op)) return;
        T value = *(T*)((byte*)cpu + op->Src);
        if (!Memory.Write(cpu, op, Address.Linear(cpu, op, sizeof(T), isWrite: true), value)) return;
        Enter(cpu);
        Chain.Next(cpu, op);
    }

    /// <summary>MOVQ mm, mm.</summary>
    [MethodImpl(Jit.Handler)]
    public static void Move(Cpu* cpu, Op* op)
    {
        if (!Begin(cpu, op)) return;
        Enter(cpu);
        Set(cpu, op->Dst, Get(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    /// <summary>MOVQ2DQ xmm, mm.</summary>
    [MethodImpl(Jit.Handler)]
    public static void ToXmm(Cpu* cpu, Op* op)
    {
        if (!Begin(cpu, op)) return;
        Enter(cpu);
        Xmm.SetLow(cpu, op->Dst, Vector128.CreateScalar(Get(cpu, op->Src)).AsByte());
        Chain.Next(cpu, op);
    }

    /// <summary>MOVDQ2Q mm, xmm.</summary>
    [MethodImpl(Jit.Handler)]
    public static void FromXmm(Cpu* cpu, Op* op)
    {
        if (!Begin(cpu, op)) return;
        Enter(cpu);
        Set(cpu, op->Dst, *(ulong*)((byte*)cpu + op->Src));
        Chain.Next(cpu, op);
    }

    /// <summary>PMOVMSKB r, mm: the sign bits of the eight bytes.</summary>
    [MethodImpl(Jit.Handler)]
    public static void ByteSigns(Cpu* cpu, Op* op)
    {
        if (!Begin(cpu, op)) return;
        Enter(cpu);
        // The multiplication gathers bit 7 of byte i at bit 56 + i.
        ulong signs = (Get(cpu, op->Src) >> 7) & 0x0101_0101_0101_0101;
        Int.SetReg<uint>(cpu, op->Dst, (signs * 0x0102_0408_1020_4080) >> 56);
        Chain.Next(cpu, op);
    }

    /// <summary>PINSRW mm, r, imm8.</summary>
    [MethodImpl(Jit.Handler)]
    public static void InsertWord(Cpu* cpu, Op* op)
    {
        if (!Begin(cpu, op)) return;
        Enter(cpu);
        Insert(cpu, op, (ushort)Int.Reg<ushort>(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    /// <summary>PINSRW mm, m16, imm8.</summary>
    [MethodImpl(Jit.Handler)]
    public static void InsertWordMemory(Cpu* cpu, Op* op)
    {
        if (!Begin(cpu, op)) return;
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 2), out ushort source)) return;
        Enter(cpu);
        Insert(cpu, op, source);
        Chain.Next(cpu, op);
    }

    /// <summary>PEXTRW r, mm, imm8.</summary>
    [MethodImpl(Jit.Handler)]
    public static void ExtractWord(Cpu* cpu, Op* op)
    {
        if (!Begin(cpu, op)) return;
        Enter(cpu);
        Int.SetReg<uint>(cpu, op->Dst, (ushort)(Get(cpu, op->Src) >> ((op->Aux & 3) * 16)));
        Chain.Next(cpu, op);
    }

    private static void Insert(Cpu* cpu, Op* op, ushort word)
    {
        int shift = (op->Aux & 3) * 16;
        Set(cpu, op->Dst, (Get(cpu, op->Dst) & ~(0xFFFFul << shift)) | (ulong)word << shift);
    }
}
