using System.Runtime.CompilerServices;

namespace Hv.X86.Interpreter;

/// <summary>How the stack pointer is formed: decided when the block is built.</summary>
// SAFETY (whole file): cpu is the unmanaged state of the vCPU whose thread this is, op a record of a block in its arena.
internal unsafe interface IStack
{
    /// <summary>The stack pointer in its width.</summary>
    static abstract ulong Top(Cpu* cpu);
    /// <summary>Sets the stack pointer in its width.</summary>
    static abstract void SetTop(Cpu* cpu, ulong value);
    /// <summary>Cuts an offset in the stack to the pointer's width.</summary>
    static abstract ulong Cut(Cpu* cpu, ulong offset);
    /// <summary>The linear address of an offset in the stack.</summary>
    static abstract ulong Linear(Cpu* cpu, ulong offset, int size, bool isWrite);
}

/// <summary>Implicit stack accesses (SDM vol. 1, chapter 6). A fault here is #SS, not #GP; nothing has changed
/// then.</summary>
internal static unsafe class Stack
{
    private const int Rsp = 4, SsIndex = 2;

    /// <summary>64-bit mode.</summary>
    internal readonly struct S64 : IStack
    {
        [MethodImpl(Jit.Inline)] public static ulong Top(Cpu* cpu) => cpu->Gpr[Rsp];
        [MethodImpl(Jit.Inline)] public static void SetTop(Cpu* cpu, ulong value) => cpu->Gpr[Rsp] = value;
        [MethodImpl(Jit.Inline)] public static ulong Cut(Cpu* cpu, ulong offset) => offset;
        [MethodImpl(Jit.Inline)] public static ulong Linear(Cpu* cpu, ulong offset, int size, bool isWrite) => offset;
    }

    /// <summary>A flat 32-bit stack.</summary>
    internal readonly struct Flat32 : IStack
    {
        [MethodImpl(Jit.Inline)] public static ulong Top(Cpu* cpu) => (uint)cpu->Gpr[Rsp];
        [MethodImpl(Jit.Inline)] public static void SetTop(Cpu* cpu, ulong value) => cpu->Gpr[Rsp] = (uint)value;
        [MethodImpl(Jit.Inline)] public static ulong Cut(Cpu* cpu, ulong offset) => (uint)offset;
        [MethodImpl(Jit.Inline)] public static ulong Linear(Cpu* cpu, ulong offset, int size, bool isWrite) =>
            (uint)offset;
    }

    /// <summary>Any 16- or 32-bit stack, with base and limit.</summary>
    internal readonly struct Segmented : IStack
    {
        public static ulong Top(Cpu* cpu) => Cut(cpu, cpu->Gpr[Rsp]);

        public static void SetTop(Cpu* cpu, ulong value)
        {
            if (IsBig(cpu)) cpu->Gpr[Rsp] = (uint)value;
            else *(ushort*)&cpu->Gpr[Rsp] = (ushort)value;
        }

        public static ulong Cut(Cpu* cpu, ulong offset) => IsBig(cpu) ? (uint)offset : (ushort)offset;

        public static ulong Linear(Cpu* cpu, ulong offset, int size, bool isWrite) =>
            Address.InSegment(cpu, SsIndex, Cut(cpu, offset), size, isWrite);

        private static bool IsBig(Cpu* cpu) => (cpu->Mode & CodeMode.Stack32) != 0;
    }

    /// <summary>Pushes; false after a fault.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool Push<T, TStack>(Cpu* cpu, Op* op, ulong value) where T : unmanaged where TStack : struct, IStack
    {
        ulong top = TStack.Top(cpu) - (ulong)sizeof(T);
        if (!Write<T, TStack>(cpu, op, top, value)) return false;
        TStack.SetTop(cpu, top);
        return true;
    }

    /// <summary>Reads what the stack pointer points to without popping; false after a fault.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool Peek<T, TStack>(Cpu* cpu, Op* op, out T value)
        where T : unmanaged where TStack : struct, IStack =>
        Read<T, TStack>(cpu, op, TStack.Top(cpu), out value);

    /// <summary>Moves the stack pointer up.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Drop<TStack>(Cpu* cpu, ulong bytes) where TStack : struct, IStack =>
        TStack.SetTop(cpu, TStack.Top(cpu) + bytes);

    /// <summary>Writes at an offset of the stack segment.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool Write<T, TStack>(Cpu* cpu, Op* op, ulong offset, ulong value)
        where T : unmanaged where TStack : struct, IStack
    {
        ulong linear = TStack.Linear(cpu, offset, sizeof(T), true);
        byte* host = Memory.Writable<T>(cpu, linear);
        if (host == null) return WriteSlow<T>(cpu, op, linear, value);
        Int.Store<T>(host, value);
        return true;
    }

    /// <summary>Reads at an offset of the stack segment.</summary>
    [MethodImpl(Jit.Inline)]
    public static bool Read<T, TStack>(Cpu* cpu, Op* op, ulong offset, out T value)
        where T : unmanaged where TStack : struct, IStack
    {
        ulong linear = TStack.Linear(cpu, offset, sizeof(T), false);
        TlbEntry* entry = cpu->ReadTlb + ((linear >> 12) & (Tlb.Entries - 1));
        if ((linear ^ entry->Tag) <= (ulong)(4096 - sizeof(T)))
        {
            value = Unsafe.ReadUnaligned<T>((byte*)(linear + entry->Addend));
            return true;
        }
        bool done = ReadSlow<T>(cpu, op, linear);
        value = Unsafe.ReadUnaligned<T>(&cpu->Scratch);
        return done;
    }

    [MethodImpl(Jit.Cold)]
    private static bool WriteSlow<T>(Cpu* cpu, Op* op, ulong linear, ulong value) where T : unmanaged =>
        IsReachable(cpu, op, linear, sizeof(T)) && Memory.WriteInt<T>(cpu, op, linear, value);

    [MethodImpl(Jit.Cold)]
    private static bool ReadSlow<T>(Cpu* cpu, Op* op, ulong linear) where T : unmanaged
    {
        if (!IsReachable(cpu, op, linear, sizeof(T)) || !Memory.Read(cpu, op, linear, out T value)) return false;
        Unsafe.WriteUnaligned(&cpu->Scratch, value);
        return true;
    }

    private static bool IsReachable(Cpu* cpu, Op* op, ulong linear, int size)
    {
        ulong last = linear + (ulong)size - 1;
        bool isGood = (cpu->Mode & CodeMode.Code64) != 0 ? CpuMode.IsCanonical(cpu, linear)
            && CpuMode.IsCanonical(cpu, last)
            : linear != Memory.Poison && (last <= uint.MaxValue || (cpu->Mode & CodeMode.FlatData) == 0);
        if (!isGood) Fault.Raise(cpu, op, Fault.Ss, 0);
        return isGood;
    }
}
