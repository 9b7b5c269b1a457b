using System.Runtime.CompilerServices;

namespace Hv.X86.Interpreter;

/// <summary>A condition of Jcc, SETcc and CMOVcc (SDM vol. 1, appendix B), in three ways: from the flags, and from the
/// operands or the result of the instruction before, where the two run as one.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal unsafe interface ICondition
{
    /// <summary>From the flags.</summary>
    static abstract bool Test(Cpu* cpu);
    /// <summary>From the operands of a comparison, zero-extended.</summary>
    static abstract bool Compare<T>(ulong a, ulong b) where T : unmanaged;
    /// <summary>From the result of a logical operation, cut to T (CF = OF = 0).</summary>
    static abstract bool Logic<T>(ulong r) where T : unmanaged;
}

/// <summary>Conditions that have all three ways, and the rest, which only look at flags.</summary>
internal static unsafe class Conditions
{
    internal readonly struct O : ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsOverflow(cpu);
        [MethodImpl(Jit.Inline)] public static bool Compare<T>(ulong a, ulong b)
            where T : unmanaged => Int.Msb<T>((a ^ b) & (a ^ (a - b))) != 0;
        [MethodImpl(Jit.Inline)] public static bool Logic<T>(ulong r) where T : unmanaged => false;
    }

    internal readonly struct B : ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsCarry(cpu);
        [MethodImpl(Jit.Inline)] public static bool Compare<T>(ulong a, ulong b) where T : unmanaged => a < b;
        [MethodImpl(Jit.Inline)] public static bool Logic<T>(ulong r) where T : unmanaged => false;
    }

    internal readonly struct E : ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsZero(cpu);
        [MethodImpl(Jit.Inline)] public static bool Compare<T>(ulong a, ulong b) where T : unmanaged => a == b;
        [MethodImpl(Jit.Inline)] public static bool Logic<T>(ulong r) where T : unmanaged => r == 0;
    }

    internal readonly struct Be : ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsCarry(cpu) || Flags.IsZero(cpu);
        [MethodImpl(Jit.Inline)] public static bool Compare<T>(ulong a, ulong b) where T : unmanaged => a <= b;
        [MethodImpl(Jit.Inline)] public static bool Logic<T>(ulong r) where T : unmanaged => r == 0;
    }

    internal readonly struct S : ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsSign(cpu);
        [MethodImpl(Jit.Inline)] public static bool Compare<T>(ulong a, ulong b)
            where T : unmanaged => Int.Sext<T>(a - b) < 0;
        [MethodImpl(Jit.Inline)] public static bool Logic<T>(ulong r) where T : unmanaged => Int.Sext<T>(r) < 0;
    }

    internal readonly struct P : ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsParity(cpu);
        [MethodImpl(Jit.Inline)] public static bool Compare<T>(ulong a, ulong b) where T : unmanaged => Logic<T>(a - b);
        [MethodImpl(Jit.Inline)] public static bool Logic<T>(ulong r) where T : unmanaged =>
            (System.Numerics.BitOperations.PopCount((byte)r) & 1) == 0;
    }

    internal readonly struct L : ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsLess(cpu);
        [MethodImpl(Jit.Inline)] public static bool Compare<T>(ulong a, ulong b)
            where T : unmanaged => Int.Sext<T>(a) < Int.Sext<T>(b);
        [MethodImpl(Jit.Inline)] public static bool Logic<T>(ulong r) where T : unmanaged => Int.Sext<T>(r) < 0;
    }

    internal readonly struct Le : ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsZero(cpu) || Flags.IsLess(cpu);
        [MethodImpl(Jit.Inline)] public static bool Compare<T>(ulong a, ulong b)
            where T : unmanaged => Int.Sext<T>(a) <= Int.Sext<T>(b);
        [MethodImpl(Jit.Inline)] public static bool Logic<T>(ulong r) where T : unmanaged => Int.Sext<T>(r) <= 0;
    }

    internal readonly struct Not<TCondition> : ICondition where TCondition : struct, ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => !TCondition.Test(cpu);
        [MethodImpl(Jit.Inline)] public static bool Compare<T>(ulong a, ulong b)
            where T : unmanaged => !TCondition.Compare<T>(a, b);
        [MethodImpl(Jit.Inline)] public static bool Logic<T>(ulong r) where T : unmanaged => !TCondition.Logic<T>(r);
    }
}
