using System.Runtime.CompilerServices;

namespace Hv.X86.Interpreter;

/// <summary>How a handler hands over: to the next instruction, to another block, or to the dispatcher. All of these are
/// tail calls: a handler ends with exactly one of them as its last statement, or returns after a fault.</summary>
internal static unsafe class Chain
{
    /// <summary>Goes on with the next instruction of the block.</summary>
    // SAFETY: a block always ends with an Op or Link that does not call Next (BlockBuilder), so op + 1 exists.
    [MethodImpl(Jit.Inline)]
    public static void Next(Cpu* cpu, Op* op) => op[1].Fn(cpu, op + 1);

    /// <summary>Completes the instruction and returns to the dispatcher, which looks at everything anew: for
    /// instructions that change the mode, the flags IF or TF, translations…</summary>
    [MethodImpl(Jit.Inline)]
    public static void Leave(Cpu* cpu, Op* op) =>
        LeaveTo(cpu, op, Fault.Truncate(cpu, cpu->Rip + (uint)op->NextOffset));

    /// <summary>Completes the instruction, continues at <paramref name="rip"/> through the dispatcher.</summary>
    [MethodImpl(Jit.Inline)]
    public static void LeaveTo(Cpu* cpu, Op* op, ulong rip)
    {
        cpu->Rip = rip;
        cpu->Retired += (ulong)op->Number + 1;
    }

    /// <summary>Completes the Op's instructions (two where a branch runs with a comparison) and jumps through a link in
    /// the same page.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Follow(Cpu* cpu, Op* op, Link* link, ulong rip, uint instructions = 1)
    {
        cpu->Rip = rip;
        ulong retired = cpu->Retired + op->Number + instructions;
        cpu->Retired = retired;
        if (retired >= cpu->StopAt) return;
        Op* target = link->Target;
        target->Fn(cpu, target);
    }

    /// <summary>Completes the instruction and jumps through a link to another page: valid only in the context it was
    /// made in.</summary>
    [MethodImpl(Jit.Inline)]
    public static void FollowFar(Cpu* cpu, Op* op, Link* link, ulong rip)
    {
        cpu->Rip = rip;
        ulong retired = cpu->Retired + op->Number + 1;
        cpu->Retired = retired;
        if (retired >= cpu->StopAt) return;
        Op* target = link->Rip == rip && link->Context == cpu->CodeContext ? link->Target : (Op*)link;
        target->Fn(cpu, target);
    }

    /// <summary>Completes the instruction and jumps to a computed address through the indirect-jump cache.</summary>
    [MethodImpl(Jit.Inline)]
    public static void Indirect(Cpu* cpu, Op* op, ulong rip)
    {
        cpu->Rip = rip;
        ulong retired = cpu->Retired + op->Number + 1;
        cpu->Retired = retired;
        JumpEntry* entry = cpu->JumpCache + JumpHash(rip);
        if (retired >= cpu->StopAt || entry->Linear != rip || entry->Context != cpu->CodeContext) return;
        entry->Target->Fn(cpu, entry->Target);
    }

    /// <summary>Slot in the indirect-jump cache.</summary>
    [MethodImpl(Jit.Inline)]
    public static uint JumpHash(ulong linear) => (uint)(linear ^ linear >> 12) & (JumpCacheSize - 1);
    public const int JumpCacheSize = 4096;

    /// <summary>Handler of a link that has no target yet: finds or builds the block at Rip and remembers it.</summary>
    [MethodImpl(Jit.Handler)]
    public static void Resolve(Cpu* cpu, Op* op)
    {
        // Without flat code each jump goes through the dispatcher, which checks the limit of CS.
        if ((cpu->Mode & CodeMode.FlatCode) == 0) return;
        Op* target = Vcpu.Of(cpu).Blocks.ResolveLink(cpu, (Link*)op);
        if (target == null) return;
        target->Fn(cpu, target);
    }

    /// <summary>Handler put into every Op of a block whose code was overwritten: leaves before the
    /// instruction.</summary>
    [MethodImpl(Jit.Handler)]
    public static void Stale(Cpu* cpu, Op* op) => Fault.Synchronise(cpu, op);

    /// <summary>Handler after the last instruction of a block that just ends: goes to the next block through the link
    /// that is itself.</summary>
    [MethodImpl(Jit.Handler)]
    public static void Fallthrough(Cpu* cpu, Op* op)
    {
        ulong rip = Fault.Truncate(cpu, cpu->Rip + op->RipOffset);
        cpu->Rip = rip;
        ulong retired = cpu->Retired + op->Number;
        cpu->Retired = retired;
        if (retired >= cpu->StopAt) return;
        Link* link = (Link*)(op + 1);
        Op* target = link->Rip == rip && link->Context == cpu->CodeContext ? link->Target : (Op*)link;
        target->Fn(cpu, target);
    }
}
