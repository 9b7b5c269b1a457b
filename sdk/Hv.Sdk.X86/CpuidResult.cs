namespace Hv.Sdk.X86;

/// <summary>What CPUID returns.</summary>
/// <param name="Eax">EAX.</param>
/// <param name="Ebx">EBX.</param>
/// <param name="Ecx">ECX.</param>
/// <param name="Edx">EDX.</param>
public readonly record struct CpuidResult(uint Eax, uint Ebx, uint Ecx, uint Edx);

/// <summary>The parts of a vCPU's state that show in CPUID.</summary>
/// <param name="ApicId">Initial (x2)APIC id.</param>
/// <param name="IsApicEnabled">IA32_APIC_BASE bit 11.</param>
/// <param name="Cr4">CR4.</param>
/// <param name="Xcr0">XCR0.</param>
public readonly record struct CpuidContext(uint ApicId, bool IsApicEnabled, ulong Cr4, ulong Xcr0);
