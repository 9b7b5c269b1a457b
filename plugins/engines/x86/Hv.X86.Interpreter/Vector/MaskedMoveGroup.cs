using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>VPMASKMOVD, VPMASKMOVQ and their floating-point twins (SDM vol. 2, VMASKMOV, VPMASKMOV): elements whose
/// mask has its sign bit set. Elements that are masked out are not accessed and cannot fault.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class MaskedMoveGroup
{
    public static void Register(OpTable table)
    {
        table.Add([Code.VEX_Vpmaskmovd_xmm_xmm_m128, Code.VEX_Vpmaskmovd_ymm_ymm_m256, Code.VEX_Vmaskmovps_xmm_xmm_m128,
            Code.VEX_Vmaskmovps_ymm_ymm_m256], &BuildLoad<uint>);
        table.Add([Code.VEX_Vpmaskmovq_xmm_xmm_m128, Code.VEX_Vpmaskmovq_ymm_ymm_m256, Code.VEX_Vmaskmovpd_xmm_xmm_m128,
            Code.VEX_Vmaskmovpd_ymm_ymm_m256], &BuildLoad<ulong>);
        table.Add([Code.VEX_Vpmaskmovd_m128_xmm_xmm, Code.VEX_Vpmaskmovd_m256_ymm_ymm, Code.VEX_Vmaskmovps_m128_xmm_xmm,
            Code.VEX_Vmaskmovps_m256_ymm_ymm], &BuildStore<uint>);
        table.Add([Code.VEX_Vpmaskmovq_m128_xmm_xmm, Code.VEX_Vpmaskmovq_m256_ymm_ymm, Code.VEX_Vmaskmovpd_m128_xmm_xmm,
            Code.VEX_Vmaskmovpd_m256_ymm_ymm], &BuildStore<ulong>);
    }

    private static void BuildLoad<T>(BlockBuilder b) where T : unmanaged
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        b.Op->Src = b.Register(1);
        b.Op->Aux = (ushort)(b.Instruction.Op0Register.IsYMM() ? 32 : 16);
        b.Emit(&Load<T>);
    }

    private static void BuildStore<T>(BlockBuilder b) where T : unmanaged
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        b.Op->Src = b.Register(1);
        b.Op->Src2 = b.Register(2);
        b.Op->Aux = (ushort)(b.Instruction.Op1Register.IsYMM() ? 32 : 16);
        b.Emit(&Store<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void Load<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!LoadElements<T>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Store<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!StoreElements<T>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    private static bool IsSet<T>(byte* mask, int offset) where T : unmanaged =>
        (mask[offset + sizeof(T) - 1] & 0x80) != 0;

    [MethodImpl(Jit.Cold)]
    private static bool LoadElements<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        int size = op->Aux;
        byte* mask = (byte*)cpu + op->Src;
        ulong linear = Address.Linear(cpu, op, size);
        Vector256<byte> result = Vector256<byte>.Zero;
        for (int i = 0; i < size; i += sizeof(T))
        {
            if (!IsSet<T>(mask, i)) continue;
            if (!Elements.Read(cpu, op, linear + (ulong)i, out T value)) return false;
            Unsafe.WriteUnaligned((byte*)&result + i, value);
        }
        result.Store((byte*)cpu + op->Dst);
        return true;
    }

    [MethodImpl(Jit.Cold)]
    private static bool StoreElements<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        int size = op->Aux;
        byte* mask = (byte*)cpu + op->Src;
        byte* data = (byte*)cpu + op->Src2;
        ulong linear = Address.Linear(cpu, op, size, isWrite: true);
        for (int i = 0; i < size; i += sizeof(T))
        {
            if (IsSet<T>(mask, i) && !Elements.ProbeWrite(cpu, op, linear + (ulong)i, sizeof(T))) return false;
        }
        for (int i = 0; i < size; i += sizeof(T))
        {
            if (IsSet<T>(mask, i) && !Elements.Write(cpu, op, linear + (ulong)i, *(T*)(data + i))) return false;
        }
        return true;
    }
}
