using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Moves of single elements and halves, sign masks, insertions, broadcasts (SDM vol. 1, 5.5.1.1, 5.6.1.1, 5.10.3, 5.13).</summary>
// SAFETY (whole class): register offsets come from BlockBuilder; halves and elements lie inside the 32 bytes.
internal static unsafe class FloatMoves
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Movss_xmm_xmmm32, Code.Movss_xmmm32_xmm, Code.VEX_Vmovss_xmm_m32, Code.VEX_Vmovss_m32_xmm,
            Code.VEX_Vmovss_xmm_xmm_xmm, Code.VEX_Vmovss_xmm_xmm_xmm_0F11], &BuildScalar<uint>);
        table.Add([Code.Movsd_xmm_xmmm64, Code.Movsd_xmmm64_xmm, Code.VEX_Vmovsd_xmm_m64, Code.VEX_Vmovsd_m64_xmm,
            Code.VEX_Vmovsd_xmm_xmm_xmm, Code.VEX_Vmovsd_xmm_xmm_xmm_0F11], &BuildScalar<ulong>);
        table.Add([Code.Movlps_xmm_m64, Code.VEX_Vmovlps_xmm_xmm_m64, Code.Movlpd_xmm_m64, Code.VEX_Vmovlpd_xmm_xmm_m64], &BuildLoadLow);
        table.Add([Code.Movhps_xmm_m64, Code.VEX_Vmovhps_xmm_xmm_m64, Code.Movhpd_xmm_m64, Code.VEX_Vmovhpd_xmm_xmm_m64], &BuildLoadHigh);
        table.Add([Code.Movlps_m64_xmm, Code.VEX_Vmovlps_m64_xmm, Code.Movlpd_m64_xmm, Code.VEX_Vmovlpd_m64_xmm], &BuildStoreLow);
        table.Add([Code.Movhps_m64_xmm, Code.VEX_Vmovhps_m64_xmm, Code.Movhpd_m64_xmm, Code.VEX_Vmovhpd_m64_xmm], &BuildStoreHigh);
        table.Add([Code.Movhlps_xmm_xmm, Code.VEX_Vmovhlps_xmm_xmm_xmm], &BuildHighToLow);
        table.Add([Code.Movlhps_xmm_xmm, Code.VEX_Vmovlhps_xmm_xmm_xmm], &BuildLowToHigh);
        table.Add([Code.Movmskps_r32_xmm, Code.Movmskps_r64_xmm, Code.VEX_Vmovmskps_r32_xmm, Code.VEX_Vmovmskps_r64_xmm,
            Code.VEX_Vmovmskps_r32_ymm, Code.VEX_Vmovmskps_r64_ymm], &BuildSigns<float>);
        table.Add([Code.Movmskpd_r32_xmm, Code.Movmskpd_r64_xmm, Code.VEX_Vmovmskpd_r32_xmm, Code.VEX_Vmovmskpd_r64_xmm,
            Code.VEX_Vmovmskpd_r32_ymm, Code.VEX_Vmovmskpd_r64_ymm], &BuildSigns<double>);
        table.Add([Code.VEX_Vtestps_xmm_xmmm128, Code.VEX_Vtestps_ymm_ymmm256], &BuildTest<float>);
        table.Add([Code.VEX_Vtestpd_xmm_xmmm128, Code.VEX_Vtestpd_ymm_ymmm256], &BuildTest<double>);
        table.Add([Code.Insertps_xmm_xmmm32_imm8, Code.VEX_Vinsertps_xmm_xmm_xmmm32_imm8], &BuildInsert);
        table.Add([Code.VEX_Vbroadcastss_xmm_m32, Code.VEX_Vbroadcastss_ymm_m32, Code.VEX_Vbroadcastss_xmm_xmm,
            Code.VEX_Vbroadcastss_ymm_xmm], &BuildBroadcast<uint>);
        table.Add([Code.VEX_Vbroadcastsd_ymm_m64, Code.VEX_Vbroadcastsd_ymm_xmm], &BuildBroadcast<ulong>);
    }

    private static bool IsVex(BlockBuilder b) => b.Instruction.Encoding != EncodingKind.Legacy;

    private static void BuildScalar<T>(BlockBuilder b) where T : unmanaged
    {
        if (!FloatGate.AllowsVector(b)) return;
        int last = b.Instruction.OpCount - 1;
        if (b.IsMemory(0))
        {
            b.Op->Src = b.Register(last);
            b.Emit(&Store<T>);
            return;
        }
        b.Op->Dst = b.Register(0);
        if (b.IsMemory(last))
        {
            b.Emit(IsVex(b) ? &Load<T, Vex> : &Load<T, Legacy>);
            return;
        }
        b.Op->Src2 = b.Register(last);
        b.Op->Src = b.Register(last - 1);
        b.Emit(IsVex(b) ? &Merge<T, Vex> : &Merge<T, Legacy>);
    }

    /// <summary>Dst, Src (the register that keeps the other half: the destination itself in legacy forms), Src2 (the moved one).</summary>
    private static bool TakeHalves(BlockBuilder b)
    {
        if (!FloatGate.AllowsVector(b)) return false;
        int last = b.Instruction.OpCount - 1;
        b.Op->Dst = b.Register(0);
        b.Op->Src = b.Register(last - 1);
        if (!b.IsMemory(last)) b.Op->Src2 = b.Register(last);
        return true;
    }

    private static void BuildLoadLow(BlockBuilder b)
    {
        if (TakeHalves(b)) b.Emit(IsVex(b) ? &LoadLow<Vex> : &LoadLow<Legacy>);
    }

    private static void BuildLoadHigh(BlockBuilder b)
    {
        if (TakeHalves(b)) b.Emit(IsVex(b) ? &LoadHigh<Vex> : &LoadHigh<Legacy>);
    }

    private static void BuildHighToLow(BlockBuilder b)
    {
        if (TakeHalves(b)) b.Emit(IsVex(b) ? &HighToLow<Vex> : &HighToLow<Legacy>);
    }

    private static void BuildLowToHigh(BlockBuilder b)
    {
        if (TakeHalves(b)) b.Emit(IsVex(b) ? &LowToHigh<Vex> : &LowToHigh<Legacy>);
    }

    private static void BuildStoreLow(BlockBuilder b)
    {
        if (!FloatGate.AllowsVector(b)) return;
        b.Op->Src = b.Register(1);
        b.Emit(&Store<ulong>);
    }

    private static void BuildStoreHigh(BlockBuilder b)
    {
        if (!FloatGate.AllowsVector(b)) return;
        b.Op->Src = (ushort)(b.Register(1) + 8);
        b.Emit(&Store<ulong>);
    }

    private static void BuildSigns<T>(BlockBuilder b) where T : unmanaged
    {
        if (!FloatGate.AllowsVector(b)) return;
        b.Op->Dst = b.Register(0);
        b.Op->Src = b.Register(1);
        b.Emit(b.Instruction.Op1Register.IsYMM() ? &Signs256<T> : &Signs128<T>);
    }

    private static void BuildTest<T>(BlockBuilder b) where T : unmanaged
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isWide = b.Instruction.Op0Register.IsYMM();
        if (FloatForms.SetOperands(b)) b.Emit(isWide ? &Test256<T, FromMemory> : &Test128<T, FromMemory>);
        else b.Emit(isWide ? &Test256<T, FromRegister> : &Test128<T, FromRegister>);
    }

    /// <summary>INSERTPS: Aux is the immediate; the element of a register source is chosen here.</summary>
    private static void BuildInsert(BlockBuilder b)
    {
        if (!TakeHalves3(b)) return;
        bool isMemory = b.IsMemory(b.Instruction.OpCount - 2);
        if (isMemory) b.Emit(IsVex(b) ? &Insert<FromMemory, Vex> : &Insert<FromMemory, Legacy>);
        else b.Emit(IsVex(b) ? &Insert<FromRegister, Vex> : &Insert<FromRegister, Legacy>);
    }

    private static bool TakeHalves3(BlockBuilder b)
    {
        if (!FloatGate.AllowsVector(b)) return false;
        int last = b.Instruction.OpCount - 2;
        int immediate = b.Instruction.Immediate8;
        b.Op->Dst = b.Register(0);
        b.Op->Src = b.Register(last - 1);
        b.Op->Aux = (ushort)immediate;
        if (!b.IsMemory(last)) b.Op->Src2 = (ushort)(b.Register(last) + (immediate >> 6) * 4);
        return true;
    }

    private static void BuildBroadcast<T>(BlockBuilder b) where T : unmanaged
    {
        if (!FloatGate.AllowsVector(b)) return;
        bool isWide = b.Instruction.Op0Register.IsYMM();
        if (FloatForms.SetOperands(b)) b.Emit(isWide ? &Broadcast256<T, FromMemory> : &Broadcast128<T, FromMemory>);
        else b.Emit(isWide ? &Broadcast256<T, FromRegister> : &Broadcast128<T, FromRegister>);
    }

    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Store<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!Memory.Write(cpu, op, Address.Linear(cpu, op, sizeof(T), isWrite: true), *(T*)((byte*)cpu + op->Src))) return;
        Chain.Next(cpu, op);
    }

    /// <summary>From memory: the rest of the lane becomes zero.</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Load<T, TEncoding>(Cpu* cpu, Op* op) where T : unmanaged where TEncoding : struct, IEncoding
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        Vector128<byte> lane = Vector128.CreateScalar(value).AsByte();
        if (TEncoding.IsVex) Xmm.SetOnly(cpu, op->Dst, lane);
        else Xmm.SetLow(cpu, op->Dst, lane);
        Chain.Next(cpu, op);
    }

    /// <summary>From a register: the rest of the lane comes from Src.</summary>
    /// Hot path:
    [MethodImpl(Jit.Handler)]
    private static void Merge<T, TEncoding>(Cpu* cpu, Op* op) where T : unmanaged where TEncoding : struct, IEncoding
    {
        T value = *(T*)((byte*)cpu + op->Src2);
        if (TEncoding.IsVex) Xmm.SetOnly(cpu, op->Dst, Xmm.Low(cpu, op->Src));
        *(T*)((byte*)cpu + op->Dst) = value;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Inline)]
    private static void SetHalves<TEncoding>(Cpu* cpu, Op* op, ulong low, ulong high) where TEncoding : struct, IEncoding
    {
        Vector128<byte> lane = Vector128.Create(low, high).AsByte();
        if (TEncoding.IsVex) Xmm.SetOnly(cpu, op->Dst, lane);
        else Xmm.SetLow(cpu, op->Dst, lane);
    }

    [MethodImpl(Jit.Handler)]
    private static void LoadLow<TEncoding>(Cpu* cpu, Op* op) where TEncoding : struct, IEncoding
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 8), out ulong value)) return;
        SetHalves<TEncoding>(cpu, op, value, *(ulong*)((byte*)cpu + op->Src + 8));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void LoadHigh<TEncoding>(Cpu* cpu, Op* op) where TEncoding : struct, IEncoding
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 8), out ulong value)) return;
        SetHalves<TEncoding>(cpu, op, *(ulong*)((byte*)cpu + op->Src), value);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void HighToLow<TEncoding>(Cpu* cpu, Op* op) where TEncoding : struct, IEncoding
    {
        SetHalves<TEncoding>(cpu, op, *(ulong*)((byte*)cpu + op->Src2 + 8), *(ulong*)((byte*)cpu + op->Src + 8));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void LowToHigh<TEncoding>(Cpu* cpu, Op* op) where TEncoding : struct, IEncoding
    {
        SetHalves<TEncoding>(cpu, op, *(ulong*)((byte*)cpu + op->Src), *(ulong*)((byte*)cpu + op->Src2));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Signs128<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<uint>(cpu, op->Dst, Xmm.Low(cpu, op->Src).As<byte, T>().ExtractMostSignificantBits());
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Signs256<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        Int.SetReg<uint>(cpu, op->Dst, Vector256.Load((byte*)cpu + op->Src).As<byte, T>().ExtractMostSignificantBits());
        Chain.Next(cpu, op);
    }

    /// <summary>ZF: no sign is set in both; CF: no sign is set in the source alone (SDM vol. 2C, VTESTPD).</summary>
    [MethodImpl(Jit.Inline)]
    private static void SetTested(Cpu* cpu, uint both, uint sourceOnly)
        => Flags.SetStatus(cpu, (both == 0 ? Flags.Zf : 0) | (sourceOnly == 0 ? Flags.Cf : 0));

    [MethodImpl(Jit.Handler)]
    private static void Test128<T, TSource>(Cpu* cpu, Op* op) where T : unmanaged where TSource : struct, ISource
    {
        Vector128<byte> b;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 16), out b)) return;
        }
        else b = Xmm.Low(cpu, op->Src2);
        Vector128<byte> a = Xmm.Low(cpu, op->Dst);
        SetTested(cpu, (a & b).As<byte, T>().ExtractMostSignificantBits(), (~a & b).As<byte, T>().ExtractMostSignificantBits());
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Test256<T, TSource>(Cpu* cpu, Op* op) where T : unmanaged where TSource : struct, ISource
    {
        Vector256<byte> b;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 32), out b)) return;
        }
        else b = Vector256.Load((byte*)cpu + op->Src2);
        Vector256<byte> a = Vector256.Load((byte*)cpu + op->Dst);
        SetTested(cpu, (a & b).As<byte, T>().ExtractMostSignificantBits(), (~a & b).As<byte, T>().ExtractMostSignificantBits());
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Insert<TSource, TEncoding>(Cpu* cpu, Op* op) where TSource : struct, ISource where TEncoding : struct, IEncoding
    {
        uint element;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 4), out element)) return;
        }
        else element = *(uint*)((byte*)cpu + op->Src2);
        if (TEncoding.IsVex) Xmm.SetOnly(cpu, op->Dst, Xmm.Low(cpu, op->Src));
        uint* elements = (uint*)((byte*)cpu + op->Dst);
        elements[op->Aux >> 4 & 3] = element;
        for (int i = 0; i < 4; i++)
        {
            if ((op->Aux >> i & 1) != 0) elements[i] = 0;
        }
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Broadcast128<T, TSource>(Cpu* cpu, Op* op) where T : unmanaged where TSource : struct, ISource
    {
        T value;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out value)) return;
        }
        else value = *(T*)((byte*)cpu + op->Src2);
        Xmm.SetOnly(cpu, op->Dst, Vector128.Create(value).AsByte());
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Broadcast256<T, TSource>(Cpu* cpu, Op* op) where T : unmanaged where TSource : struct, ISource
    {
        T value;
        if (TSource.IsMemory)
        {
            if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out value)) return;
        }
        else value = *(T*)((byte*)cpu + op->Src2);
        Vector256.Create(value).AsByte().Store((byte*)cpu + op->Dst);
        Chain.Next(cpu, op);
    }
}
