using System.Runtime.CompilerServices;
using Hv.Sdk.Io;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>IN, OUT, INS, OUTS (SDM vol. 1, 5.1.9 and 5.1.10). Who may use which port is
/// <see cref="PortPermission"/>'s.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class PortInstructions
{
    private const ushort Rcx = 8, Rsi = 48, Rdi = 56;
    private const int EsIndex = 0;

    public static void Register(OpTable table)
    {
        table.Add([Code.In_AL_imm8, Code.In_AL_DX], &In<byte>);
        table.Add([Code.In_AX_imm8, Code.In_AX_DX], &In<ushort>);
        table.Add([Code.In_EAX_imm8, Code.In_EAX_DX], &In<uint>);
        table.Add([Code.Out_imm8_AL, Code.Out_DX_AL], &Out<byte>);
        table.Add([Code.Out_imm8_AX, Code.Out_DX_AX], &Out<ushort>);
        table.Add([Code.Out_imm8_EAX, Code.Out_DX_EAX], &Out<uint>);
        table.Add(Code.Insb_m8_DX, &Ins<byte>);
        table.Add(Code.Insw_m16_DX, &Ins<ushort>);
        table.Add(Code.Insd_m32_DX, &Ins<uint>);
        table.Add(Code.Outsb_DX_m8, &Outs<byte>);
        table.Add(Code.Outsw_DX_m16, &Outs<ushort>);
        table.Add(Code.Outsd_DX_m32, &Outs<uint>);
    }

    // Src says where the port number lies: DX, or the zero register with the number in Imm.
    private static void SetPort(BlockBuilder b, int operand)
    {
        if (b.IsImmediate(operand))
        {
            b.Op->Imm = (byte)b.Immediate(operand);
            b.Op->Src = (ushort)Cpu.ZeroOffset;
        }
        else b.Op->Src = b.Register(operand);
    }

    private static ushort Port(Cpu* cpu, Op* op) => (ushort)(Int.Reg<ushort>(cpu, op->Src) | (ulong)op->Imm);

    private static void In<T>(BlockBuilder b) where T : unmanaged
    {
        SetPort(b, 1);
        b.Emit(&InOp<T>);
    }

    private static void Out<T>(BlockBuilder b) where T : unmanaged
    {
        SetPort(b, 0);
        // What the port did may concern the next instruction: a reset, the A20 gate, an interrupt.
        b.EmitEnd(&OutOp<T>);
    }

    [MethodImpl(Jit.Handler)]
    private static void InOp<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!IsAllowed(cpu, op, Port(cpu, op), sizeof(T)) || !ReadPort(cpu, op, Port(cpu, op), sizeof(T))) return;
        Int.SetReg<T>(cpu, 0, *(ulong*)&cpu->Scratch);
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void OutOp<T>(Cpu* cpu, Op* op) where T : unmanaged
    {
        if (!IsAllowed(cpu, op, Port(cpu, op), sizeof(T))
            || !WritePort(cpu, op, Port(cpu, op), sizeof(T), Int.Reg<T>(cpu, 0))) return;
        Chain.Leave(cpu, op);
    }

    private static void Ins<T>(BlockBuilder b) where T : unmanaged
    {
        StringForms.SetAux(b, false);
        switch (StringForms.AddressBytes(b))
        {
            case 2: b.Emit(&InsOp<T, ushort>); break;
            case 4: b.Emit(&InsOp<T, uint>); break;
            default: b.Emit(&InsOp<T, ulong>); break;
        }
    }

    private static void Outs<T>(BlockBuilder b) where T : unmanaged
    {
        StringForms.SetAux(b, false);
        switch (StringForms.AddressBytes(b))
        {
            case 2: b.Emit(&OutsOp<T, ushort>); break;
            case 4: b.Emit(&OutsOp<T, uint>); break;
            default: b.Emit(&OutsOp<T, ulong>); break;
        }
    }

    [MethodImpl(Jit.Handler)]
    private static void InsOp<T, TA>(Cpu* cpu, Op* op) where T : unmanaged where TA : unmanaged
    {
        if (!Loop<T, TA>(cpu, op, true)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void OutsOp<T, TA>(Cpu* cpu, Op* op) where T : unmanaged where TA : unmanaged
    {
        if (!Loop<T, TA>(cpu, op, false)) return;
        Chain.Next(cpu, op);
    }

    /// <summary>True: complete. False: a fault, a deferred read, or a pause with RIP at the instruction.</summary>
    [MethodImpl(Jit.Cold)]
    private static bool Loop<T, TA>(Cpu* cpu, Op* op, bool isInput) where T : unmanaged where TA : unmanaged
    {
        bool isRepeated = StringForms.IsRepeated(op);
        ushort port = (ushort)cpu->Gpr[2];
        Vcpu vcpu = Vcpu.Of(cpu);
        // Rights come first, even when there is nothing to move.
        if (!IsAllowed(cpu, op, port, sizeof(T))) return false;
        for (int runs = 0; ; runs++)
        {
            ulong count = isRepeated ? Int.Reg<TA>(cpu, Rcx) : 1;
            if (count == 0) return true;
            if (runs > 0 && StringForms.MustPause(cpu, vcpu, runs))
            {
                Fault.Synchronise(cpu, op);
                return false;
            }
            if (!(isInput ? Input<T, TA>(cpu, op, port) : Output<T, TA>(cpu, op, port))) return false;
            if (!isRepeated) return true;
            Int.SetReg<TA>(cpu, Rcx, count - 1);
            vcpu.Bus.Commit();
        }
    }

    // The destination is probed before the port is read, so that a page fault loses nothing.
    private static bool Input<T, TA>(Cpu* cpu, Op* op, ushort port) where T : unmanaged where TA : unmanaged
    {
        ulong linear = Address.InSegment(cpu, EsIndex, Int.Reg<TA>(cpu, Rdi), sizeof(T), true);
        if (!Memory.ProbeWrite(cpu, op, linear, sizeof(T)) || !ReadPort(cpu, op, port, sizeof(T))) return false;
        if (!Memory.WriteInt<T>(cpu, op, linear, *(ulong*)&cpu->Scratch)) return false;
        Int.SetReg<TA>(cpu, Rdi, Int.Reg<TA>(cpu, Rdi) + Step<T>(cpu));
        return true;
    }

    private static bool Output<T, TA>(Cpu* cpu, Op* op, ushort port) where T : unmanaged where TA : unmanaged
    {
        ulong linear = Address.InSegment(cpu, StringForms.SourceSegment(op), Int.Reg<TA>(cpu, Rsi), sizeof(T), false);
        if (!Memory.Read(cpu, op, linear, out T value)
            || !WritePort(cpu, op, port, sizeof(T), Int.From(value))) return false;
        Int.SetReg<TA>(cpu, Rsi, Int.Reg<TA>(cpu, Rsi) + Step<T>(cpu));
        return true;
    }

    private static ulong Step<T>(Cpu* cpu) where T : unmanaged =>
        (cpu->Rflags & Flags.Df) != 0 ? (ulong)-sizeof(T) : (ulong)sizeof(T);

    [MethodImpl(Jit.Cold)]
    private static bool IsAllowed(Cpu* cpu, Op* op, ushort port, int size)
    {
        if (PortPermission.Check(cpu, port, size)) return true;
        Fault.Synchronise(cpu, op);
        return false;
    }

    /// <summary>The value goes to Scratch.</summary>
    [MethodImpl(Jit.Cold)]
    private static bool ReadPort(Cpu* cpu, Op* op, ushort port, int size)
    {
        cpu->Calling = op;
        IoStatus status = Vcpu.Of(cpu).Bus.ReadPort(port, size, out uint value);
        cpu->Calling = null;
        if (status == IoStatus.Deferred) return Deferred(cpu, op);
        // Reading may acknowledge something or raise an interrupt, just as writing may.
        cpu->StopAt = 0;
        *(ulong*)&cpu->Scratch = value;
        return true;
    }

    [MethodImpl(Jit.Cold)]
    private static bool WritePort(Cpu* cpu, Op* op, ushort port, int size, ulong value)
    {
        cpu->Calling = op;
        IoStatus status = Vcpu.Of(cpu).Bus.WritePort(port, size, (uint)value);
        cpu->Calling = null;
        if (status == IoStatus.Deferred) return Deferred(cpu, op);
        cpu->StopAt = 0;
        return true;
    }

    private static bool Deferred(Cpu* cpu, Op* op)
    {
        cpu->Stop = Stop.Deferred;
        Fault.Synchronise(cpu, op);
        return false;
    }
}
