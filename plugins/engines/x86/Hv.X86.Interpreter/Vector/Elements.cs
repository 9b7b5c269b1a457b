namespace Hv.X86.Interpreter;

/// <summary>Memory elements of masked moves and gathers, which are never checked for alignment (SDM vol. 2, VMASKMOV,
/// VPGATHERDD): with #AC enabled they go byte by byte.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class Elements
{
    /// <summary>As <see cref="Memory.Read{T}"/>.</summary>
    public static bool Read<T>(Cpu* cpu, Op* op, ulong linear, out T value) where T : unmanaged
    {
        if (!CpuMode.ChecksAlignment(cpu)) return Memory.Read(cpu, op, linear, out value);
        ulong bits = 0, last = linear + (ulong)sizeof(T) - 1;
        value = default;
        // The whole element is checked for canonical form before any of it for a page.
        if (!CpuMode.IsCanonical(cpu, last)) linear = last;
        for (int i = 0; i < sizeof(T); i++)
        {
            if (!Memory.Read(cpu, op, linear + (ulong)i, out byte part)) return false;
            bits |= (ulong)part << (8 * i);
        }
        value = *(T*)&bits;
        return true;
    }

    /// <summary>As <see cref="Memory.ProbeWrite"/>, for at most eight bytes.</summary>
    public static bool ProbeWrite(Cpu* cpu, Op* op, ulong linear, int size)
    {
        if (!CpuMode.ChecksAlignment(cpu)) return Memory.ProbeWrite(cpu, op, linear, size);
        ulong last = linear + (ulong)size - 1;
        if (!CpuMode.IsCanonical(cpu, last)) linear = last;
        if (!Memory.ProbeWrite(cpu, op, linear, 1)) return false;
        return ((linear ^ last) & ~0xFFFul) == 0 || Memory.ProbeWrite(cpu, op, last & ~0xFFFul, 1);
    }

    /// <summary>As <see cref="Memory.Write{T}"/>, after <see cref="ProbeWrite"/>.</summary>
    public static bool Write<T>(Cpu* cpu, Op* op, ulong linear, T value) where T : unmanaged
    {
        if (!CpuMode.ChecksAlignment(cpu)) return Memory.Write(cpu, op, linear, value);
        for (int i = 0; i < sizeof(T); i++)
        {
            if (!Memory.Write(cpu, op, linear + (ulong)i, ((byte*)&value)[i])) return false;
        }
        return true;
    }
}
