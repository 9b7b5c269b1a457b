using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Single elements: MOVD, MOVQ, MOVNTI, PINSR, PEXTR, PMOVMSKB, PTEST, byte-masked stores, and the same on MMX
/// registers (SDM vol. 1, 5.4.1, 5.6.3, 5.6.4, 5.10). An element of a register is memory in <see cref="Cpu"/>, so the
/// builder turns its index into an offset.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class ElementGroup
{
    private const int Rdi = 7;

    public static void Register(OpTable table)
    {
        table.Add([Code.Movd_xmm_rm32, Code.VEX_Vmovd_xmm_rm32], &ToXmm<uint>);
        table.Add([Code.Movq_xmm_rm64, Code.VEX_Vmovq_xmm_rm64, Code.Movq_xmm_xmmm64, Code.VEX_Vmovq_xmm_xmmm64],
            &ToXmm<ulong>);
        table.Add([Code.Movd_rm32_xmm, Code.VEX_Vmovd_rm32_xmm], &FromXmm<uint>);
        table.Add([Code.Movq_rm64_xmm, Code.VEX_Vmovq_rm64_xmm], &FromXmm<ulong>);
        table.Add([Code.Movq_xmmm64_xmm, Code.VEX_Vmovq_xmmm64_xmm], &StoreQuadword);
        table.Add(Code.Movnti_m32_r32, &StoreInteger<uint>);
        table.Add(Code.Movnti_m64_r64, &StoreInteger<ulong>);

        table.Add([Code.Pinsrb_xmm_r32m8_imm8, Code.Pinsrb_xmm_r64m8_imm8, Code.VEX_Vpinsrb_xmm_xmm_r32m8_imm8,
            Code.VEX_Vpinsrb_xmm_xmm_r64m8_imm8], &Insert<byte>);
        table.Add([Code.Pinsrw_xmm_r32m16_imm8, Code.Pinsrw_xmm_r64m16_imm8, Code.VEX_Vpinsrw_xmm_xmm_r32m16_imm8,
            Code.VEX_Vpinsrw_xmm_xmm_r64m16_imm8], &Insert<ushort>);
        table.Add([Code.Pinsrd_xmm_rm32_imm8, Code.VEX_Vpinsrd_xmm_xmm_rm32_imm8], &Insert<uint>);
        table.Add([Code.Pinsrq_xmm_rm64_imm8, Code.VEX_Vpinsrq_xmm_xmm_rm64_imm8], &Insert<ulong>);
        table.Add([Code.Pextrb_r32m8_xmm_imm8, Code.Pextrb_r64m8_xmm_imm8, Code.VEX_Vpextrb_r32m8_xmm_imm8,
            Code.VEX_Vpextrb_r64m8_xmm_imm8], &Extract<byte>);
        table.Add([Code.Pextrw_r32_xmm_imm8, Code.Pextrw_r64_xmm_imm8, Code.VEX_Vpextrw_r32_xmm_imm8,
            Code.VEX_Vpextrw_r64_xmm_imm8,
            Code.Pextrw_r32m16_xmm_imm8, Code.Pextrw_r64m16_xmm_imm8, Code.VEX_Vpextrw_r32m16_xmm_imm8,
            Code.VEX_Vpextrw_r64m16_xmm_imm8], &Extract<ushort>);
        table.Add([Code.Pextrd_rm32_xmm_imm8, Code.VEX_Vpextrd_rm32_xmm_imm8, Code.Extractps_rm32_xmm_imm8,
            Code.Extractps_r64m32_xmm_imm8,
            Code.VEX_Vextractps_rm32_xmm_imm8, Code.VEX_Vextractps_r64m32_xmm_imm8], &Extract<uint>);
        table.Add([Code.Pextrq_rm64_xmm_imm8, Code.VEX_Vpextrq_rm64_xmm_imm8], &Extract<ulong>);

        table.Add([Code.Pmovmskb_r32_xmm, Code.Pmovmskb_r64_xmm, Code.VEX_Vpmovmskb_r32_xmm, Code.VEX_Vpmovmskb_r64_xmm,
            Code.VEX_Vpmovmskb_r32_ymm, Code.VEX_Vpmovmskb_r64_ymm], &Signs);
        table.Add([Code.Ptest_xmm_xmmm128, Code.VEX_Vptest_xmm_xmmm128, Code.VEX_Vptest_ymm_ymmm256], &Test);
        table.Add([Code.Maskmovdqu_rDI_xmm_xmm, Code.VEX_Vmaskmovdqu_rDI_xmm_xmm, Code.Maskmovq_rDI_mm_mm],
            &MaskedStore);
        RegisterMmx(table);
    }

    private static void RegisterMmx(OpTable table)
    {
        table.Add(Code.Emms, &BuildEmms);
        table.Add([Code.Movd_mm_rm32, Code.Movd_rm32_mm], &MmxMove<uint>);
        table.Add([Code.Movq_mm_rm64, Code.Movq_rm64_mm, Code.Movq_mm_mmm64, Code.Movq_mmm64_mm, Code.Movntq_m64_mm],
            &MmxMove<ulong>);
        table.Add([Code.Movq2dq_xmm_mm, Code.Movdq2q_mm_xmm], &MmxXmm);
        table.Add([Code.Pmovmskb_r32_mm, Code.Pmovmskb_r64_mm, Code.Pextrw_r32_mm_imm8, Code.Pextrw_r64_mm_imm8],
            &MmxToInteger);
        table.Add([Code.Pinsrw_mm_r32m16_imm8, Code.Pinsrw_mm_r64m16_imm8], &MmxInsert);
    }

    private static bool IsVex(BlockBuilder b) => b.Instruction.Encoding == EncodingKind.VEX;

    private static bool IsAvailable(BlockBuilder b) =>
        IsVex(b) ? VectorBuild.IsAvxAvailable(b) : VectorBuild.IsSseAvailable(b);

    private static void ToXmm<T>(BlockBuilder b) where T : unmanaged
    {
        if (!IsAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        if (b.IsMemory(1))
        {
            b.Emit(IsVex(b) ? &LoadVex<T> : &LoadSse<T>);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(IsVex(b) ? &MoveVex<T> : &MoveSse<T>);
    }

    private static void FromXmm<T>(BlockBuilder b) where T : unmanaged
    {
        if (!IsAvailable(b)) return;
        b.Op->Src = b.Register(1);
        if (b.IsMemory(0))
        {
            b.Emit(&StoreFrom<T>);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Emit(&ExtractTo<T>);
    }

    private static void StoreQuadword(BlockBuilder b)
    {
        if (!IsAvailable(b)) return;
        b.Op->Src = b.Register(1);
        if (b.IsMemory(0))
        {
            b.Emit(&StoreFrom<ulong>);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Emit(IsVex(b) ? &MoveVex<ulong> : &MoveSse<ulong>);
    }

    private static void StoreInteger<T>(BlockBuilder b) where T : unmanaged
    {
        // MOVNTI is SSE2 but touches no SSE state: neither CR0.EM nor CR0.TS matters (SDM vol. 2, MOVNTI).
        b.Op->Src = b.Register(1);
        b.Emit(&StoreFrom<T>);
    }

    private static void Insert<T>(BlockBuilder b) where T : unmanaged
    {
        if (!IsAvailable(b)) return;
        int source = IsVex(b) ? 2 : 1;
        b.Op->Dst = b.Register(0);
        b.Op->Aux = (ushort)(b.Op->Dst + Element<T>(b));
        if (IsVex(b)) b.Op->Src2 = b.Register(1);
        if (b.IsMemory(source))
        {
            b.Emit(IsVex(b) ? &InsertMemoryVex<T> : &InsertMemorySse<T>);
            return;
        }
        b.Op->Src = b.Register(source);
        b.Emit(IsVex(b) ? &InsertVex<T> : &InsertSse<T>);
    }

    private static void Extract<T>(BlockBuilder b) where T : unmanaged
    {
        if (!IsAvailable(b)) return;
        b.Op->Src = (ushort)(b.Register(1) + Element<T>(b));
        if (b.IsMemory(0))
        {
            b.Emit(&StoreFrom<T>);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Emit(&ExtractTo<T>);
    }

    /// <summary>Offset in a vector of the element that the immediate names.</summary>
    private static int Element<T>(BlockBuilder b) where T : unmanaged =>
        b.Instruction.Immediate8 % (16 / sizeof(T)) * sizeof(T);

    private static void Signs(BlockBuilder b)
    {
        if (!IsAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        b.Op->Src = b.Register(1);
        b.Emit(b.Instruction.Op1Register.IsYMM() ? &Signs256 : &Signs128);
    }

    private static void Test(BlockBuilder b)
    {
        if (!IsAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        bool isWide = b.Instruction.Op0Register.IsYMM();
        if (b.IsMemory(1))
        {
            b.Emit(isWide ? &Test256Memory : IsVex(b) ? &Test128Memory : &TestSseMemory);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(isWide ? &Test256 : &Test128);
    }

    private static void MaskedStore(BlockBuilder b)
    {
        bool isMmx = b.Instruction.Code == Code.Maskmovq_rDI_mm_mm;
        if (!(isMmx ? VectorBuild.IsMmxAvailable(b) : IsAvailable(b))) return;
        b.Op->Src = b.Register(1);
        b.Op->Src2 = b.Register(2);
        b.Op->Aux = b.Instruction.Op0Kind switch
        {
            OpKind.MemorySegRDI => 64,
            OpKind.MemorySegEDI => 32,
            _ => 16,
        };
        b.Emit(isMmx ? &StoreMaskedMmx : &StoreMaskedXmm);
    }

    private static void BuildEmms(BlockBuilder b)
    {
        if (VectorBuild.IsMmxAvailable(b)) b.Emit(&Mmx.Emms);
    }

    private static void MmxMove<T>(BlockBuilder b) where T : unmanaged
    {
        if (!VectorBuild.IsMmxAvailable(b)) return;
        if (b.IsMemory(0))
        {
            b.Op->Src = b.Register(1);
            b.Emit(&Mmx.ToMemory<T>);
            return;
        }
        b.Op->Dst = b.Register(0);
        if (b.IsMemory(1))
        {
            b.Emit(&Mmx.FromMemory<T>);
            return;
        }
        b.Op->Src = b.Register(1);
        if (!b.Instruction.Op0Register.IsMM()) b.Emit(&Mmx.ToRegister<T>);
        else if (!b.Instruction.Op1Register.IsMM()) b.Emit(&Mmx.FromRegister<T>);
        else b.Emit(&Mmx.Move);
    }

    private static void MmxXmm(BlockBuilder b)
    {
        if (!VectorBuild.IsSseAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        b.Op->Src = b.Register(1);
        b.Emit(b.Instruction.Op0Register.IsMM() ? &Mmx.FromXmm : &Mmx.ToXmm);
    }

    private static void MmxToInteger(BlockBuilder b)
    {
        if (!VectorBuild.IsMmxAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        b.Op->Src = b.Register(1);
        VectorBuild.TakeImmediate(b);
        b.Emit(b.Instruction.Mnemonic == Mnemonic.Pextrw ? &Mmx.ExtractWord : &Mmx.ByteSigns);
    }

    private static void MmxInsert(BlockBuilder b)
    {
        if (!VectorBuild.IsMmxAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        VectorBuild.TakeImmediate(b);
        if (b.IsMemory(1))
        {
            b.Emit(&Mmx.InsertWordMemory);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(&Mmx.InsertWord);
    }

    [MethodImpl(Jit.Handler)]
    private static void LoadSse<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        Xmm.SetLow(cpu, op->Dst, Vector128.CreateScalar(Int.From(value)).AsByte());
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void LoadVex<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        Xmm.SetOnly(cpu, op->Dst, Vector128.CreateScalar(Int.From(value)).AsByte());
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void MoveSse<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Xmm.SetLow(cpu, op->Dst, Vector128.CreateScalar(Int.Reg<T>(cpu, op->Src)).AsByte());
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void MoveVex<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Xmm.SetOnly(cpu, op->Dst, Vector128.CreateScalar(Int.Reg<T>(cpu, op->Src)).AsByte());
        Chain.Next(cpu, op);
    }

    /// <summary>An element to memory; Src is its offset.</summary>
    [MethodImpl(Jit.Handler)]
    private static void StoreFrom<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        ulong linear = Address.Linear(cpu, op, sizeof(T), isWrite: true);
        if (!Memory.WriteInt<T>(cpu, op, linear, Int.Reg<T>(cpu, op->Src))) return;
        Chain.Next(cpu, op);
    }

    /// <summary>An element to a general register, zero-extended; Src is its offset.</summary>
    [MethodImpl(Jit.Handler)]
    private static void ExtractTo<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<ulong>(cpu, op->Dst, Int.Reg<T>(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void InsertSse<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.Store<T>((byte*)cpu + op->Aux, Int.Reg<T>(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void InsertVex<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Xmm.SetOnly(cpu, op->Dst, Xmm.Low(cpu, op->Src2));
        Int.Store<T>((byte*)cpu + op->Aux, Int.Reg<T>(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void InsertMemorySse<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        Int.Store<T>((byte*)cpu + op->Aux, Int.From(value));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void InsertMemoryVex<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        Xmm.SetOnly(cpu, op->Dst, Xmm.Low(cpu, op->Src2));
        Int.Store<T>((byte*)cpu + op->Aux, Int.From(value));
        Chain.Next(cpu, op);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Signs128(Cpu* cpu, Op* op)
    {
        Int.SetReg<ulong>(cpu, op->Dst, Xmm.Low(cpu, op->Src).ExtractMostSignificantBits());
        Chain.Next(cpu, op);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Signs256(Cpu* cpu, Op* op)
    {
        uint low = Xmm.Low(cpu, op->Src).ExtractMostSignificantBits();
        uint high = Xmm.High(cpu, op->Src).ExtractMostSignificantBits();
        Int.SetReg<ulong>(cpu, op->Dst, low | high << 16);
        Chain.Next(cpu, op);
    }

    /// <summary>ZF: no bit is set in both; CF: none is set in the source only. The other status flags are
    /// cleared.</summary>
    [MethodImpl(Jit.Inline)]
    private static void SetTestFlags(Cpu* cpu, Vector128<byte> both, Vector128<byte> sourceOnly)
    {
        uint zf = both == Vector128<byte>.Zero ? Flags.Zf : 0;
        uint cf = sourceOnly == Vector128<byte>.Zero ? Flags.Cf : 0;
        Flags.SetStatus(cpu, zf | cf);
    }

    [MethodImpl(Jit.Handler)]
    private static void Test128(Cpu* cpu, Op* op)
    {
        Vector128<byte> a = Xmm.Low(cpu, op->Dst), b = Xmm.Low(cpu, op->Src);
        SetTestFlags(cpu, a & b, ~a & b);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void TestSseMemory(Cpu* cpu, Op* op)
    {
        if (!Memory.ReadAligned(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> b)) return;
        Vector128<byte> a = Xmm.Low(cpu, op->Dst);
        SetTestFlags(cpu, a & b, ~a & b);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Test128Memory(Cpu* cpu, Op* op)
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> b)) return;
        Vector128<byte> a = Xmm.Low(cpu, op->Dst);
        SetTestFlags(cpu, a & b, ~a & b);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Test256(Cpu* cpu, Op* op)
    {
        Vector128<byte> a = Xmm.Low(cpu, op->Dst), b = Xmm.Low(cpu, op->Src);
        Vector128<byte> c = Xmm.High(cpu, op->Dst), d = Xmm.High(cpu, op->Src);
        SetTestFlags(cpu, a & b | c & d, ~a & b | ~c & d);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Test256Memory(Cpu* cpu, Op* op)
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out Vector256<byte> source)) return;
        Vector128<byte> a = Xmm.Low(cpu, op->Dst), b = source.GetLower();
        Vector128<byte> c = Xmm.High(cpu, op->Dst), d = source.GetUpper();
        SetTestFlags(cpu, a & b | c & d, ~a & b | ~c & d);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void StoreMaskedXmm(Cpu* cpu, Op* op)
    {
        if (!StoreBytes(cpu, op, 16)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void StoreMaskedMmx(Cpu* cpu, Op* op)
    {
        if (!Mmx.Begin(cpu, op)) return;
        if (!StoreBytes(cpu, op, 8)) return;
        Mmx.Enter(cpu);
        Chain.Next(cpu, op);
    }

    /// <summary>Writes the bytes of Src whose mask byte in Src2 has bit 7 set to DS:rDI. The whole operand is checked
    /// first: whether bytes that are masked out may fault is left to the implementation (SDM vol. 2,
    /// MASKMOVDQU).</summary>
    [MethodImpl(Jit.Cold)]
    private static bool StoreBytes(Cpu* cpu, Op* op, int size)
    {
        byte* data = (byte*)cpu + op->Src;
        byte* mask = (byte*)cpu + op->Src2;
        ulong offset = cpu->Gpr[Rdi];
        if (op->Aux == 32) offset = (uint)offset;
        else if (op->Aux == 16) offset = (ushort)offset;
        int segment = (op->Segment - Cpu.SegmentOffset(0)) / sizeof(Hv.Sdk.Engines.SegmentState);
        ulong linear = Address.InSegment(cpu, segment, offset, size, isWrite: true);
        if (!Memory.ProbeWrite(cpu, op, linear, size)) return false;
        for (int i = 0; i < size; i++)
        {
            if ((mask[i] & 0x80) != 0 && !Memory.Write(cpu, op, linear + (ulong)i, data[i])) return false;
        }
        return true;
    }
}
