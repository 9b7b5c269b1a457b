using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>A string instruction without its loop.</summary>
internal unsafe interface IStringOp
{
    /// <summary>Reads DS:rSI (or another segment by prefix).</summary>
    static abstract bool UsesSource { get; }
    /// <summary>Reads or writes ES:rDI.</summary>
    static abstract bool UsesDestination { get; }
    static abstract bool WritesDestination { get; }
    /// <summary>Sets flags, so that REPE and REPNE end it.</summary>
    static abstract bool Compares { get; }

    /// <summary>One element at linear addresses; false after a fault.</summary>
    static abstract bool Element<T>(Cpu* cpu, Op* op, ulong source, ulong destination) where T : unmanaged;

    /// <summary>Up to <paramref name="count"/> ascending elements (at least one) at host addresses inside one page
    /// each; gives how many were done.</summary>
    static abstract ulong Run<T>(Cpu* cpu, byte* source, byte* destination, ulong count, bool stopsOnEqual)
        where T : unmanaged;
}

/// <summary>The loops of string instructions; TA is the address size (of rSI, rDI and rCX).</summary>
// SAFETY (whole class): runs are cut so that all their bytes lie in the page of a TLB entry.
internal static unsafe class StringForms
{
    /// <summary>Pages (or single elements) after which a repeated instruction lets the dispatcher look
    /// around.</summary>
    public const int MaxRuns = 1024;

    private const ushort Rcx = 8, Rsi = 48, Rdi = 56;
    private const int EsIndex = 0;
    // Aux: segment of the source in bits 0–2, kind of repetition above.
    private const ushort SegmentMask = 7, Repeat = 8, StopOnEqual = 16;

    public static void Build<T, TString>(BlockBuilder b) where T : unmanaged where TString : struct, IStringOp
    {
        SetAux(b, TString.Compares && b.Instruction.HasRepnePrefix);
        switch (AddressBytes(b))
        {
            case 2: Build<T, ushort, TString>(b); break;
            case 4: Build<T, uint, TString>(b); break;
            default: Build<T, ulong, TString>(b); break;
        }
    }

    /// <summary>Fills Aux: source segment and repetition.</summary>
    public static void SetAux(BlockBuilder b, bool stopsOnEqual)
    {
        Register segment = b.Instruction.MemorySegment;
        b.Op->Aux = (ushort)(segment == Iced.Intel.Register.None ? 3 : segment.GetNumber());
        if (b.Instruction.HasRepPrefix || b.Instruction.HasRepnePrefix) b.Op->Aux |= Repeat;
        if (stopsOnEqual) b.Op->Aux |= StopOnEqual;
    }

    public static bool IsRepeated(Op* op) => (op->Aux & Repeat) != 0;
    public static int SourceSegment(Op* op) => op->Aux & SegmentMask;

    /// <summary>Address size in bytes, from the kind of the implicit memory operand.</summary>
    public static int AddressBytes(BlockBuilder b)
    {
        for (int i = 0; i < b.Instruction.OpCount; i++)
        {
            switch (b.Instruction.GetOpKind(i))
            {
                case OpKind.MemorySegSI or OpKind.MemorySegDI or OpKind.MemoryESDI: return 2;
                case OpKind.MemorySegESI or OpKind.MemorySegEDI or OpKind.MemoryESEDI: return 4;
                case OpKind.MemorySegRSI or OpKind.MemorySegRDI or OpKind.MemoryESRDI: return 8;
            }
        }
        return 8;
    }

    private static void Build<T, TA, TString>(BlockBuilder b)
        where T : unmanaged where TA : unmanaged where TString : struct, IStringOp
    {
        if (IsRepeated(b.Op)) b.Emit(&Repeated<T, TA, TString>);
        else b.Emit(&Once<T, TA, TString>);
    }

    /// <summary>CMP's flags.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Compare<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged => Flags.SetSub<T>(cpu, a, b, a - b);

    [MethodImpl(Jit.Handler)]
    private static void Once<T, TA, TString>(Cpu* cpu, Op* op)
        where T : unmanaged where TA : unmanaged where TString : struct, IStringOp
    {
        if (!One<T, TA, TString>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Repeated<T, TA, TString>(Cpu* cpu, Op* op)
        where T : unmanaged where TA : unmanaged where TString : struct, IStringOp
    {
        if (!Loop<T, TA, TString>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool One<T, TA, TString>(Cpu* cpu, Op* op)
        where T : unmanaged where TA : unmanaged where TString : struct, IStringOp
    {
        ulong source = TString.UsesSource
            ? Address.InSegment(cpu, SourceSegment(op), Int.Reg<TA>(cpu, Rsi), sizeof(T), false) : 0;
        ulong destination = TString.UsesDestination
            ? Address.InSegment(cpu, EsIndex, Int.Reg<TA>(cpu, Rdi), sizeof(T), TString.WritesDestination) : 0;
        if (!TString.Element<T>(cpu, op, source, destination)) return false;
        Advance<TA, TString>(cpu, (cpu->Rflags & Flags.Df) != 0 ? (ulong)-sizeof(T) : (ulong)sizeof(T));
        return true;
    }

    [MethodImpl(Jit.Inline)]
    private static void Advance<TA, TString>(Cpu* cpu, ulong bytes)
        where TA : unmanaged where TString : struct, IStringOp
    {
        if (TString.UsesSource) Int.SetReg<TA>(cpu, Rsi, Int.Reg<TA>(cpu, Rsi) + bytes);
        if (TString.UsesDestination) Int.SetReg<TA>(cpu, Rdi, Int.Reg<TA>(cpu, Rdi) + bytes);
    }

    /// <summary>True: the instruction is complete. False: a fault, or a pause with RIP at the instruction.</summary>
    [MethodImpl(Jit.Cold)]
    private static bool Loop<T, TA, TString>(Cpu* cpu, Op* op)
        where T : unmanaged where TA : unmanaged where TString : struct, IStringOp
    {
        Vcpu vcpu = Vcpu.Of(cpu);
        bool stopsOnEqual = (op->Aux & StopOnEqual) != 0;
        for (int runs = 0; ; runs++)
        {
            ulong count = Int.Reg<TA>(cpu, Rcx);
            if (count == 0) return true;
            if (runs > 0 && MustPause(cpu, vcpu, runs))
            {
                Fault.Synchronise(cpu, op);
                return false;
            }
            ulong done = Bulk<T, TA, TString>(cpu, op, count, stopsOnEqual);
            if (done == 0)
            {
                if (!One<T, TA, TString>(cpu, op)) return false;
                vcpu.Bus.Commit();
                done = 1;
            }
            Int.SetReg<TA>(cpu, Rcx, count - done);
            if (TString.Compares && Flags.IsZero(cpu) == stopsOnEqual) return true;
        }
    }

    /// <summary>A repeated instruction has to let the dispatcher look: a request, single-stepping, or enough
    /// done.</summary>
    public static bool MustPause(Cpu* cpu, Vcpu vcpu, int runs) =>
        runs >= MaxRuns || cpu->StopAt == 0 || vcpu.HasRequests || (cpu->Rflags & Flags.Tf) != 0;

    /// <summary>As many elements as lie in the present pages, by host addresses; 0 when it must go by single elements:
    /// descending, a TLB miss, a device, an element across pages, a segment's limit, single-stepping.</summary>
    private static ulong Bulk<T, TA, TString>(Cpu* cpu, Op* op, ulong count, bool stopsOnEqual)
        where T : unmanaged where TA : unmanaged where TString : struct, IStringOp
    {
        if ((cpu->Rflags & (Flags.Df | Flags.Tf)) != 0) return 0;
        ulong limit = count;
        byte* source = null;
        byte* destination = null;
        if (TString.UsesSource)
        {
            source = Host<T, TA>(cpu, SourceSegment(op), Int.Reg<TA>(cpu, Rsi), false, ref limit);
            if (source == null) return 0;
        }
        if (TString.UsesDestination)
        {
            destination = Host<T, TA>(cpu, EsIndex, Int.Reg<TA>(cpu, Rdi), TString.WritesDestination, ref limit);
            if (destination == null) return 0;
        }
        ulong done = TString.Run<T>(cpu, source, destination, limit, stopsOnEqual);
        Advance<TA, TString>(cpu, done * (ulong)sizeof(T));
        return done;
    }

    private static byte* Host<T, TA>(Cpu* cpu, int segment, ulong offset, bool isWrite, ref ulong limit)
        where T : unmanaged where TA : unmanaged
    {
        ulong linear = Address.InSegment(cpu, segment, offset, sizeof(T), isWrite);
        byte* host = isWrite ? Memory.Writable<T>(cpu, linear) : Memory.Readable<T>(cpu, linear);
        if (host == null) return null;
        ulong bytes = 4096 - (linear & 0xFFF);
        if (sizeof(TA) < 8) bytes = Math.Min(bytes, Int.Mask<TA>() - offset + 1);
        limit = Math.Min(limit, bytes / (ulong)sizeof(T));
        // The whole run must lie inside the segment; if it does not, single elements find out which one is beyond.
        return limit > 0 && Address.InSegment(cpu, segment, offset, (int)limit * sizeof(T), isWrite) == linear
            ? host : null;
    }
}
