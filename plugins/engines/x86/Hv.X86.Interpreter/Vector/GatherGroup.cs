using System.Runtime.CompilerServices;
using Hv.Sdk.Engines;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Gathers (SDM vol. 2, VPGATHERDD/VPGATHERQD and following). Elements are loaded in order; each one that is
/// done with, loaded or masked out, clears its mask, so that after a fault the instruction goes on where it
/// was.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class GatherGroup
{
    public static void Register(OpTable table)
    {
        table.Add([Code.VEX_Vpgatherdd_xmm_vm32x_xmm, Code.VEX_Vgatherdps_xmm_vm32x_xmm], &Build4<uint, int>);
        table.Add([Code.VEX_Vpgatherdd_ymm_vm32y_ymm, Code.VEX_Vgatherdps_ymm_vm32y_ymm], &Build8<uint, int>);
        table.Add([Code.VEX_Vpgatherdq_xmm_vm32x_xmm, Code.VEX_Vgatherdpd_xmm_vm32x_xmm], &Build2<ulong, int>);
        table.Add([Code.VEX_Vpgatherdq_ymm_vm32x_ymm, Code.VEX_Vgatherdpd_ymm_vm32x_ymm], &Build4<ulong, int>);
        table.Add([Code.VEX_Vpgatherqd_xmm_vm64x_xmm, Code.VEX_Vgatherqps_xmm_vm64x_xmm], &Build2<uint, long>);
        table.Add([Code.VEX_Vpgatherqd_xmm_vm64y_xmm, Code.VEX_Vgatherqps_xmm_vm64y_xmm], &Build4<uint, long>);
        table.Add([Code.VEX_Vpgatherqq_xmm_vm64x_xmm, Code.VEX_Vgatherqpd_xmm_vm64x_xmm], &Build2<ulong, long>);
        table.Add([Code.VEX_Vpgatherqq_ymm_vm64y_ymm, Code.VEX_Vgatherqpd_ymm_vm64y_ymm], &Build4<ulong, long>);
    }

    private static void Build2<T, TIndex>(BlockBuilder b) where T : unmanaged where TIndex : unmanaged =>
        Build<T, TIndex>(b, 2);
    private static void Build4<T, TIndex>(BlockBuilder b) where T : unmanaged where TIndex : unmanaged =>
        Build<T, TIndex>(b, 4);
    private static void Build8<T, TIndex>(BlockBuilder b) where T : unmanaged where TIndex : unmanaged =>
        Build<T, TIndex>(b, 8);

    private static void Build<T, TIndex>(BlockBuilder b, int count) where T : unmanaged where TIndex : unmanaged
    {
        if (!VectorBuild.IsAvxAvailable(b)) return;
        b.Op->Dst = b.Register(0);
        b.Op->Src = b.Register(2);
        b.Op->Aux = (ushort)count;
        b.Emit(&Gather<T, TIndex>);
    }

    [MethodImpl(Jit.Handler)]
    private static void Gather<T, TIndex>(Cpu* cpu, Op* op) where T : unmanaged where TIndex : unmanaged
    {
        if (!GatherElements<T, TIndex>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Cold)]
    private static bool GatherElements<T, TIndex>(Cpu* cpu, Op* op) where T : unmanaged where TIndex : unmanaged
    {
        int count = op->Aux;
        T* result = (T*)((byte*)cpu + op->Dst);
        byte* mask = (byte*)cpu + op->Src;
        TIndex* indices = (TIndex*)((byte*)cpu + op->Index);
        for (int i = 0; i < count; i++)
        {
            if ((mask[i * sizeof(T) + sizeof(T) - 1] & 0x80) != 0)
            {
                long index = sizeof(TIndex) == 4 ? *(int*)(indices + i) : *(long*)(indices + i);
                if (!Elements.Read(cpu, op, Linear(cpu, op, index, sizeof(T)), out T value)) return false;
                result[i] = value;
            }
            new Span<byte>(mask + i * sizeof(T), sizeof(T)).Clear();
        }
        int used = count * sizeof(T);
        new Span<byte>((byte*)result + used, 32 - used).Clear();
        new Span<byte>(mask, 32).Clear();
        return true;
    }

    /// <summary>The linear address of one element: as <see cref="Address.Linear"/>, with an index from the
    /// vector.</summary>
    private static ulong Linear(Cpu* cpu, Op* op, long index, int size)
    {
        ulong offset = *(ulong*)((byte*)cpu + op->Base) + ((ulong)index << op->Scale) + (ulong)op->Disp;
        if (op->Address is not (AddressKind.Flat64 or AddressKind.Based64)) offset = (uint)offset;
        int segment = (op->Segment - Cpu.SegmentOffset(0)) / sizeof(SegmentState);
        return Address.InSegment(cpu, segment, offset, size, isWrite: false);
    }
}
