using System.Runtime.CompilerServices;
using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>COMISS, COMISD, UCOMISS, UCOMISD (SDM vol. 2A, COMISD; vol. 2B, UCOMISD): flags from a comparison.</summary>
// SAFETY (whole class): register offsets come from BlockBuilder.
internal static unsafe class FloatCompare
{
    /// <summary>Whether a QNaN is invalid.</summary>
    private interface ISignalling
    {
        static abstract bool Value { get; }
    }

    /// <summary>COMI: it is.</summary>
    private readonly struct Signalling : ISignalling
    {
        public static bool Value => true;
    }

    /// <summary>UCOMI: it is not.</summary>
    private readonly struct Quiet : ISignalling
    {
        public static bool Value => false;
    }

    public static void Register(OpTable table)
    {
        table.Add([Code.Comiss_xmm_xmmm32, Code.VEX_Vcomiss_xmm_xmmm32], &Build<Binary32, Signalling>);
        table.Add([Code.Comisd_xmm_xmmm64, Code.VEX_Vcomisd_xmm_xmmm64], &Build<Binary64, Signalling>);
        table.Add([Code.Ucomiss_xmm_xmmm32, Code.VEX_Vucomiss_xmm_xmmm32], &Build<Binary32, Quiet>);
        table.Add([Code.Ucomisd_xmm_xmmm64, Code.VEX_Vucomisd_xmm_xmmm64], &Build<Binary64, Quiet>);
    }

    private static void Build<F, TSignalling>(BlockBuilder b) where F : struct, IBinaryFormat where TSignalling : struct, ISignalling
    {
        if (!FloatGate.AllowsVector(b)) return;
        if (FloatForms.SetOperands(b)) b.Emit(&Compare<F, TSignalling, FromMemory>);
        else b.Emit(&Compare<F, TSignalling, FromRegister>);
    }

    /// <summary>Hot path:</summary>
    [MethodImpl(Jit.Handler)]
    private static void Compare<F, TSignalling, TSource>(Cpu* cpu, Op* op)
        where F : struct, IBinaryFormat where TSignalling : struct, ISignalling where TSource : struct, ISource
    {
        if (typeof(F) == typeof(Binary64))
        {
            ulong b;
            if (TSource.IsMemory)
            {
                if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 8), out b)) return;
            }
            else b = *(ulong*)((byte*)cpu + op->Src);
            ulong a = *(ulong*)((byte*)cpu + op->Dst);
            if (FastFloat.CanCompare64(a, b))
            {
                double x = BitConverter.UInt64BitsToDouble(a), y = BitConverter.UInt64BitsToDouble(b);
                SetOrdered(cpu, x < y, x == y);
            }
            else if (!Exactly<F>(cpu, op, a, b, TSignalling.Value)) return;
        }
        else
        {
            uint b;
            if (TSource.IsMemory)
            {
                if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 4), out b)) return;
            }
            else b = *(uint*)((byte*)cpu + op->Src);
            uint a = *(uint*)((byte*)cpu + op->Dst);
            if (FastFloat.CanCompare32(a, b))
            {
                float x = BitConverter.UInt32BitsToSingle(a), y = BitConverter.UInt32BitsToSingle(b);
                SetOrdered(cpu, x < y, x == y);
            }
            else if (!Exactly<F>(cpu, op, a, b, TSignalling.Value)) return;
        }
        Chain.Next(cpu, op);
    }

    /// <summary>CF = less, ZF = equal, everything else clear: <see cref="Flags.SetStatus"/> without its general cases. A result of 0
    /// has even parity, which bit 8 of the carries turns round; a result of 1 has odd parity.</summary>
    [MethodImpl(Jit.Inline)]
    private static void SetOrdered(Cpu* cpu, bool less, bool equal)
    {
        cpu->FlagResult = equal ? 0 : 1;
        cpu->FlagCarry = (equal ? 0x100ul : 0) | (less ? 3ul << 62 : 0);
    }

    [MethodImpl(Jit.Cold)]
    private static bool Exactly<F>(Cpu* cpu, Op* op, ulong a, ulong b, bool signalling) where F : struct, IBinaryFormat
    {
        FpExceptions raised = FpExceptions.None;
        FpRelation relation = SoftFloat<F>.Compare(a, b, signalling, new Mxcsr(cpu->Mxcsr), ref raised);
        if (!SlowFloat.Commit(cpu, op, raised)) return false;
        Flags.SetStatus(cpu, StatusOf(relation));
        return true;
    }

    /// <summary>ZF, PF and CF for a relation; also what FCOMI sets.</summary>
    public static uint StatusOf(FpRelation relation) => relation switch
    {
        FpRelation.Unordered => Flags.Zf | Flags.Pf | Flags.Cf,
        FpRelation.Less => Flags.Cf,
        FpRelation.Equal => Flags.Zf,
        _ => 0,
    };
}
