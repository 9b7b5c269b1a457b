using Hv.Sdk.X86;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Takes out of the table what the CPU model does not have, so that a model is the same processor everywhere: its missing
/// instructions raise #UD, and those that older processors read as another instruction (LZCNT as BSR, TZCNT as BSF) are that one.</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal static unsafe class ModelGate
{
    /// <summary>Applies a model to a complete table.</summary>
    public static void Apply(OpTable table, CpuidModel model)
    {
        if (!model.Has(CpuFeature.Lzcnt))
            Alias(table, [Code.Lzcnt_r16_rm16, Code.Lzcnt_r32_rm32, Code.Lzcnt_r64_rm64], [Code.Bsr_r16_rm16, Code.Bsr_r32_rm32, Code.Bsr_r64_rm64]);
        if (!model.Has(CpuFeature.Bmi1))
            Alias(table, [Code.Tzcnt_r16_rm16, Code.Tzcnt_r32_rm32, Code.Tzcnt_r64_rm64], [Code.Bsf_r16_rm16, Code.Bsf_r32_rm32, Code.Bsf_r64_rm64]);
        for (int i = 0; i < IcedConstants.CodeCount; i++)
        {
            var code = (Code)i;
            if (table[code] == null || IsAliased(code))
                continue;
            foreach (CpuidFeature needed in code.CpuidFeatures())
                if (!Has(model, needed))
                    table.Add(code, null);
        }
    }

    private static void Alias(OpTable table, ReadOnlySpan<Code> codes, ReadOnlySpan<Code> others)
    {
        for (int i = 0; i < codes.Length; i++)
            table.Add(codes[i], table[others[i]]);
    }

    private static bool IsAliased(Code code) => code
        is Code.Lzcnt_r16_rm16 or Code.Lzcnt_r32_rm32 or Code.Lzcnt_r64_rm64
        or Code.Tzcnt_r16_rm16 or Code.Tzcnt_r32_rm32 or Code.Tzcnt_r64_rm64;

    /// <summary>Whether a model has what an instruction needs. What no model may lack is not listed.</summary>
    private static bool Has(CpuidModel model, CpuidFeature needed) => needed switch
    {
        CpuidFeature.SSE3 => model.Has(CpuFeature.Sse3),
        CpuidFeature.SSSE3 => model.Has(CpuFeature.Ssse3),
        CpuidFeature.SSE4_1 => model.Has(CpuFeature.Sse41),
        CpuidFeature.SSE4_2 => model.Has(CpuFeature.Sse42),
        CpuidFeature.POPCNT => model.Has(CpuFeature.Popcnt),
        CpuidFeature.CMPXCHG16B => model.Has(CpuFeature.Cx16),
        CpuidFeature.AVX => model.Has(CpuFeature.Avx),
        CpuidFeature.AVX2 => model.Has(CpuFeature.Avx2),
        CpuidFeature.FMA => model.Has(CpuFeature.Fma),
        CpuidFeature.F16C => model.Has(CpuFeature.F16c),
        CpuidFeature.BMI1 => model.Has(CpuFeature.Bmi1),
        CpuidFeature.BMI2 => model.Has(CpuFeature.Bmi2),
        CpuidFeature.LZCNT => model.Has(CpuFeature.Lzcnt),
        CpuidFeature.MOVBE => model.Has(CpuFeature.Movbe),
        CpuidFeature.ADX => model.Has(CpuFeature.Adx),
        CpuidFeature.AES => model.Has(CpuFeature.Aes),
        CpuidFeature.PCLMULQDQ => model.Has(CpuFeature.Pclmulqdq),
        CpuidFeature.SHA => model.Has(CpuFeature.Sha),
        CpuidFeature.RDRAND => model.Has(CpuFeature.Rdrand),
        CpuidFeature.RDSEED => model.Has(CpuFeature.Rdseed),
        CpuidFeature.CLFLUSHOPT => model.Has(CpuFeature.Clflushopt),
        CpuidFeature.CLWB => model.Has(CpuFeature.Clwb),
        CpuidFeature.XSAVES => false,
        CpuidFeature.VAES or CpuidFeature.VPCLMULQDQ or CpuidFeature.GFNI => false,
        _ => true,
    };
}
