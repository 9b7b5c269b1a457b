using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>AVX and AVX2 instructions whose lanes depend on each other, and those that have no legacy form: broadcasts,
/// permutes, inserts and extracts of lanes, shifts by a vector of counts, VZEROALL, VZEROUPPER (SDM vol. 1, 5.13 and
/// 5.14).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class Avx2Group
{
    public static void Register(OpTable table)
    {
        table.Add([Code.VEX_Vpbroadcastb_xmm_xmmm8, Code.VEX_Vpbroadcastb_ymm_xmmm8], &Broadcast<byte>);
        table.Add([Code.VEX_Vpbroadcastw_xmm_xmmm16, Code.VEX_Vpbroadcastw_ymm_xmmm16], &Broadcast<ushort>);
        table.Add([Code.VEX_Vpbroadcastd_xmm_xmmm32, Code.VEX_Vpbroadcastd_ymm_xmmm32], &Broadcast<uint>);
        table.Add([Code.VEX_Vpbroadcastq_xmm_xmmm64, Code.VEX_Vpbroadcastq_ymm_xmmm64], &Broadcast<ulong>);
        table.Add([Code.VEX_Vbroadcasti128_ymm_m128, Code.VEX_Vbroadcastf128_ymm_m128], &BroadcastLane);
        table.Add([Code.VEX_Vperm2i128_ymm_ymm_ymmm256_imm8, Code.VEX_Vperm2f128_ymm_ymm_ymmm256_imm8], &PermuteLanes);
        table.Add([Code.VEX_Vinserti128_ymm_ymm_xmmm128_imm8, Code.VEX_Vinsertf128_ymm_ymm_xmmm128_imm8], &InsertLane);
        table.Add([Code.VEX_Vextracti128_xmmm128_ymm_imm8, Code.VEX_Vextractf128_xmmm128_ymm_imm8], &ExtractLane);
        table.Add([Code.VEX_Vpermd_ymm_ymm_ymmm256, Code.VEX_Vpermps_ymm_ymm_ymmm256], &PermuteDwords);
        table.Add([Code.VEX_Vpermq_ymm_ymmm256_imm8, Code.VEX_Vpermpd_ymm_ymmm256_imm8], &PermuteQwords);
        table.Add([Code.VEX_Vzeroupper, Code.VEX_Vzeroall], &Zero);
        table.Add(Code.Mpsadbw_xmm_xmmm128_imm8, &VectorRows<Mpsadbw>.Sse);
        table.Add(Code.VEX_Vmpsadbw_xmm_xmm_xmmm128_imm8, &VectorRows<Mpsadbw>.Vex128);
        table.Add(Code.VEX_Vmpsadbw_ymm_ymm_ymmm256_imm8, &SumsOfDifferences);

        VariableShift<Vpsllvd>(table, Code.VEX_Vpsllvd_xmm_xmm_xmmm128, Code.VEX_Vpsllvd_ymm_ymm_ymmm256);
        VariableShift<Vpsllvq>(table, Code.VEX_Vpsllvq_xmm_xmm_xmmm128, Code.VEX_Vpsllvq_ymm_ymm_ymmm256);
        VariableShift<Vpsrlvd>(table, Code.VEX_Vpsrlvd_xmm_xmm_xmmm128, Code.VEX_Vpsrlvd_ymm_ymm_ymmm256);
        VariableShift<Vpsrlvq>(table, Code.VEX_Vpsrlvq_xmm_xmm_xmmm128, Code.VEX_Vpsrlvq_ymm_ymm_ymmm256);
        VariableShift<Vpsravd>(table, Code.VEX_Vpsravd_xmm_xmm_xmmm128, Code.VEX_Vpsravd_ymm_ymm_ymmm256);
        MaskedMoveGroup.Register(table);
        GatherGroup.Register(table);
    }

    private static void VariableShift<T>(OpTable table, Code vex128, Code vex256) where T : struct, IVectorOp
    {
        table.Add(vex128, &VectorRows<Plain<T>>.Vex128);
        table.Add(vex256, &VectorRows<Plain<T>>.Vex256);
    }

    private static void Broadcast<T>(BlockBuilder b) where T : unmanaged
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        // Aux: where the high lane's copy begins to count; a 128-bit form clears it.
        bool isWide = b.Instruction.Op0Register.IsYMM();
        if (b.IsMemory(1))
        {
            b.Emit(isWide ? &Broadcast256Memory<T> : &Broadcast128Memory<T>);
            return;
        }
        b.Op->Src = b.Register(1);
        b.Emit(isWide ? &Broadcast256<T> : &Broadcast128<T>);
    }

    private static void BroadcastLane(BlockBuilder b)
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        b.Emit(&BroadcastLaneMemory);
    }

    private static void PermuteLanes(BlockBuilder b) => Emit(b, &Permute2Lanes, &Permute2LanesMemory);
    private static void PermuteDwords(BlockBuilder b) => Emit(b, &Permute8, &Permute8Memory);
    private static void PermuteQwords(BlockBuilder b) => Emit(b, &Permute4, &Permute4Memory);
    private static void InsertLane(BlockBuilder b) => Emit(b, &InsertLaneRegister, &InsertLaneMemory);
    private static void SumsOfDifferences(BlockBuilder b) => Emit(b, &Mpsadbw256, &Mpsadbw256Memory);

    private static void Emit(BlockBuilder b, delegate*<Cpu*, Op*, void> register, delegate*<Cpu*, Op*, void> memory)
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        b.Emit(b.IsMemory(VectorBuild.TakeVexOperands(b)) ? memory : register);
    }

    private static void ExtractLane(BlockBuilder b)
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        b.Op->Src = (ushort)(b.Register(1) + (b.Instruction.Immediate8 & 1) * 16);
        if (b.IsMemory(0))
        {
            b.Emit(&StoreLane);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Emit(&MoveLane);
    }

    private static void Zero(BlockBuilder b)
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        b.Emit(b.Instruction.Mnemonic == Mnemonic.Vzeroall ? &ZeroAll : &ZeroUpper);
    }

    [MethodImpl(Jit.Inline)]
    private static Vector128<byte> Repeat<T>(T value) where T : unmanaged => sizeof(T) switch
    {
        1 => Vector128.Create((byte)Int.From(value)),
        2 => Vector128.Create((ushort)Int.From(value)).AsByte(),
        4 => Vector128.Create((uint)Int.From(value)).AsByte(),
        _ => Vector128.Create(Int.From(value)).AsByte(),
    };

    [MethodImpl(Jit.Handler)]
    private static void Broadcast128<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Xmm.SetOnly(cpu, op->Dst, Repeat(*(T*)((byte*)cpu + op->Src)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Broadcast256<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Vector128<byte> value = Repeat(*(T*)((byte*)cpu + op->Src));
        Xmm.Set(cpu, op->Dst, value, value);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Broadcast128Memory<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T source)) return;
        Xmm.SetOnly(cpu, op->Dst, Repeat(source));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Broadcast256Memory<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T source)) return;
        Vector128<byte> value = Repeat(source);
        Xmm.Set(cpu, op->Dst, value, value);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void BroadcastLaneMemory(Cpu* cpu, Op* op)
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> source)) return;
        Xmm.Set(cpu, op->Dst, source, source);
        Chain.Next(cpu, op);
    }

    /// <summary>One of the four lanes of two sources, or zero (SDM vol. 2, VPERM2I128).</summary>
    [MethodImpl(Jit.Inline)]
    private static Vector128<byte> ChooseLane(int control, Vector128<byte> a, Vector128<byte> b, Vector128<byte> c,
        Vector128<byte> d) =>
        (control & 8) != 0 ? Vector128<byte>.Zero : (control & 3) switch { 0 => a, 1 => b, 2 => c, _ => d };

    [MethodImpl(Jit.Inline)]
    private static void Permute2(Cpu* cpu, Op* op, Vector128<byte> low, Vector128<byte> high)
    {
        Vector128<byte> a = Xmm.Low(cpu, op->Src), b = Xmm.High(cpu, op->Src);
        Xmm.Set(cpu, op->Dst, ChooseLane(op->Aux, a, b, low, high), ChooseLane(op->Aux >> 4, a, b, low, high));
    }

    [MethodImpl(Jit.Handler)]
    private static void Permute2Lanes(Cpu* cpu, Op* op)
    {
        Permute2(cpu, op, Xmm.Low(cpu, op->Src2), Xmm.High(cpu, op->Src2));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Permute2LanesMemory(Cpu* cpu, Op* op)
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out Vector256<byte> source)) return;
        Permute2(cpu, op, source.GetLower(), source.GetUpper());
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Inline)]
    private static void Insert(Cpu* cpu, Op* op, Vector128<byte> lane)
    {
        bool isHigh = (op->Aux & 1) != 0;
        Xmm.Set(cpu, op->Dst, isHigh ? Xmm.Low(cpu, op->Src) : lane, isHigh ? lane : Xmm.High(cpu, op->Src));
    }

    [MethodImpl(Jit.Handler)]
    private static void InsertLaneRegister(Cpu* cpu, Op* op)
    {
        Insert(cpu, op, Xmm.Low(cpu, op->Src2));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void InsertLaneMemory(Cpu* cpu, Op* op)
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out Vector128<byte> lane)) return;
        Insert(cpu, op, lane);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void MoveLane(Cpu* cpu, Op* op)
    {
        Xmm.SetOnly(cpu, op->Dst, Xmm.Low(cpu, op->Src));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void StoreLane(Cpu* cpu, Op* op)
    {
        if (!Memory.Write(cpu, op, Address.Linear(cpu, op, 16, isWrite: true), Xmm.Low(cpu, op->Src))) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Inline)]
    private static void Permute8(Cpu* cpu, Op* op, Vector256<uint> source)
    {
        Vector256<uint> indices = Vector256.Load((uint*)((byte*)cpu + op->Src)) & Vector256.Create(7u);
        Vector256.Shuffle(source, indices).Store((uint*)((byte*)cpu + op->Dst));
    }

    [MethodImpl(Jit.Handler)]
    private static void Permute8(Cpu* cpu, Op* op)
    {
        Permute8(cpu, op, Vector256.Load((uint*)((byte*)cpu + op->Src2)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Permute8Memory(Cpu* cpu, Op* op)
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out Vector256<uint> source)) return;
        Permute8(cpu, op, source);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Inline)]
    private static void Permute4(Cpu* cpu, Op* op, Vector256<ulong> source)
    {
        ulong imm = op->Aux;
        Vector256<ulong> indices = Vector256.Create(imm & 3, imm >> 2 & 3, imm >> 4 & 3, imm >> 6 & 3);
        Vector256.Shuffle(source, indices).Store((ulong*)((byte*)cpu + op->Dst));
    }

    [MethodImpl(Jit.Handler)]
    private static void Permute4(Cpu* cpu, Op* op)
    {
        Permute4(cpu, op, Vector256.Load((ulong*)((byte*)cpu + op->Src2)));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Permute4Memory(Cpu* cpu, Op* op)
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out Vector256<ulong> source)) return;
        Permute4(cpu, op, source);
        Chain.Next(cpu, op);
    }

    /// <summary>Each lane has three bits of the immediate.</summary>
    [MethodImpl(Jit.Handler)]
    private static void Mpsadbw256(Cpu* cpu, Op* op)
    {
        Xmm.SetLow(cpu, op->Dst, Mpsadbw.Apply(Xmm.Low(cpu, op->Src), Xmm.Low(cpu, op->Src2), op->Aux));
        Xmm.SetHigh(cpu, op->Dst, Mpsadbw.Apply(Xmm.High(cpu, op->Src), Xmm.High(cpu, op->Src2), op->Aux >> 3));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Mpsadbw256Memory(Cpu* cpu, Op* op)
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out Vector256<byte> source)) return;
        Xmm.SetLow(cpu, op->Dst, Mpsadbw.Apply(Xmm.Low(cpu, op->Src), source.GetLower(), op->Aux));
        Xmm.SetHigh(cpu, op->Dst, Mpsadbw.Apply(Xmm.High(cpu, op->Src), source.GetUpper(), op->Aux >> 3));
        Chain.Next(cpu, op);
    }

    /// <summary>The registers that exist in the mode: 16 in 64-bit code, 8 elsewhere.</summary>
    private static int Registers(Cpu* cpu) => (cpu->Mode & CodeMode.Code64) != 0 ? 16 : 8;

    [MethodImpl(Jit.Handler)]
    private static void ZeroAll(Cpu* cpu, Op* op)
    {
        int count = Registers(cpu);
        for (int i = 0; i < count; i++) Xmm.Set(cpu, Cpu.YmmOffset(i), Vector128<byte>.Zero, Vector128<byte>.Zero);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void ZeroUpper(Cpu* cpu, Op* op)
    {
        int count = Registers(cpu);
        for (int i = 0; i < count; i++) Xmm.SetHigh(cpu, Cpu.YmmOffset(i), Vector128<byte>.Zero);
        Chain.Next(cpu, op);
    }
}
