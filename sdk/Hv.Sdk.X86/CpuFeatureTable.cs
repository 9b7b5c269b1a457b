using static Hv.Sdk.X86.CpuFeatureLevel;
using static Hv.Sdk.X86.CpuidRegister;

namespace Hv.Sdk.X86;

/// <summary>Where each feature is announced and from which model on (SDM vol. 2, CPUID; psABI x86-64, 3.1.1 for the
/// levels).</summary>
public static class CpuFeatureTable
{
    /// <summary>The rows, in the order of the enumeration.</summary>
    public static ReadOnlySpan<CpuFeatureRow> Rows => rows;

    private static readonly CpuFeatureRow[] rows =
    [
        new(CpuFeature.Fpu,               1,          0, Edx,  0, V1),
        new(CpuFeature.Vme,               1,          0, Edx,  1, All),
        new(CpuFeature.De,                1,          0, Edx,  2, All),
        new(CpuFeature.Pse,               1,          0, Edx,  3, All),
        new(CpuFeature.Tsc,               1,          0, Edx,  4, All),
        new(CpuFeature.Msr,               1,          0, Edx,  5, All),
        new(CpuFeature.Pae,               1,          0, Edx,  6, All),
        new(CpuFeature.Mce,               1,          0, Edx,  7, All),
        new(CpuFeature.Cx8,               1,          0, Edx,  8, V1),
        new(CpuFeature.Apic,              1,          0, Edx,  9, Dynamic),
        new(CpuFeature.Sep,               1,          0, Edx, 11, All),
        new(CpuFeature.Mtrr,              1,          0, Edx, 12, All),
        new(CpuFeature.Pge,               1,          0, Edx, 13, All),
        new(CpuFeature.Mca,               1,          0, Edx, 14, All),
        new(CpuFeature.Cmov,              1,          0, Edx, 15, V1),
        new(CpuFeature.Pat,               1,          0, Edx, 16, All),
        new(CpuFeature.Pse36,             1,          0, Edx, 17, All),
        new(CpuFeature.Clflush,           1,          0, Edx, 19, All),
        new(CpuFeature.Mmx,               1,          0, Edx, 23, V1),
        new(CpuFeature.Fxsr,              1,          0, Edx, 24, V1),
        new(CpuFeature.Sse,               1,          0, Edx, 25, V1),
        new(CpuFeature.Sse2,              1,          0, Edx, 26, V1),
        new(CpuFeature.SelfSnoop,         1,          0, Edx, 27, All),
        new(CpuFeature.Htt,               1,          0, Edx, 28, Dynamic),

        new(CpuFeature.Sse3,              1,          0, Ecx,  0, V2),
        new(CpuFeature.Pclmulqdq,         1,          0, Ecx,  1, V3),
        new(CpuFeature.Ssse3,             1,          0, Ecx,  9, V2),
        new(CpuFeature.Fma,               1,          0, Ecx, 12, V3),
        new(CpuFeature.Cx16,              1,          0, Ecx, 13, V2),
        new(CpuFeature.Pcid,              1,          0, Ecx, 17, All),
        new(CpuFeature.Sse41,             1,          0, Ecx, 19, V2),
        new(CpuFeature.Sse42,             1,          0, Ecx, 20, V2),
        new(CpuFeature.X2Apic,            1,          0, Ecx, 21, All),
        new(CpuFeature.Movbe,             1,          0, Ecx, 22, V3),
        new(CpuFeature.Popcnt,            1,          0, Ecx, 23, V2),
        new(CpuFeature.TscDeadline,       1,          0, Ecx, 24, All),
        new(CpuFeature.Aes,               1,          0, Ecx, 25, V3),
        new(CpuFeature.Xsave,             1,          0, Ecx, 26, All),
        new(CpuFeature.Osxsave,           1,          0, Ecx, 27, Dynamic),
        new(CpuFeature.Avx,               1,          0, Ecx, 28, V3),
        new(CpuFeature.F16c,              1,          0, Ecx, 29, V3),
        new(CpuFeature.Rdrand,            1,          0, Ecx, 30, V3),
        new(CpuFeature.Hypervisor,        1,          0, Ecx, 31, All),

        new(CpuFeature.Arat,              6,          0, Eax,  2, All),

        new(CpuFeature.Fsgsbase,          7,          0, Ebx,  0, All),
        new(CpuFeature.TscAdjust,         7,          0, Ebx,  1, All),
        new(CpuFeature.Bmi1,              7,          0, Ebx,  3, V3),
        new(CpuFeature.Avx2,              7,          0, Ebx,  5, V3),
        new(CpuFeature.Smep,              7,          0, Ebx,  7, All),
        new(CpuFeature.Bmi2,              7,          0, Ebx,  8, V3),
        new(CpuFeature.Erms,              7,          0, Ebx,  9, All),
        new(CpuFeature.Invpcid,           7,          0, Ebx, 10, All),
        new(CpuFeature.NoFpuCsDs,         7,          0, Ebx, 13, All),
        new(CpuFeature.Rdseed,            7,          0, Ebx, 18, V3),
        new(CpuFeature.Adx,               7,          0, Ebx, 19, V3),
        new(CpuFeature.Smap,              7,          0, Ebx, 20, All),
        new(CpuFeature.Clflushopt,        7,          0, Ebx, 23, V3),
        new(CpuFeature.Clwb,              7,          0, Ebx, 24, V3),
        new(CpuFeature.Sha,               7,          0, Ebx, 29, V3),
        new(CpuFeature.Umip,              7,          0, Ecx,  2, All),
        new(CpuFeature.Pku,               7,          0, Ecx,  3, All),
        new(CpuFeature.Ospke,             7,          0, Ecx,  4, Dynamic),
        new(CpuFeature.La57,              7,          0, Ecx, 16, Max),
        new(CpuFeature.Rdpid,             7,          0, Ecx, 22, All),
        new(CpuFeature.Fsrm,              7,          0, Edx,  4, All),
        new(CpuFeature.ArchCapabilities,  7,          0, Edx, 29, All),

        new(CpuFeature.Xsaveopt,          0xD,        1, Eax,  0, All),
        new(CpuFeature.Xsavec,            0xD,        1, Eax,  1, All),
        new(CpuFeature.Xgetbv1,           0xD,        1, Eax,  2, All),

        new(CpuFeature.LahfLm,            0x80000001, 0, Ecx,  0, V2),
        new(CpuFeature.Lzcnt,             0x80000001, 0, Ecx,  5, V3),
        new(CpuFeature.Prefetchw,         0x80000001, 0, Ecx,  8, All),
        new(CpuFeature.Syscall,           0x80000001, 0, Edx, 11, V1),
        new(CpuFeature.Nx,                0x80000001, 0, Edx, 20, All),
        new(CpuFeature.Page1G,            0x80000001, 0, Edx, 26, All),
        new(CpuFeature.Rdtscp,            0x80000001, 0, Edx, 27, All),
        new(CpuFeature.LongMode,          0x80000001, 0, Edx, 29, V1),
        new(CpuFeature.InvariantTsc,      0x80000007, 0, Edx,  8, All),
    ];
}
