using System.Runtime.CompilerServices;
using Hv.Sdk.Engines;

namespace Hv.X86.Interpreter;

/// <summary>Exceptions as codes. A handler that faults calls one of these and returns without calling the next handler;
/// nothing that the guest can see may have changed before (SDM vol. 3, 7.5). The dispatcher then delivers the
/// event.</summary>
// SAFETY (whole file): cpu is the unmanaged state of the vCPU whose thread this is, op a record of a block in its arena.
internal static unsafe class Fault
{
    public const byte De = 0, Db = 1, Nmi = 2, Bp = 3, Of = 4, Br = 5, Ud = 6, Nm = 7, Df = 8, Ts = 10, Np = 11,
        Ss = 12, Gp = 13,
        Pf = 14, Mf = 16, Ac = 17, Xm = 19;

    /// <summary>Event types in the VMX numbering (SDM vol. 3, 25.8.3).</summary>
    public const byte External = 0, NmiType = 2, Hardware = 3, SoftwareInterrupt = 4, PrivilegedSoftware = 5,
        SoftwareException = 6;

    /// <summary>Makes Rip and Retired those of the instruction <paramref name="op"/>, which has not been executed. Once
    /// per instruction. Op null: they are already.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Synchronise(Cpu* cpu, Op* op)
    {
        if (op == null) return;
        cpu->Rip = Truncate(cpu, cpu->Rip + op->RipOffset);
        cpu->Retired += op->Number;
    }

    /// <summary>Cuts an instruction pointer to what the code size allows.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong Truncate(Cpu* cpu, ulong rip) => (cpu->Mode & CodeMode.Code64) != 0 ? rip : (uint)rip;

    /// <summary>Raises a hardware exception without error code at the instruction <paramref name="op"/>.</summary>
    [MethodImpl(Jit.Cold)]
    public static void Raise(Cpu* cpu, Op* op, byte vector)
    {
        Record(cpu, vector, Hardware, false, 0);
        Synchronise(cpu, op);
    }

    /// <summary>Raises a hardware exception with an error code at the instruction <paramref name="op"/> (null: at
    /// Rip).</summary>
    [MethodImpl(Jit.Cold)]
    public static void Raise(Cpu* cpu, Op* op, byte vector, uint errorCode)
    {
        Record(cpu, vector, Hardware, true, errorCode);
        Synchronise(cpu, op);
    }

    /// <summary>#GP(error).</summary>
    public static void GeneralProtection(Cpu* cpu, Op* op, uint errorCode = 0) => Raise(cpu, op, Gp, errorCode);
    /// <summary>#UD.</summary>
    public static void InvalidOpcode(Cpu* cpu, Op* op) => Raise(cpu, op, Ud);

    /// <summary>Records an event for the dispatcher without touching Rip: for code that runs between instructions and
    /// for <see cref="Memory"/>'s system accesses, whose caller decides what becomes of it.</summary>
    public static void Record(Cpu* cpu, byte vector, byte type, bool hasError, uint errorCode)
    {
        cpu->Stop = Stop.Event;
        cpu->EventPending = 1;
        cpu->EventVector = vector;
        cpu->EventType = type;
        cpu->EventHasError = hasError ? (byte)1 : (byte)0;
        cpu->EventError = errorCode;
        cpu->EventLength = 0;
    }

    /// <summary>Handler of instructions that raise #UD: undefined, not implemented, or not available in the mode. Not
    /// implemented ones are counted where the block is built.</summary>
    [MethodImpl(Jit.Handler)]
    public static void UndefinedOp(Cpu* cpu, Op* op) => Raise(cpu, op, Ud);

    /// <summary>Handler of instructions that raise #NM because of CR0.TS or CR0.EM.</summary>
    [MethodImpl(Jit.Handler)]
    public static void DeviceNotAvailableOp(Cpu* cpu, Op* op) => Raise(cpu, op, Nm);

    /// <summary>Handler of instructions that raise #GP(0): privileged, too long…</summary>
    [MethodImpl(Jit.Handler)]
    public static void GeneralProtectionOp(Cpu* cpu, Op* op) => Raise(cpu, op, Gp, 0);
}
