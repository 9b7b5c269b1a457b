using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>PUSH, POP, PUSHA, POPA, ENTER, LEAVE (SDM vol. 1, 5.1.1 and 5.1.7).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class StackInstructions
{
    private const ushort Rbp = 40;

    public static void Register(OpTable table)
    {
        table.Add([Code.Push_r16, Code.Push_rm16, Code.Push_imm16, Code.Pushw_imm8], &Push<ushort>);
        table.Add([Code.Push_r32, Code.Push_rm32, Code.Pushd_imm32, Code.Pushd_imm8], &Push<uint>);
        table.Add([Code.Push_r64, Code.Push_rm64, Code.Pushq_imm32, Code.Pushq_imm8], &Push<ulong>);
        table.Add([Code.Pop_r16, Code.Pop_rm16], &Pop<ushort>);
        table.Add([Code.Pop_r32, Code.Pop_rm32], &Pop<uint>);
        table.Add([Code.Pop_r64, Code.Pop_rm64], &Pop<ulong>);
        table.Add(Code.Pushaw, &PushAll<ushort>);
        table.Add(Code.Pushad, &PushAll<uint>);
        table.Add(Code.Popaw, &PopAll<ushort>);
        table.Add(Code.Popad, &PopAll<uint>);
        table.Add(Code.Enterw_imm16_imm8, &Enter<ushort>);
        table.Add(Code.Enterd_imm16_imm8, &Enter<uint>);
        table.Add(Code.Enterq_imm16_imm8, &Enter<ulong>);
        table.Add(Code.Leavew, &Leave<ushort>);
        table.Add(Code.Leaved, &Leave<uint>);
        table.Add(Code.Leaveq, &Leave<ulong>);
    }

    private static void Push<T>(BlockBuilder b) where T : unmanaged
    {
        if (b.Is64) Push<T, Stack.S64>(b);
        else if (b.HasFlatStack) Push<T, Stack.Flat32>(b);
        else Push<T, Stack.Segmented>(b);
    }

    private static void Push<T, TStack>(BlockBuilder b) where T : unmanaged where TStack : struct, IStack
    {
        if (b.IsImmediate(0))
        {
            b.Op->Imm = b.Immediate(0);
            b.Emit(&PushImm<T, TStack>);
        }
        else if (b.IsMemory(0)) b.Emit(&PushMem<T, TStack>);
        else
        {
            b.Op->Src = b.Register(0);
            b.Emit(&PushReg<T, TStack>);
        }
    }

    [MethodImpl(Jit.Handler)]
    private static void PushReg<T, TStack>(Cpu* cpu, Op* op) where T : unmanaged where TStack : struct, IStack
    {
        if (!Stack.Push<T, TStack>(cpu, op, Int.Reg<T>(cpu, op->Src))) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void PushImm<T, TStack>(Cpu* cpu, Op* op) where T : unmanaged where TStack : struct, IStack
    {
        if (!Stack.Push<T, TStack>(cpu, op, (ulong)op->Imm)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void PushMem<T, TStack>(Cpu* cpu, Op* op) where T : unmanaged where TStack : struct, IStack
    {
        if (!Memory.Read(cpu, op, Address.Linear(cpu, op, sizeof(T)), out T value)) return;
        if (!Stack.Push<T, TStack>(cpu, op, Int.From(value))) return;
        Chain.Next(cpu, op);
    }

    private static void Pop<T>(BlockBuilder b) where T : unmanaged
    {
        if (b.Is64) Pop<T, Stack.S64>(b);
        else if (b.HasFlatStack) Pop<T, Stack.Flat32>(b);
        else Pop<T, Stack.Segmented>(b);
    }

    private static void Pop<T, TStack>(BlockBuilder b) where T : unmanaged where TStack : struct, IStack
    {
        if (b.IsMemory(0))
        {
            b.Emit(&PopMem<T, TStack>);
            return;
        }
        b.Op->Dst = b.Register(0);
        b.Emit(&PopReg<T, TStack>);
    }

    // The register last: POP of the stack pointer itself keeps what was popped.
    [MethodImpl(Jit.Handler)]
    private static void PopReg<T, TStack>(Cpu* cpu, Op* op) where T : unmanaged where TStack : struct, IStack
    {
        if (!Stack.Peek<T, TStack>(cpu, op, out T value)) return;
        Stack.Drop<TStack>(cpu, (ulong)sizeof(T));
        Int.SetReg<T>(cpu, op->Dst, Int.From(value));
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void PopMem<T, TStack>(Cpu* cpu, Op* op) where T : unmanaged where TStack : struct, IStack
    {
        if (!PopToMemory<T, TStack>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    // An address that uses the stack pointer uses it as it is after the pop.
    [MethodImpl(Jit.Cold)]
    private static bool PopToMemory<T, TStack>(Cpu* cpu, Op* op) where T : unmanaged where TStack : struct, IStack
    {
        if (!Stack.Peek<T, TStack>(cpu, op, out T value)) return false;
        ulong before = cpu->Gpr[4];
        Stack.Drop<TStack>(cpu, (ulong)sizeof(T));
        if (Memory.Write(cpu, op, Address.Linear(cpu, op, sizeof(T), true), value)) return true;
        cpu->Gpr[4] = before;
        return false;
    }

    private static void PushAll<T>(BlockBuilder b) where T : unmanaged => b.Emit(&PushAllOp<T>);

    [MethodImpl(Jit.Handler)]
    private static void PushAllOp<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!PushAllSlow<T>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    // RAX, RCX, RDX, RBX, the old RSP, RBP, RSI, RDI: the order of their numbers.
    private static bool PushAllSlow<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        ulong top = Stack.Segmented.Top(cpu);
        for (int i = 0; i < 8; i++)
        {
            top = Stack.Segmented.Cut(cpu, top - (ulong)sizeof(T));
            if (!Stack.Write<T, Stack.Segmented>(cpu, op, top, Int.Reg<T>(cpu, (ushort)(i * 8)))) return false;
        }
        Stack.Segmented.SetTop(cpu, top);
        return true;
    }

    private static void PopAll<T>(BlockBuilder b) where T : unmanaged => b.Emit(&PopAllOp<T>);

    [MethodImpl(Jit.Handler)]
    private static void PopAllOp<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!PopAllSlow<T>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    private static bool PopAllSlow<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        ulong* values = stackalloc ulong[8];
        ulong top = Stack.Segmented.Top(cpu);
        for (int i = 7; i >= 0; i--)
        {
            if (!Stack.Read<T, Stack.Segmented>(cpu, op, top, out T value)) return false;
            values[i] = Int.From(value);
            top = Stack.Segmented.Cut(cpu, top + (ulong)sizeof(T));
        }
        const int rsp = 4;
        for (int i = 0; i < 8; i++)
        {
            if (i != rsp) Int.SetReg<T>(cpu, (ushort)(i * 8), values[i]);
        }
        Stack.Segmented.SetTop(cpu, top);
        return true;
    }

    private static void Enter<T>(BlockBuilder b) where T : unmanaged
    {
        b.Op->Imm = b.Instruction.Immediate16;
        b.Op->Aux = (ushort)(b.Instruction.Immediate8_2nd & 31);
        if (b.Is64) b.Emit(&EnterOp<T, Stack.S64>);
        else b.Emit(&EnterOp<T, Stack.Segmented>);
    }

    [MethodImpl(Jit.Handler)]
    private static void EnterOp<T, TStack>(Cpu* cpu, Op* op) where T : unmanaged where TStack : struct, IStack
    {
        if (!EnterSlow<T, TStack>(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    private static bool EnterSlow<T, TStack>(Cpu* cpu, Op* op) where T : unmanaged where TStack : struct, IStack
    {
        ulong size = (ulong)sizeof(T), frame = TStack.Cut(cpu, cpu->Gpr[5]);
        ulong top = TStack.Cut(cpu, TStack.Top(cpu) - size);
        if (!Stack.Write<T, TStack>(cpu, op, top, Int.Reg<T>(cpu, Rbp))) return false;
        ulong newFrame = top;
        for (int level = 1; level < op->Aux; level++)
        {
            frame = TStack.Cut(cpu, frame - size);
            if (!Stack.Read<T, TStack>(cpu, op, frame, out T display)) return false;
            top = TStack.Cut(cpu, top - size);
            if (!Stack.Write<T, TStack>(cpu, op, top, Int.From(display))) return false;
        }
        if (op->Aux > 0)
        {
            top = TStack.Cut(cpu, top - size);
            if (!Stack.Write<T, TStack>(cpu, op, top, newFrame)) return false;
        }
        top = TStack.Cut(cpu, top - (ulong)op->Imm);
        // The manual has the new top probed for writing, so that a stack that is too small is noticed here.
        ulong linear = TStack.Linear(cpu, top, sizeof(T), true);
        if (linear == Memory.Poison)
        {
            Fault.Raise(cpu, op, Fault.Ss, 0);
            return false;
        }
        if (!Memory.ProbeWrite(cpu, op, linear, sizeof(T))) return false;
        Int.SetReg<T>(cpu, Rbp, newFrame);
        TStack.SetTop(cpu, top);
        return true;
    }

    private static void Leave<T>(BlockBuilder b) where T : unmanaged
    {
        if (b.Is64) b.Emit(&LeaveOp<T, Stack.S64>);
        else if (b.HasFlatStack) b.Emit(&LeaveOp<T, Stack.Flat32>);
        else b.Emit(&LeaveOp<T, Stack.Segmented>);
    }

    [MethodImpl(Jit.Handler)]
    private static void LeaveOp<T, TStack>(Cpu* cpu, Op* op) where T : unmanaged where TStack : struct, IStack
    {
        ulong frame = TStack.Cut(cpu, cpu->Gpr[5]);
        if (!Stack.Read<T, TStack>(cpu, op, frame, out T value)) return;
        TStack.SetTop(cpu, frame + (ulong)sizeof(T));
        Int.SetReg<T>(cpu, Rbp, Int.From(value));
        Chain.Next(cpu, op);
    }
}
