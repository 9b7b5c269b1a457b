using System.Runtime.Intrinsics.X86;
using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>Which instruction-set extensions belong to Hv's CPU models, and which of those the host has.</summary>
internal static class HostFeatures
{
    private enum Leaf
    {
        /// <summary>Every x86-64 processor has it.</summary>
        Baseline,
        Ecx1,
        Ebx7,
        Ecx80000001,
        Eax0D1,
    }

    /// <summary>The extensions of x86-64-v3 and the crypto ones, with their CPUID bit.</summary>
    private static readonly Dictionary<CpuidFeature, (Leaf Leaf, int Bit)> s_scope = new()
    {
        [CpuidFeature.INTEL8086] = default,
        [CpuidFeature.INTEL186] = default,
        [CpuidFeature.INTEL286] = default,
        [CpuidFeature.INTEL386] = default,
        [CpuidFeature.INTEL486] = default,
        [CpuidFeature.X64] = default,
        [CpuidFeature.CPUID] = default,
        [CpuidFeature.MSR] = default,
        [CpuidFeature.TSC] = default,
        [CpuidFeature.CX8] = default,
        [CpuidFeature.CMOV] = default,
        [CpuidFeature.FPU] = default,
        [CpuidFeature.FPU287] = default,
        [CpuidFeature.FPU387] = default,
        [CpuidFeature.MMX] = default,
        [CpuidFeature.FXSR] = default,
        [CpuidFeature.SSE] = default,
        [CpuidFeature.SSE2] = default,
        [CpuidFeature.SEP] = default,
        [CpuidFeature.SYSCALL] = default,
        [CpuidFeature.PAUSE] = default,
        [CpuidFeature.MULTIBYTENOP] = default,
        [CpuidFeature.CLFSH] = default,
        [CpuidFeature.RDPMC] = default,
        [CpuidFeature.CET_IBT] = default, // a hint NOP without CET
        [CpuidFeature.SSE3] = (Leaf.Ecx1, 0),
        [CpuidFeature.PCLMULQDQ] = (Leaf.Ecx1, 1),
        [CpuidFeature.MONITOR] = (Leaf.Ecx1, 3),
        [CpuidFeature.SSSE3] = (Leaf.Ecx1, 9),
        [CpuidFeature.FMA] = (Leaf.Ecx1, 12),
        [CpuidFeature.CMPXCHG16B] = (Leaf.Ecx1, 13),
        [CpuidFeature.SSE4_1] = (Leaf.Ecx1, 19),
        [CpuidFeature.SSE4_2] = (Leaf.Ecx1, 20),
        [CpuidFeature.MOVBE] = (Leaf.Ecx1, 22),
        [CpuidFeature.POPCNT] = (Leaf.Ecx1, 23),
        [CpuidFeature.AES] = (Leaf.Ecx1, 25),
        [CpuidFeature.XSAVE] = (Leaf.Ecx1, 26),
        [CpuidFeature.AVX] = (Leaf.Ecx1, 28),
        [CpuidFeature.F16C] = (Leaf.Ecx1, 29),
        [CpuidFeature.RDRAND] = (Leaf.Ecx1, 30),
        [CpuidFeature.FSGSBASE] = (Leaf.Ebx7, 0),
        [CpuidFeature.BMI1] = (Leaf.Ebx7, 3),
        [CpuidFeature.AVX2] = (Leaf.Ebx7, 5),
        [CpuidFeature.BMI2] = (Leaf.Ebx7, 8),
        [CpuidFeature.INVPCID] = (Leaf.Ebx7, 10),
        [CpuidFeature.RDSEED] = (Leaf.Ebx7, 18),
        [CpuidFeature.ADX] = (Leaf.Ebx7, 19),
        [CpuidFeature.SMAP] = (Leaf.Ebx7, 20),
        [CpuidFeature.CLFLUSHOPT] = (Leaf.Ebx7, 23),
        [CpuidFeature.CLWB] = (Leaf.Ebx7, 24),
        [CpuidFeature.SHA] = (Leaf.Ebx7, 29),
        [CpuidFeature.LZCNT] = (Leaf.Ecx80000001, 5),
        [CpuidFeature.PREFETCHW] = (Leaf.Ecx80000001, 8),
        [CpuidFeature.XSAVEOPT] = (Leaf.Eax0D1, 0),
        [CpuidFeature.XSAVEC] = (Leaf.Eax0D1, 1),
    };

    private static readonly Dictionary<CpuidFeature, bool> s_host = s_scope
        .ToDictionary(f => f.Key, f => AskHost(f.Value.Leaf, f.Value.Bit));

    /// <summary>True when every extension that <paramref name="code"/> needs belongs to Hv's models.</summary>
    public static bool InScope(Code code) => code.CpuidFeatures().All(s_scope.ContainsKey);

    /// <summary>True when the host has what <paramref name="code"/> needs.</summary>
    public static bool OnHost(Code code) => code.CpuidFeatures().All(f => s_host.GetValueOrDefault(f));

    private static bool AskHost(Leaf leaf, int bit)
    {
        if (leaf == Leaf.Baseline)
        {
            return true;
        }
        if (!X86Base.IsSupported)
        {
            return false;
        }
        int word = leaf switch
        {
            Leaf.Ecx1 => X86Base.CpuId(1, 0).Ecx,
            Leaf.Ebx7 => X86Base.CpuId(7, 0).Ebx,
            Leaf.Ecx80000001 => X86Base.CpuId(unchecked((int)0x8000_0001), 0).Ecx,
            _ => X86Base.CpuId(0xD, 1).Eax,
        };
        return ((word >> bit) & 1) != 0;
    }
}
