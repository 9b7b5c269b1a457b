using Hv.Sdk.Engines;
using Hv.Sdk.X86;

namespace Hv.X86.Interpreter;

/// <summary>A stack that a control transfer pushes to or pops from, before it is known whether the transfer succeeds: nothing but memory
/// changes until <see cref="Commit"/>. The stack may be another one than SS:RSP's.</summary>
// SAFETY (whole struct): cpu is the unmanaged state of the vCPU whose thread this is, alive as long as the vCPU; guest memory is
// reached only through SystemMemory and Memory.
internal unsafe ref struct StackFrame
{
    private readonly Cpu* cpu;
    private readonly SegmentState segment;
    private readonly ulong mask;
    private readonly bool is64;
    private readonly Access access;
    private readonly ushort faultSelector;

    /// <summary>The stack of <paramref name="ss"/> at <paramref name="sp"/>.</summary>
    /// <param name="cpu">The vCPU.</param>
    /// <param name="ss">Its segment; not used in 64-bit mode.</param>
    /// <param name="sp">Its pointer.</param>
    /// <param name="is64">A 64-bit stack: flat, all of RSP counts.</param>
    /// <param name="cpl">Privilege of the accesses.</param>
    /// <param name="faultSelector">Selector in the error code of #SS: the new SS on a change of stacks, otherwise 0.</param>
    public StackFrame(Cpu* cpu, in SegmentState ss, ulong sp, bool is64, int cpl, ushort faultSelector = 0)
    {
        this.cpu = cpu;
        this.is64 = is64;
        this.faultSelector = faultSelector;
        segment = ss;
        mask = is64 ? ulong.MaxValue : (ss.Attributes & SegmentAttributes.Default32) != 0 ? uint.MaxValue : ushort.MaxValue;
        Pointer = sp & mask;
        // An access for a privilege that is not yet the current one is the processor's own.
        access = cpl == cpu->Cpl || cpl == 3 ? Access.Read : Access.System;
    }

    /// <summary>The present stack.</summary>
    public static StackFrame Current(Cpu* cpu) => new(cpu, in cpu->Ss, cpu->Gpr[GeneralRegister.Rsp], (cpu->Mode & CodeMode.Code64) != 0, cpu->Cpl);

    /// <summary>The stack pointer.</summary>
    public ulong Pointer { get; private set; }

    /// <summary>Pushes 2, 4 or 8 bytes.</summary>
    public bool Push(ulong value, int size)
    {
        ulong next = Pointer - (ulong)size & mask;
        if (!TryLinear(next, size, isWrite: true, out ulong linear)
            || !IsAligned(linear, size)
            || !SystemMemory.Write(cpu, linear, size, value, access | Access.Write))
            return false;
        Pointer = next;
        return true;
    }

    /// <summary>Pops 2, 4 or 8 bytes.</summary>
    public bool Pop(out ulong value, int size)
    {
        if (!Peek(0, out value, size))
            return false;
        Pointer = Pointer + (ulong)size & mask;
        return true;
    }

    /// <summary>Reads 2, 4 or 8 bytes above the pointer.</summary>
    public readonly bool Peek(ulong offset, out ulong value, int size)
    {
        value = 0;
        return TryLinear(Pointer + offset & mask, size, isWrite: false, out ulong linear)
            && IsAligned(linear, size)
            && SystemMemory.Read(cpu, linear, size, out value, access);
    }

    /// <summary>Drops bytes from the stack.</summary>
    public void Skip(ulong bytes) => Pointer = Pointer + bytes & mask;

    /// <summary>Writes the pointer to RSP, as many bits of it as the stack has.</summary>
    public readonly void Commit()
    {
        ulong old = cpu->Gpr[GeneralRegister.Rsp];
        cpu->Gpr[GeneralRegister.Rsp] = mask == ushort.MaxValue ? (old & ~mask) | Pointer : Pointer;
    }

    private readonly bool TryLinear(ulong offset, int size, bool isWrite, out ulong linear)
    {
        linear = offset;
        if (is64)
            return (CpuMode.IsCanonical(cpu, offset) && CpuMode.IsCanonical(cpu, offset + (ulong)size - 1)) || Fail();
        linear = (uint)(segment.Base + offset);
        if ((segment.Attributes & SegmentAttributes.Unusable) != 0 || (isWrite && (segment.Attributes & SegmentAttributes.ReadWrite) == 0))
            return Fail();
        ulong last = offset + (ulong)size - 1;
        bool isInside = (segment.Attributes & SegmentAttributes.ConformingOrDown) != 0
            ? offset > segment.Limit && last <= mask
            : last <= segment.Limit;
        return isInside || Fail();
    }

    /// <summary>#AC(0) for a misaligned access of user code that asked for it.</summary>
    private readonly bool IsAligned(ulong linear, int size) =>
        access == Access.System || (linear & ((ulong)size - 1)) == 0 || !CpuMode.ChecksAlignment(cpu) || SystemFault.WithCode(cpu, Fault.Ac, 0);

    private readonly bool Fail() => SystemFault.WithSelector(cpu, Fault.Ss, faultSelector);
}

/// <summary>Numbers of general-purpose registers.</summary>
internal static class GeneralRegister
{
    public const int Rax = 0, Rcx = 1, Rdx = 2, Rbx = 3, Rsp = 4, Rbp = 5, Rsi = 6, Rdi = 7, R11 = 11;
}

/// <summary>Numbers of segment registers, as instructions encode them.</summary>
internal static class SegmentRegister
{
    public const int Es = 0, Cs = 1, Ss = 2, Ds = 3, Fs = 4, Gs = 5, Count = 6;
}
