using System.Runtime.CompilerServices;

namespace Hv.X86.Interpreter;

/// <summary>How a near branch forms its target: the operand size of the branch, decided when the block is
/// built.</summary>
// SAFETY (whole file): cpu is the unmanaged state of the vCPU whose thread this is, op a record of a block in its arena.
internal unsafe interface IInstructionPointer
{
    /// <summary>Bytes of a return address.</summary>
    static abstract int Bytes { get; }
    /// <summary>Cuts a target to the operand size.</summary>
    static abstract ulong Cut(ulong target);
    /// <summary>The target may be executed; a jump to any other is #GP(0) at the jump.</summary>
    static abstract bool IsReachable(Cpu* cpu, ulong target);
}

internal static unsafe class InstructionPointer
{
    /// <summary>64-bit mode.</summary>
    internal readonly struct Ip64 : IInstructionPointer
    {
        public static int Bytes { [MethodImpl(Jit.Inline)] get => 8; }
        [MethodImpl(Jit.Inline)] public static ulong Cut(ulong target) => target;
        [MethodImpl(Jit.Inline)] public static bool IsReachable(Cpu* cpu, ulong target) =>
            CpuMode.IsCanonical(cpu, target);
    }

    /// <summary>32-bit operand size outside 64-bit mode.</summary>
    internal readonly struct Ip32 : IInstructionPointer
    {
        public static int Bytes { [MethodImpl(Jit.Inline)] get => 4; }
        [MethodImpl(Jit.Inline)] public static ulong Cut(ulong target) => (uint)target;
        [MethodImpl(Jit.Inline)] public static bool IsReachable(Cpu* cpu, ulong target) => target <= cpu->Cs.Limit;
    }

    /// <summary>16-bit operand size.</summary>
    internal readonly struct Ip16 : IInstructionPointer
    {
        public static int Bytes { [MethodImpl(Jit.Inline)] get => 2; }
        [MethodImpl(Jit.Inline)] public static ulong Cut(ulong target) => (ushort)target;
        [MethodImpl(Jit.Inline)] public static bool IsReachable(Cpu* cpu, ulong target) => target <= cpu->Cs.Limit;
    }
}
