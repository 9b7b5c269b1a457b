namespace Hv.Sdk.X86;

/// <summary>Bits of CR0 (SDM vol. 3, 2.5).</summary>
public static class Cr0
{
    /// <summary>Protection enable.</summary>
    public const ulong Pe = 1 << 0;
    /// <summary>Monitor coprocessor: WAIT obeys <see cref="Ts"/>.</summary>
    public const ulong Mp = 1 << 1;
    /// <summary>Emulation: every x87 instruction is #NM.</summary>
    public const ulong Em = 1 << 2;
    /// <summary>Task switched.</summary>
    public const ulong Ts = 1 << 3;
    /// <summary>Extension type: always 1.</summary>
    public const ulong Et = 1 << 4;
    /// <summary>Numeric error: x87 errors are #MF instead of FERR#.</summary>
    public const ulong Ne = 1 << 5;
    /// <summary>Write protect: supervisor writes obey read-only pages.</summary>
    public const ulong Wp = 1 << 16;
    /// <summary>Alignment mask: lets RFLAGS.AC enable #AC.</summary>
    public const ulong Am = 1 << 18;
    /// <summary>Not write-through.</summary>
    public const ulong Nw = 1 << 29;
    /// <summary>Cache disable.</summary>
    public const ulong Cd = 1 << 30;
    /// <summary>Paging.</summary>
    public const ulong Pg = 1UL << 31;
    /// <summary>Every bit that is defined; the rest read as zero.</summary>
    public const ulong Defined = Pe | Mp | Em | Ts | Et | Ne | Wp | Am | Nw | Cd | Pg;
}

/// <summary>Bits of CR3 (SDM vol. 3, 4.5 and 4.10.4.1).</summary>
public static class Cr3
{
    /// <summary>The process-context identifier while CR4.PCIDE is set.</summary>
    public const ulong PcidMask = 0xFFF;
    /// <summary>In the operand of MOV to CR3 with CR4.PCIDE: do not invalidate.</summary>
    public const ulong NoFlush = 1UL << 63;
}

/// <summary>Bits of CR4 (SDM vol. 3, 2.5).</summary>
public static class Cr4
{
    /// <summary>Virtual-8086 mode extensions.</summary>
    public const ulong Vme = 1 << 0;
    /// <summary>Protected-mode virtual interrupts.</summary>
    public const ulong Pvi = 1 << 1;
    /// <summary>Time-stamp counter only for CPL 0.</summary>
    public const ulong Tsd = 1 << 2;
    /// <summary>Debugging extensions: I/O breakpoints, and DR4 and DR5 are #UD.</summary>
    public const ulong De = 1 << 3;
    /// <summary>4 MiB pages in 32-bit paging.</summary>
    public const ulong Pse = 1 << 4;
    /// <summary>Physical address extension.</summary>
    public const ulong Pae = 1 << 5;
    /// <summary>Machine-check enable.</summary>
    public const ulong Mce = 1 << 6;
    /// <summary>Global pages.</summary>
    public const ulong Pge = 1 << 7;
    /// <summary>RDPMC at any CPL.</summary>
    public const ulong Pce = 1 << 8;
    /// <summary>The operating system saves SSE state.</summary>
    public const ulong Osfxsr = 1 << 9;
    /// <summary>The operating system handles #XM.</summary>
    public const ulong Osxmmexcpt = 1 << 10;
    /// <summary>User-mode instruction prevention.</summary>
    public const ulong Umip = 1 << 11;
    /// <summary>57-bit linear addresses.</summary>
    public const ulong La57 = 1 << 12;
    /// <summary>RDFSBASE and its kin.</summary>
    public const ulong Fsgsbase = 1 << 16;
    /// <summary>Process-context identifiers.</summary>
    public const ulong Pcide = 1 << 17;
    /// <summary>XSAVE and XCR0.</summary>
    public const ulong Osxsave = 1 << 18;
    /// <summary>Supervisor-mode execution prevention.</summary>
    public const ulong Smep = 1 << 20;
    /// <summary>Supervisor-mode access prevention.</summary>
    public const ulong Smap = 1 << 21;
    /// <summary>Protection keys for user pages.</summary>
    public const ulong Pke = 1 << 22;
}

/// <summary>Bits of IA32_EFER (SDM vol. 3, 2.2.1).</summary>
public static class Efer
{
    /// <summary>SYSCALL enable.</summary>
    public const ulong Sce = 1 << 0;
    /// <summary>Long mode enable.</summary>
    public const ulong Lme = 1 << 8;
    /// <summary>Long mode active; read-only.</summary>
    public const ulong Lma = 1 << 10;
    /// <summary>No-execute enable.</summary>
    public const ulong Nxe = 1 << 11;
}

/// <summary>Bits of RFLAGS (SDM vol. 1, 3.4.3).</summary>
public static class Rflags
{
    /// <summary>Carry.</summary>
    public const ulong Cf = 1 << 0;
    /// <summary>Bit 1, always 1.</summary>
    public const ulong One = 1 << 1;
    /// <summary>Parity.</summary>
    public const ulong Pf = 1 << 2;
    /// <summary>Auxiliary carry.</summary>
    public const ulong Af = 1 << 4;
    /// <summary>Zero.</summary>
    public const ulong Zf = 1 << 6;
    /// <summary>Sign.</summary>
    public const ulong Sf = 1 << 7;
    /// <summary>Trap: single-step.</summary>
    public const ulong Tf = 1 << 8;
    /// <summary>Interrupt enable.</summary>
    public const ulong If = 1 << 9;
    /// <summary>Direction.</summary>
    public const ulong Df = 1 << 10;
    /// <summary>Overflow.</summary>
    public const ulong Of = 1 << 11;
    /// <summary>I/O privilege level, two bits.</summary>
    public const ulong Iopl = 3 << IoplShift;
    /// <summary>Place of the I/O privilege level.</summary>
    public const int IoplShift = 12;
    /// <summary>Nested task.</summary>
    public const ulong Nt = 1 << 14;
    /// <summary>Resume: no instruction breakpoint for the next instruction.</summary>
    public const ulong Rf = 1 << 16;
    /// <summary>Virtual-8086 mode.</summary>
    public const ulong Vm = 1 << 17;
    /// <summary>Alignment check; with CR4.SMAP also access to user pages.</summary>
    public const ulong Ac = 1 << 18;
    /// <summary>Virtual interrupt flag.</summary>
    public const ulong Vif = 1 << 19;
    /// <summary>Virtual interrupt pending.</summary>
    public const ulong Vip = 1 << 20;
    /// <summary>Identification: can be toggled where CPUID exists.</summary>
    public const ulong Id = 1 << 21;
    /// <summary>CF, PF, AF, ZF, SF and OF.</summary>
    public const ulong Status = Cf | Pf | Af | Zf | Sf | Of;
    /// <summary>Every bit that can be other than its fixed value.</summary>
    public const ulong Defined = Status | Tf | If | Df | Iopl | Nt | Rf | Vm | Ac | Vif | Vip | Id;
}

/// <summary>Bits of DR6 (SDM vol. 3, 17.2.3).</summary>
public static class Dr6
{
    /// <summary>Breakpoint conditions B0 to B3.</summary>
    public const ulong B = 0xF;
    /// <summary>A debug register was accessed while DR7.GD was set.</summary>
    public const ulong Bd = 1 << 13;
    /// <summary>Single step.</summary>
    public const ulong Bs = 1 << 14;
    /// <summary>Task switch to a TSS with its T bit set.</summary>
    public const ulong Bt = 1 << 15;
    /// <summary>Bits that read as one: 4–11 and 16–31 (bus-lock and RTM bits are not offered and so stay
    /// set).</summary>
    public const ulong Fixed = 0xFFFF0FF0;
    /// <summary>Bits that software can write.</summary>
    public const ulong Writable = B | Bd | Bs | Bt;
}

/// <summary>Bits of DR7 (SDM vol. 3, 17.2.4).</summary>
public static class Dr7
{
    /// <summary>L0, G0 … L3, G3.</summary>
    public const ulong Enables = 0xFF;
    /// <summary>L0 to L3, which a task switch clears.</summary>
    public const ulong LocalEnables = 0x55;
    /// <summary>LE: exact local breakpoints; cleared by a task switch too.</summary>
    public const ulong LocalExact = 1 << 8;
    /// <summary>Bit 10, always 1.</summary>
    public const ulong Fixed = 1 << 10;
    /// <summary>General detect: access to a debug register is #DB.</summary>
    public const ulong Gd = 1 << 13;
    /// <summary>Bits that software can write.</summary>
    public const ulong Writable = 0xFFFF23FF;
}

/// <summary>Bits of XCR0 (SDM vol. 1, 13.3).</summary>
public static class Xcr0
{
    /// <summary>x87: always set.</summary>
    public const ulong X87 = 1 << 0;
    /// <summary>XMM registers and MXCSR.</summary>
    public const ulong Sse = 1 << 1;
    /// <summary>Upper halves of the YMM registers.</summary>
    public const ulong Avx = 1 << 2;
    /// <summary>Opmasks, ZMM high halves and ZMM16–31.</summary>
    public const ulong Avx512 = 7 << 5;
    /// <summary>The PKRU register.</summary>
    public const ulong Pkru = 1 << 9;
}
