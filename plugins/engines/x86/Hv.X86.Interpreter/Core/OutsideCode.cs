using System.Runtime.InteropServices;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Instructions that lie, wholly or partly, where there is neither RAM nor ROM: their bytes are read from the
/// bus, one by one and no more than the instruction has, each time that it is executed. An unclaimed bus reads as ones,
/// which is #UD; a device that holds code in its registers' range is executed, slowly. Nothing is kept and nothing
/// links here.</summary>
// SAFETY (whole class): both buffers live until Dispose; the bytes end where the window of the builder's page ends.
internal sealed unsafe class OutsideCode : IDisposable
{
    private const uint PageBytes = 4096;
    // One more than an instruction may have, so that one that is too long is seen to be.
    private const uint MaxBytes = 16;

    private readonly Vcpu vcpu;
    private readonly Cpu* cpu;
    private readonly BlockBuilder builder;
    private readonly InstructionDecoder decoder = new();
    private readonly Block* block;
    private readonly byte* page;

    public OutsideCode(Vcpu vcpu, Cpu* cpu, BlockBuilder builder)
    {
        this.vcpu = vcpu;
        this.cpu = cpu;
        this.builder = builder;
        block = (Block*)NativeMemory.AlignedAlloc(BlockBuilder.MaxBytes, 64);
        page = (byte*)NativeMemory.AlignedAlloc(PageBytes, PageBytes);
    }

    /// <summary>Reads the instruction at a linear address and builds it. Null: a fault is recorded, or the bus answers
    /// later (<see cref="Stop.Deferred"/>).</summary>
    public Block* Build(ulong linear, CodeMode mode)
    {
        mode |= CodeMode.Single;
        byte* bytes = stackalloc byte[(int)MaxBytes];
        uint length = 0;
        do
        {
            ulong at = linear + length;
            if ((mode & CodeMode.Code64) == 0) at = (uint)at;
            if (!TryFetch(at, out bytes[length])) return null;
            length++;
            decoder.Begin(bytes, bytes + length, mode);
        }
        while (!decoder.Decode(out Instruction _) && length < MaxBytes);

        uint offset = PageBytes - length;
        Buffer.MemoryCopy(bytes, page + offset, length, length);
        // With a second page that is none, nobody enters it into a link or the jump cache.
        *block = new Block { Mode = mode, SecondPage = 0 };
        builder.Begin(block, page, offset, mode);
        if (!builder.Run()) return null;
        // The handler comes back to the dispatcher, whatever it is: no link of this block is ever followed.
        Volatile.Write(ref cpu->StopAt, 0);
        return block;
    }

    private bool TryFetch(ulong linear, out byte value)
    {
        value = 0;
        if ((cpu->Mode & CodeMode.Code64) != 0 && !CpuMode.IsCanonical(cpu, linear))
        {
            Fault.Record(cpu, Fault.Gp, Fault.Hardware, true, 0);
            return false;
        }
        return PageWalker.Translate(cpu, linear, Access.Fetch, out Translation to)
            && Memory.TryReadPhysical(cpu, to.Gpa, out value);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(block);
        NativeMemory.AlignedFree(page);
    }
}
