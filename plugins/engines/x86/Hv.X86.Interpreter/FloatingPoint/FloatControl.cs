using System.Runtime.CompilerServices;
using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>LDMXCSR and STMXCSR (SDM vol. 1, 10.4.3).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class FloatControl
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Ldmxcsr_m32, Code.VEX_Vldmxcsr_m32], &BuildLoad);
        table.Add([Code.Stmxcsr_m32, Code.VEX_Vstmxcsr_m32], &BuildStore);
    }

    private static void BuildLoad(BlockBuilder b)
    {
        if (FloatGate.AllowsVector(b)) b.Emit(&Load);
    }

    private static void BuildStore(BlockBuilder b)
    {
        if (FloatGate.AllowsVector(b)) b.Emit(&Store);
    }

    [MethodImpl(Jit.Handler)]
    private static void Load(Cpu* cpu, Op* op)
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, 4), out uint value)) return;
        if ((value & ~Mxcsr.Writable) != 0)
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        cpu->Mxcsr = value;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void Store(Cpu* cpu, Op* op)
    {
        if (!Memory.Write(cpu, op, Address.Linear(cpu, op, 4, isWrite: true), cpu->Mxcsr)) return;
        Chain.Next(cpu, op);
    }
}
