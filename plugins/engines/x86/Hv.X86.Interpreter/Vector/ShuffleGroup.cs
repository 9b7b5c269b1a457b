using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Shuffles, byte shifts, alignments and blends that an immediate controls (SDM vol. 1, 5.6.3, 5.8.5, 5.10.3,
/// 5.15). <see cref="Op.Imm"/> is the address of an index vector or a mask in <see cref="ShuffleTables"/>.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class ShuffleGroup
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Pshufd_xmm_xmmm128_imm8, Code.VEX_Vpshufd_xmm_xmmm128_imm8, Code.VEX_Vpshufd_ymm_ymmm256_imm8],
            &Dwords);
        table.Add([Code.Pshuflw_xmm_xmmm128_imm8, Code.VEX_Vpshuflw_xmm_xmmm128_imm8,
            Code.VEX_Vpshuflw_ymm_ymmm256_imm8], &LowWords);
        table.Add([Code.Pshufhw_xmm_xmmm128_imm8, Code.VEX_Vpshufhw_xmm_xmmm128_imm8,
            Code.VEX_Vpshufhw_ymm_ymmm256_imm8], &HighWords);
        table.Add([Code.Pslldq_xmm_imm8, Code.VEX_Vpslldq_xmm_xmm_imm8, Code.VEX_Vpslldq_ymm_ymm_imm8], &BytesLeft);
        table.Add([Code.Psrldq_xmm_imm8, Code.VEX_Vpsrldq_xmm_xmm_imm8, Code.VEX_Vpsrldq_ymm_ymm_imm8], &BytesRight);
        table.Add([Code.Palignr_xmm_xmmm128_imm8, Code.VEX_Vpalignr_xmm_xmm_xmmm128_imm8,
            Code.VEX_Vpalignr_ymm_ymm_ymmm256_imm8], &Align);
        table.Add([Code.Pblendw_xmm_xmmm128_imm8, Code.VEX_Vpblendw_xmm_xmm_xmmm128_imm8,
            Code.VEX_Vpblendw_ymm_ymm_ymmm256_imm8], &BlendWords);
        table.Add([Code.VEX_Vpblendd_xmm_xmm_xmmm128_imm8, Code.VEX_Vpblendd_ymm_ymm_ymmm256_imm8], &BlendDwords);
        table.Add(Code.Pblendvb_xmm_xmmm128, &BlendByXmm0);
        table.Add([Code.VEX_Vpblendvb_xmm_xmm_xmmm128_xmm, Code.VEX_Vpblendvb_ymm_ymm_ymmm256_ymm], &BlendByRegister);
    }

    private static void Dwords(BlockBuilder b) => Build<Shuffled>(b, ShuffleTables.Dwords(b.Instruction.Immediate8));
    private static void LowWords(BlockBuilder b) =>
        Build<Shuffled>(b, ShuffleTables.LowWords(b.Instruction.Immediate8));
    private static void HighWords(BlockBuilder b) =>
        Build<Shuffled>(b, ShuffleTables.HighWords(b.Instruction.Immediate8));
    private static void BytesLeft(BlockBuilder b) =>
        Build<Shuffled>(b, ShuffleTables.Window(-b.Instruction.Immediate8));
    private static void BytesRight(BlockBuilder b) =>
        Build<Shuffled>(b, ShuffleTables.Window(b.Instruction.Immediate8));
    private static void Align(BlockBuilder b) => Build<Aligned>(b, ShuffleTables.Window(b.Instruction.Immediate8 - 16));
    private static void BlendWords(BlockBuilder b) =>
        Build<Blended>(b, ShuffleTables.WordMask(b.Instruction.Immediate8));
    private static void BlendDwords(BlockBuilder b) =>
        Build<Blended>(b, ShuffleTables.DwordMask(b.Instruction.Immediate8));

    private static void BlendByXmm0(BlockBuilder b)
    {
        if (!VectorBuild.IsSseAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        b.Op->Aux = Cpu.YmmOffset(0);
        if (b.IsMemory(1))
        {
            b.Emit(&SseVariableMemory);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(&SseVariable);
    }

    private static void BlendByRegister(BlockBuilder b)
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        bool isWide = b.Instruction.Op0Register.IsYMM();
        int memory = VectorBuild.TakeVexOperands(b);
        b.Op->Aux = b.Register(3);
        if (b.IsMemory(memory)) b.Emit(isWide ? &Vex256VariableMemory : &Vex128VariableMemory);
        else b.Emit(isWide ? &Vex256Variable : &Vex128Variable);
    }

    /// <summary>Combines two sources under a control vector from a table.</summary>
    internal interface IControlled
    {
        static abstract Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b, byte* control);
        /// <summary>Bytes from the low lane's control vector to the high lane's.</summary>
        static abstract int Stride { get; }
    }

    internal readonly struct Shuffled : IControlled
    {
        public static int Stride => 0;
        public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b, byte* control) =>
            Pshufb.Apply(b, Vector128.Load(control));
    }

    /// <summary>Bytes of a:b from a distance: the window over a starts 16 bytes before the one over b.</summary>
    private readonly struct Aligned : IControlled
    {
        public static int Stride => 0;
        public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b, byte* control) =>
            Pshufb.Apply(a, Vector128.Load(control)) | Pshufb.Apply(b, Vector128.Load(control + 16));
    }

    internal readonly struct Blended : IControlled
    {
        public static int Stride => 16;
        public static Vector128<byte> Apply(Vector128<byte> a, Vector128<byte> b, byte* control) =>
            Vector128.ConditionalSelect(Vector128.Load(control), b, a);
    }

    /// <summary>Emits the form for the instruction's operands; <paramref name="control"/> lives as long as the
    /// process.</summary>
    internal static void Build<T>(BlockBuilder b, byte* control) where T : struct, IControlled
    {
        bool isVex = b.Instruction.Encoding == EncodingKind.VEX;
        if (!(isVex ? VectorBuild.IsAvxAvailable(b) : VectorBuild.IsSseAvailable(b))) return;
        b.Op->Imm = (long)control;
        if (!isVex)
        {
            b.Op->Dst = b.Register(0);
            if (b.IsMemory(1))
            {
                b.Emit(&SseMemory<T>);
                return;
            }
            b.Op->Src = b.IsImmediate(1) ? b.Op->Dst : b.Register(1);
            b.Emit(&Sse<T>);
            return;
        }
        bool isWide = b.Instruction.Op0Register.IsYMM();
        if (b.IsMemory(VectorBuild.TakeVexOperands(b))) b.Emit(isWide ? &Vex256Memory<T> : &Vex128Memory<T>);
        else b.Emit(isWide ? &Vex256<T> : &Vex128<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void Sse<T>(Cpu* cpu, Op* op) where T : struct, IControlled
    {
        Xmm.SetLow(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Dst), Xmm.Low(cpu, op->Src), (byte*)op->Imm));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void SseMemory<T>(Cpu* cpu, Op* op) where T : struct, IControlled
    {
        if (!Memory.ReadAligned(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> source)) return;
        Xmm.SetLow(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Dst), source, (byte*)op->Imm));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Vex128<T>(Cpu* cpu, Op* op) where T : struct, IControlled
    {
        Xmm.SetOnly(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Src), Xmm.Low(cpu, op->Src2), (byte*)op->Imm));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Vex128Memory<T>(Cpu* cpu, Op* op) where T : struct, IControlled
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> source)) return;
        Xmm.SetOnly(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Src), source, (byte*)op->Imm));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Vex256<T>(Cpu* cpu, Op* op) where T : struct, IControlled
    {
        byte* control = (byte*)op->Imm;
        Xmm.SetLow(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Src), Xmm.Low(cpu, op->Src2), control));
        Xmm.SetHigh(cpu, op->Dst, T.Apply(Xmm.High(cpu, op->Src), Xmm.High(cpu, op->Src2), control + T.Stride));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Vex256Memory<T>(Cpu* cpu, Op* op) where T : struct, IControlled
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out Vector256<byte> source)) return;
        byte* control = (byte*)op->Imm;
        Xmm.SetLow(cpu, op->Dst, T.Apply(Xmm.Low(cpu, op->Src), source.GetLower(), control));
        Xmm.SetHigh(cpu, op->Dst, T.Apply(Xmm.High(cpu, op->Src), source.GetUpper(), control + T.Stride));
        Chain.Next(cpu, op);
    }

    // Blends by the sign bits of the bytes of a register, whose offset is in Aux.

    [MethodImpl(Jit.Inline)]
    private static Vector128<byte> BySigns(Vector128<byte> mask, Vector128<byte> a, Vector128<byte> b) =>
        Vector128.ConditionalSelect(Vector128.ShiftRightArithmetic(mask.AsSByte(), 7).AsByte(), b, a);

    [MethodImpl(Jit.Handler)]
    private static void SseVariable(Cpu* cpu, Op* op)
    {
        Xmm.SetLow(cpu, op->Dst, BySigns(Xmm.Low(cpu, op->Aux), Xmm.Low(cpu, op->Dst), Xmm.Low(cpu, op->Src)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void SseVariableMemory(Cpu* cpu, Op* op)
    {
        if (!Memory.ReadAligned(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> source)) return;
        Xmm.SetLow(cpu, op->Dst, BySigns(Xmm.Low(cpu, op->Aux), Xmm.Low(cpu, op->Dst), source));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Vex128Variable(Cpu* cpu, Op* op)
    {
        Xmm.SetOnly(cpu, op->Dst, BySigns(Xmm.Low(cpu, op->Aux), Xmm.Low(cpu, op->Src), Xmm.Low(cpu, op->Src2)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Vex128VariableMemory(Cpu* cpu, Op* op)
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> source)) return;
        Xmm.SetOnly(cpu, op->Dst, BySigns(Xmm.Low(cpu, op->Aux), Xmm.Low(cpu, op->Src), source));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Vex256Variable(Cpu* cpu, Op* op)
    {
        Xmm.SetLow(cpu, op->Dst, BySigns(Xmm.Low(cpu, op->Aux), Xmm.Low(cpu, op->Src), Xmm.Low(cpu, op->Src2)));
        Xmm.SetHigh(cpu, op->Dst, BySigns(Xmm.High(cpu, op->Aux), Xmm.High(cpu, op->Src), Xmm.High(cpu, op->Src2)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Vex256VariableMemory(Cpu* cpu, Op* op)
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out Vector256<byte> source)) return;
        Xmm.SetLow(cpu, op->Dst, BySigns(Xmm.Low(cpu, op->Aux), Xmm.Low(cpu, op->Src), source.GetLower()));
        Xmm.SetHigh(cpu, op->Dst, BySigns(Xmm.High(cpu, op->Aux), Xmm.High(cpu, op->Src), source.GetUpper()));
        Chain.Next(cpu, op);
    }
}
