using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>A condition of Jcc, SETcc and CMOVcc (SDM vol. 1, appendix B).</summary>
internal unsafe interface ICondition
{
    static abstract bool Test(Cpu* cpu);
}

/// <summary>The sixteen conditions: eight and their negations.</summary>
internal static unsafe class Conditions
{
    internal readonly struct O : ICondition { [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsOverflow(cpu); }
    internal readonly struct B : ICondition { [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsCarry(cpu); }
    internal readonly struct E : ICondition { [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsZero(cpu); }
    internal readonly struct Be : ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsCarry(cpu) || Flags.IsZero(cpu);
    }
    internal readonly struct S : ICondition { [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsSign(cpu); }
    internal readonly struct P : ICondition { [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsParity(cpu); }
    internal readonly struct L : ICondition { [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsLess(cpu); }
    internal readonly struct Le : ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => Flags.IsZero(cpu) || Flags.IsLess(cpu);
    }
    internal readonly struct Not<TCondition> : ICondition where TCondition : struct, ICondition
    {
        [MethodImpl(Jit.Inline)] public static bool Test(Cpu* cpu) => !TCondition.Test(cpu);
    }
}
