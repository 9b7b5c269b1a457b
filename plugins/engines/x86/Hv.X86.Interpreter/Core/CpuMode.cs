using System.Runtime.CompilerServices;

namespace Hv.X86.Interpreter;

/// <summary>What follows from control registers, segments and flags and is cached in <see cref="Cpu"/>.</summary>
// SAFETY (whole file): cpu is the unmanaged state of the vCPU whose thread this is, op a record of a block in its arena.
internal static unsafe class CpuMode
{
    public const ulong Cr0Pe = 1, Cr0Mp = 2, Cr0Em = 4, Cr0Ts = 8, Cr0Et = 0x10, Cr0Ne = 0x20, Cr0Wp = 0x1_0000,
        Cr0Am = 0x4_0000,
        Cr0Nw = 0x2000_0000, Cr0Cd = 0x4000_0000, Cr0Pg = 0x8000_0000;
    public const ulong Cr4Vme = 1, Cr4Pvi = 2, Cr4Tsd = 4, Cr4De = 8, Cr4Pse = 0x10, Cr4Pae = 0x20, Cr4Mce = 0x40,
        Cr4Pge = 0x80, Cr4Pce = 0x100,
        Cr4Osfxsr = 0x200, Cr4Osxmmexcpt = 0x400, Cr4Umip = 0x800, Cr4La57 = 0x1000, Cr4Fsgsbase = 0x1_0000,
            Cr4Pcide = 0x2_0000,
        Cr4Osxsave = 0x4_0000, Cr4Smep = 0x10_0000, Cr4Smap = 0x20_0000, Cr4Pke = 0x40_0000;
    public const ulong EferSce = 1, EferLme = 0x100, EferLma = 0x400, EferNxe = 0x800;
    private const ushort AttributeL = 0x2000, AttributeDb = 0x4000, AttributeUnusable = 0x100;

    /// <summary>Recomputes everything that is derived: call it after any change of CR0, CR4, EFER, XCR0, CPL, a segment
    /// register, RFLAGS.AC or RFLAGS.VM, before returning to the dispatcher. Cheap (about 10 ns). It does not drop
    /// translations: see <see cref="Tlb.FlushAll"/>.</summary>
    public static void Refresh(Cpu* cpu)
    {
        CodeMode mode = CodeMode.None;
        bool is64 = (cpu->Efer & EferLma) != 0 && (cpu->Cs.Attributes & AttributeL) != 0;
        if (is64) mode |= CodeMode.Code64 | CodeMode.FlatCode;
        else
        {
            if ((cpu->Cs.Attributes & AttributeDb) != 0) mode |= CodeMode.Code32;
            if ((cpu->Ss.Attributes & AttributeDb) != 0) mode |= CodeMode.Stack32;
            if (IsFlat(&cpu->Ds) && IsFlat(&cpu->Es) && IsFlat(&cpu->Ss)) mode |= CodeMode.FlatData;
            if (cpu->Cs.Base == 0 && cpu->Cs.Limit == uint.MaxValue) mode |= CodeMode.FlatCode;
        }
        if (cpu->Cpl == 3) mode |= CodeMode.User;
        ulong cr0 = cpu->Cr0, cr4 = cpu->Cr4;
        if ((cr0 & Cr0Em) != 0) mode |= CodeMode.Emulate;
        if ((cr0 & Cr0Ts) != 0) mode |= CodeMode.TaskSwitched;
        if ((cr0 & Cr0Mp) != 0) mode |= CodeMode.Monitor;
        if ((cr4 & Cr4Osfxsr) != 0) mode |= CodeMode.Osfxsr;
        if ((cr4 & Cr4Osxsave) != 0)
        {
            mode |= CodeMode.Osxsave;
            if ((cpu->Xcr0 & 6) == 6) mode |= CodeMode.Avx;
        }
        if ((cr0 & Cr0Pe) != 0) mode |= CodeMode.Protected;
        if ((cpu->Rflags & Flags.Vm) != 0) mode |= CodeMode.Virtual8086;
        cpu->Mode = mode;
        cpu->CodeBase = is64 ? 0 : cpu->Cs.Base;
        UpdateContext(cpu);

        SelectTlb(cpu);
    }

    /// <summary>Selects the TLB set that fits CPL, SMAP, RFLAGS.AC and breakpoints: all that a change of RFLAGS.AC
    /// needs.</summary>
    public static void SelectTlb(Cpu* cpu)
    {
        byte set = cpu->Cpl == 3 ? Tlb.User
            : (cpu->Cr4 & Cr4Smap) != 0 && (cpu->Rflags & Flags.Ac) == 0 ? Tlb.SupervisorSmap : Tlb.Supervisor;
        if (ChecksAlignment(cpu) || HasDataBreakpoints(cpu)) set = Tlb.Unfilled;
        if (set != cpu->MmuIndex) Tlb.Select(cpu, set);
    }

    /// <summary>Gives the mapping from linear addresses to code a new name: all far links and indirect-jump entries
    /// miss.</summary>
    public static void NewContext(Cpu* cpu)
    {
        cpu->TranslationGeneration++;
        UpdateContext(cpu);
    }

    private static void UpdateContext(Cpu* cpu) =>
        cpu->CodeContext = cpu->TranslationGeneration << 16 | (uint)cpu->Mode;

    /// <summary>Alignment checks are on: CR0.AM, RFLAGS.AC and CPL 3.</summary>
    public static bool ChecksAlignment(Cpu* cpu) =>
        cpu->Cpl == 3 && (cpu->Cr0 & Cr0Am) != 0 && (cpu->Rflags & Flags.Ac) != 0;

    /// <summary>DR7 enables a breakpoint on data or I/O.</summary>
    public static bool HasDataBreakpoints(Cpu* cpu)
    {
        ulong dr7 = cpu->Dr[7];
        if ((dr7 & 0xFF) == 0) return false;
        for (int i = 0; i < 4; i++)
        {
            if ((dr7 >> (i * 2) & 3) != 0 && (dr7 >> (16 + i * 4) & 3) != 0) return true;
        }
        return false;
    }

    /// <summary>DR7 enables a breakpoint on execution.</summary>
    public static bool HasCodeBreakpoints(Cpu* cpu)
    {
        ulong dr7 = cpu->Dr[7];
        if ((dr7 & 0xFF) == 0) return false;
        for (int i = 0; i < 4; i++)
        {
            if ((dr7 >> (i * 2) & 3) != 0 && (dr7 >> (16 + i * 4) & 3) == 0) return true;
        }
        return false;
    }

    /// <summary>The upper bits of a linear address are copies of its highest implemented bit.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool IsCanonical(Cpu* cpu, ulong linear)
    {
        int unused = (cpu->Cr4 & Cr4La57) != 0 ? 64 - 57 : 64 - 48;
        return (ulong)((long)(linear << unused) >> unused) == linear;
    }

    // Base 0, limit 4 GiB, usable, expand-up writable data.
    private static bool IsFlat(Hv.Sdk.Engines.SegmentState* segment) =>
        segment->Base == 0 && segment->Limit == uint.MaxValue && (segment->Attributes & (AttributeUnusable | 0xE)) == 2;
}
