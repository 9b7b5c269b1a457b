namespace Hv.Sdk.X86;

/// <summary>Features that CPUID announces one by one. Where each one's bit lies and which model begins to have it is
/// one row of
/// <see cref="CpuFeatureTable"/>.</summary>
public enum CpuFeature : byte
{
#pragma warning disable CS1591 // The names are the manual's (SDM vol. 2, CPUID); a summary could only repeat them.
    Fpu, Vme, De, Pse, Tsc, Msr, Pae, Mce, Cx8, Apic, Sep, Mtrr, Pge, Mca, Cmov, Pat, Pse36, Clflush, Mmx, Fxsr, Sse,
    Sse2, SelfSnoop,
    Htt,
    Sse3, Pclmulqdq, Ssse3, Fma, Cx16, Pcid, Sse41, Sse42, X2Apic, Movbe, Popcnt, TscDeadline, Aes, Xsave, Osxsave, Avx,
    F16c, Rdrand,
    Hypervisor,
    Arat,
    Fsgsbase, TscAdjust, Bmi1, Avx2, Smep, Bmi2, Erms, Invpcid, NoFpuCsDs, Rdseed, Adx, Smap, Clflushopt, Clwb, Sha,
    Umip, Pku, Ospke, La57, Rdpid,
    Fsrm, ArchCapabilities,
    Xsaveopt, Xsavec, Xgetbv1,
    LahfLm, Lzcnt, Prefetchw,
    Syscall, Nx, Page1G, Rdtscp, LongMode,
    InvariantTsc,
#pragma warning restore CS1591
}

/// <summary>A register that CPUID returns.</summary>
public enum CpuidRegister : byte
{
    /// <summary>EAX.</summary>
    Eax,
    /// <summary>EBX.</summary>
    Ebx,
    /// <summary>ECX.</summary>
    Ecx,
    /// <summary>EDX.</summary>
    Edx,
}

/// <summary>Which models have a feature.</summary>
public enum CpuFeatureLevel : byte
{
    /// <summary>What every model has: the features of the system, which the psABI's levels say nothing of.</summary>
    All,
    /// <summary>x86-64-v1 and above.</summary>
    V1,
    /// <summary>x86-64-v2 and above.</summary>
    V2,
    /// <summary>x86-64-v3 and above (with the cryptographic and random-number extensions).</summary>
    V3,
    /// <summary>Only <c>max</c>.</summary>
    Max,
    /// <summary>Not a property of the model: set from the vCPU's state or the machine's shape at each CPUID.</summary>
    Dynamic,
}

/// <summary>One feature's place.</summary>
/// <param name="Feature">The feature.</param>
/// <param name="Leaf">CPUID leaf.</param>
/// <param name="Subleaf">CPUID subleaf.</param>
/// <param name="Register">Register of the result.</param>
/// <param name="Bit">Bit in it.</param>
/// <param name="Level">The first model that has it.</param>
public readonly record struct CpuFeatureRow(
    CpuFeature Feature, uint Leaf, uint Subleaf, CpuidRegister Register, byte Bit, CpuFeatureLevel Level);
