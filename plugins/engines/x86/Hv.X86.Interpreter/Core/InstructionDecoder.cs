using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>The one place that talks to Iced's decoder. Decodes from host memory with an instruction pointer that is
/// relative to the block's start, so that RIP-relative operands and branch targets come out relative too.</summary>
// SAFETY (whole class): reads only inside the window given to Begin, which lies in one page of a memory slot or in the
// caller's buffer.
internal sealed unsafe class InstructionDecoder : CodeReader
{
    private readonly Decoder decoder16;
    private readonly Decoder decoder32;
    private readonly Decoder decoder64;
    private Decoder decoder;
    private byte* next;
    private byte* end;

    public InstructionDecoder()
    {
        // AMD's and Intel's instructions; what the CPU model lacks is refused by CPUID and by the rows' builders.
        decoder16 = Decoder.Create(16, this);
        decoder32 = Decoder.Create(32, this);
        decoder64 = Decoder.Create(64, this);
        decoder = decoder64;
    }

    /// <summary>Starts at a byte, with instruction pointer 0.</summary>
    public void Begin(byte* code, byte* end, CodeMode mode)
    {
        decoder = (mode & CodeMode.Code64) != 0 ? decoder64 : (mode & CodeMode.Code32) != 0 ? decoder32 : decoder16;
        decoder.IP = 0;
        next = code;
        this.end = end;
    }

    /// <summary>Decodes the next instruction. False when it does not end before the window does.</summary>
    public bool Decode(out Instruction instruction)
    {
        First = next;
        decoder.Decode(out instruction);
        return decoder.LastError != DecoderError.NoMoreBytes;
    }

    /// <summary>The first byte of the instruction that was decoded last.</summary>
    public byte* First { get; private set; }

    /// <inheritdoc/>
    public override int ReadByte() => next < end ? *next++ : -1;
}
