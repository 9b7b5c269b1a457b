using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>The registers of the machine-check architecture that CPUID announces (MCE, MCA): four banks that never
/// report anything, because nothing here breaks; #MC is not raised (SDM vol. 3, 17.3).</summary>
// SAFETY (whole class): cpu is the unmanaged state of the vCPU whose thread this is; bank numbers are checked against
// Banks.
internal static unsafe class MachineCheck
{
    /// <summary>Banks of error-reporting registers.</summary>
    public const int Banks = 4;
    private const int RegistersPerBank = 4;
    private const ulong McgControlPresent = 1 << 8;
    /// <summary>IA32_MCG_CAP: the number of banks, and that IA32_MCG_CTL is there.</summary>
    private const ulong Capabilities = Banks | McgControlPresent;
    /// <summary>RIPV, EIPV and MCIP.</summary>
    private const ulong StatusBits = 7;

    /// <summary>A bank's registers, in the order of their numbers.</summary>
    private enum BankRegister : uint
    {
        Control,
        Status,
        Address,
        Miscellaneous,
    }

    /// <summary>RDMSR. False: not one of these.</summary>
    public static bool TryRead(Cpu* cpu, uint msr, out ulong value)
    {
        value = 0;
        switch (msr)
        {
            case Msr.McgCapabilities: value = Capabilities; return true;
            case Msr.McgStatus: value = cpu->McgStatus; return true;
            case Msr.McgControl: value = cpu->McgControl; return true;
        }
        if (!IsBank(msr, out int bank, out BankRegister register)) return false;
        if (register == BankRegister.Control) value = cpu->MciControl[bank];
        return true;
    }

    /// <summary>WRMSR. False: not one of these. <paramref name="isValid"/>: what was written is allowed; status,
    /// address and miscellaneous registers take only zero (17.3.2.2 to 17.3.2.4).</summary>
    public static bool TryWrite(Cpu* cpu, uint msr, ulong value, out bool isValid)
    {
        isValid = true;
        switch (msr)
        {
            case Msr.McgCapabilities:
                isValid = false; // read-only
                return true;
            case Msr.McgStatus:
                isValid = (value & ~StatusBits) == 0;
                if (isValid) cpu->McgStatus = value;
                return true;
            case Msr.McgControl:
                cpu->McgControl = value;
                return true;
        }
        if (!IsBank(msr, out int bank, out BankRegister register)) return false;
        if (register == BankRegister.Control) cpu->MciControl[bank] = value;
        else isValid = value == 0;
        return true;
    }

    private static bool IsBank(uint msr, out int bank, out BankRegister register)
    {
        uint index = msr - Msr.Mc0Control; // wraps to something huge below the first
        bank = (int)(index / RegistersPerBank);
        register = (BankRegister)(index % RegistersPerBank);
        return index < Banks * RegistersPerBank;
    }
}
