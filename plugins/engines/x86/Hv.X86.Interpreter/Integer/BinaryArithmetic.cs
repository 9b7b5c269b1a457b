using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>ADD, ADC, SUB, SBB, CMP, AND, OR, XOR, TEST (SDM vol. 1, 5.1.2 and 5.1.4).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class BinaryArithmetic
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Add_rm8_r8, Code.Add_rm16_r16, Code.Add_rm32_r32, Code.Add_rm64_r64, Code.Add_r8_rm8,
            Code.Add_r16_rm16,
            Code.Add_r32_rm32, Code.Add_r64_rm64, Code.Add_AL_imm8, Code.Add_AX_imm16, Code.Add_EAX_imm32,
                Code.Add_RAX_imm32,
            Code.Add_rm8_imm8, Code.Add_rm8_imm8_82, Code.Add_rm16_imm16, Code.Add_rm32_imm32, Code.Add_rm64_imm32,
            Code.Add_rm16_imm8, Code.Add_rm32_imm8, Code.Add_rm64_imm8], &BinaryForms.Build<Add>);
        table.Add([Code.Or_rm8_r8, Code.Or_rm16_r16, Code.Or_rm32_r32, Code.Or_rm64_r64, Code.Or_r8_rm8,
            Code.Or_r16_rm16,
            Code.Or_r32_rm32, Code.Or_r64_rm64, Code.Or_AL_imm8, Code.Or_AX_imm16, Code.Or_EAX_imm32, Code.Or_RAX_imm32,
            Code.Or_rm8_imm8, Code.Or_rm8_imm8_82, Code.Or_rm16_imm16, Code.Or_rm32_imm32, Code.Or_rm64_imm32,
            Code.Or_rm16_imm8, Code.Or_rm32_imm8, Code.Or_rm64_imm8], &BinaryForms.Build<Or>);
        table.Add([Code.Adc_rm8_r8, Code.Adc_rm16_r16, Code.Adc_rm32_r32, Code.Adc_rm64_r64, Code.Adc_r8_rm8,
            Code.Adc_r16_rm16,
            Code.Adc_r32_rm32, Code.Adc_r64_rm64, Code.Adc_AL_imm8, Code.Adc_AX_imm16, Code.Adc_EAX_imm32,
                Code.Adc_RAX_imm32,
            Code.Adc_rm8_imm8, Code.Adc_rm8_imm8_82, Code.Adc_rm16_imm16, Code.Adc_rm32_imm32, Code.Adc_rm64_imm32,
            Code.Adc_rm16_imm8, Code.Adc_rm32_imm8, Code.Adc_rm64_imm8], &BinaryForms.Build<Adc>);
        table.Add([Code.Sbb_rm8_r8, Code.Sbb_rm16_r16, Code.Sbb_rm32_r32, Code.Sbb_rm64_r64, Code.Sbb_r8_rm8,
            Code.Sbb_r16_rm16,
            Code.Sbb_r32_rm32, Code.Sbb_r64_rm64, Code.Sbb_AL_imm8, Code.Sbb_AX_imm16, Code.Sbb_EAX_imm32,
                Code.Sbb_RAX_imm32,
            Code.Sbb_rm8_imm8, Code.Sbb_rm8_imm8_82, Code.Sbb_rm16_imm16, Code.Sbb_rm32_imm32, Code.Sbb_rm64_imm32,
            Code.Sbb_rm16_imm8, Code.Sbb_rm32_imm8, Code.Sbb_rm64_imm8], &BinaryForms.Build<Sbb>);
        table.Add([Code.And_rm8_r8, Code.And_rm16_r16, Code.And_rm32_r32, Code.And_rm64_r64, Code.And_r8_rm8,
            Code.And_r16_rm16,
            Code.And_r32_rm32, Code.And_r64_rm64, Code.And_AL_imm8, Code.And_AX_imm16, Code.And_EAX_imm32,
                Code.And_RAX_imm32,
            Code.And_rm8_imm8, Code.And_rm8_imm8_82, Code.And_rm16_imm16, Code.And_rm32_imm32, Code.And_rm64_imm32,
            Code.And_rm16_imm8, Code.And_rm32_imm8, Code.And_rm64_imm8], &BinaryForms.Build<And>);
        table.Add([Code.Sub_rm8_r8, Code.Sub_rm16_r16, Code.Sub_rm32_r32, Code.Sub_rm64_r64, Code.Sub_r8_rm8,
            Code.Sub_r16_rm16,
            Code.Sub_r32_rm32, Code.Sub_r64_rm64, Code.Sub_AL_imm8, Code.Sub_AX_imm16, Code.Sub_EAX_imm32,
                Code.Sub_RAX_imm32,
            Code.Sub_rm8_imm8, Code.Sub_rm8_imm8_82, Code.Sub_rm16_imm16, Code.Sub_rm32_imm32, Code.Sub_rm64_imm32,
            Code.Sub_rm16_imm8, Code.Sub_rm32_imm8, Code.Sub_rm64_imm8], &BinaryForms.Build<Sub>);
        table.Add([Code.Xor_rm8_r8, Code.Xor_rm16_r16, Code.Xor_rm32_r32, Code.Xor_rm64_r64, Code.Xor_r8_rm8,
            Code.Xor_r16_rm16,
            Code.Xor_r32_rm32, Code.Xor_r64_rm64, Code.Xor_AL_imm8, Code.Xor_AX_imm16, Code.Xor_EAX_imm32,
                Code.Xor_RAX_imm32,
            Code.Xor_rm8_imm8, Code.Xor_rm8_imm8_82, Code.Xor_rm16_imm16, Code.Xor_rm32_imm32, Code.Xor_rm64_imm32,
            Code.Xor_rm16_imm8, Code.Xor_rm32_imm8, Code.Xor_rm64_imm8], &BinaryForms.Build<Xor>);
        table.Add([Code.Cmp_rm8_r8, Code.Cmp_rm16_r16, Code.Cmp_rm32_r32, Code.Cmp_rm64_r64, Code.Cmp_r8_rm8,
            Code.Cmp_r16_rm16,
            Code.Cmp_r32_rm32, Code.Cmp_r64_rm64, Code.Cmp_AL_imm8, Code.Cmp_AX_imm16, Code.Cmp_EAX_imm32,
                Code.Cmp_RAX_imm32,
            Code.Cmp_rm8_imm8, Code.Cmp_rm8_imm8_82, Code.Cmp_rm16_imm16, Code.Cmp_rm32_imm32, Code.Cmp_rm64_imm32,
            Code.Cmp_rm16_imm8, Code.Cmp_rm32_imm8, Code.Cmp_rm64_imm8], &BinaryForms.Build<Cmp>);
        table.Add([Code.Test_rm8_r8, Code.Test_rm16_r16, Code.Test_rm32_r32, Code.Test_rm64_r64, Code.Test_AL_imm8,
            Code.Test_AX_imm16,
            Code.Test_EAX_imm32, Code.Test_RAX_imm32, Code.Test_rm8_imm8, Code.Test_rm8_imm8_F6r1, Code.Test_rm16_imm16,
            Code.Test_rm16_imm16_F7r1, Code.Test_rm32_imm32, Code.Test_rm32_imm32_F7r1, Code.Test_rm64_imm32,
            Code.Test_rm64_imm32_F7r1], &BinaryForms.Build<Test>);
    }

    private readonly struct Add : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = a + b;
            Flags.SetAdd<T>(cpu, a, b, r);
            return r;
        }
    }

    private readonly struct Adc : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = a + b + Flags.Carry(cpu);
            Flags.SetAdd<T>(cpu, a, b, r);
            return r;
        }
    }

    private readonly struct Sub : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = a - b;
            Flags.SetSub<T>(cpu, a, b, r);
            return r;
        }
    }

    private readonly struct Sbb : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = a - b - Flags.Carry(cpu);
            Flags.SetSub<T>(cpu, a, b, r);
            return r;
        }
    }

    private readonly struct Cmp : IBinary
    {
        public static bool Writes => false;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            Flags.SetSub<T>(cpu, a, b, a - b);
            return 0;
        }
    }

    private readonly struct And : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = a & b;
            Flags.SetLogic<T>(cpu, r);
            return r;
        }
    }

    private readonly struct Or : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = a | b;
            Flags.SetLogic<T>(cpu, r);
            return r;
        }
    }

    private readonly struct Xor : IBinary
    {
        public static bool Writes => true;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            ulong r = a ^ b;
            Flags.SetLogic<T>(cpu, r);
            return r;
        }
    }

    private readonly struct Test : IBinary
    {
        public static bool Writes => false;
        [MethodImpl(Jit.Inline)]
        public static ulong Do<T>(Cpu* cpu, ulong a, ulong b) where T : unmanaged
        {
            Flags.SetLogic<T>(cpu, a & b);
            return 0;
        }
    }
}
