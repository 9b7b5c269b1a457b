using System.Runtime.CompilerServices;

namespace Hv.X86.Interpreter;

/// <summary>Host atomics on guest RAM: vCPUs are host threads, so LOCK must be real. On x86 hosts unaligned operands
/// work too; elsewhere the guest's aligned operands do.</summary>
// SAFETY (whole class): the caller got the address from Memory for sizeof(T) bytes inside one page.
internal static unsafe class Atomic
{
    /// <summary>Stores <paramref name="value"/> if memory still holds <paramref name="expected"/>.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool CompareExchange<T>(byte* at, ulong expected, ulong value) where T : unmanaged
    {
        if (sizeof(T) == 1) return Interlocked.CompareExchange(ref *at, (byte)value, (byte)expected) == (byte)expected;
        if (sizeof(T) == 2) return Interlocked.CompareExchange(ref *(ushort*)at, (ushort)value,
            (ushort)expected) == (ushort)expected;
        if (sizeof(T) == 4) return Interlocked.CompareExchange(ref *(uint*)at, (uint)value,
            (uint)expected) == (uint)expected;
        return Interlocked.CompareExchange(ref *(ulong*)at, value, expected) == expected;
    }

    /// <summary>Stores and gives what was there.</summary>
    [MethodImpl(Jit.Inline)]
    public static ulong Exchange<T>(byte* at, ulong value) where T : unmanaged
    {
        if (sizeof(T) == 1) return Interlocked.Exchange(ref *at, (byte)value);
        if (sizeof(T) == 2) return Interlocked.Exchange(ref *(ushort*)at, (ushort)value);
        if (sizeof(T) == 4) return Interlocked.Exchange(ref *(uint*)at, (uint)value);
        return Interlocked.Exchange(ref *(ulong*)at, value);
    }
}
