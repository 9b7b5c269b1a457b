using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>Random encodings of a wanted instruction: bytes are drawn from the opcode tables, with prefixes that the
/// instruction may or may not want, and then decoded; what came out differently is drawn again.</summary>
internal sealed class EncodingGenerator
{
    private const int MaxBytes = 15;
    private readonly byte[] _bytes = new byte[64];
    private readonly Source _source = new();
    private readonly Decoder _decoder64, _decoder32;
    private readonly Dictionary<Code, OpCodeInfo> _opcodes = [];
    private int _length;

    public EncodingGenerator()
    {
        _decoder64 = Decoder.Create(64, _source);
        _decoder32 = Decoder.Create(32, _source);
    }

    /// <summary>Draws an encoding of <paramref name="code"/> for <paramref name="bitness"/>. False when 50 draws gave
    /// something else.</summary>
    public bool TryNext(Code code, int bitness, ulong ip, Rng rng, out Instruction instruction,
        out ReadOnlySpan<byte> bytes)
    {
        if (!_opcodes.TryGetValue(code, out OpCodeInfo? op))
        {
            _opcodes[code] = op = code.ToOpCode();
        }
        for (int attempt = 0; attempt < 50; attempt++)
        {
            _length = 0;
            if (op.Encoding == EncodingKind.VEX)
            {
                DrawVex(op, bitness, rng);
            }
            else
            {
                DrawLegacy(op, bitness, rng);
            }
            instruction = Decode(_bytes, bitness, ip);
            if (instruction.Code == code && instruction.Length <= MaxBytes)
            {
                bytes = _bytes.AsSpan(0, instruction.Length);
                return true;
            }
        }
        instruction = default;
        bytes = default;
        return false;
    }

    /// <summary>Decodes one instruction.</summary>
    public Instruction Decode(ReadOnlySpan<byte> bytes, int bitness, ulong ip)
    {
        bytes.CopyTo(_source.Bytes);
        _source.Position = 0;
        _source.Length = bytes.Length;
        Decoder decoder = bitness == 64 ? _decoder64 : _decoder32;
        decoder.IP = ip;
        decoder.Decode(out Instruction instruction);
        return instruction;
    }

    /// <summary>Where the constants of the instruction decoded last lie in its bytes.</summary>
    public ConstantOffsets Offsets(in Instruction instruction) =>
        (instruction.CodeSize == CodeSize.Code64 ? _decoder64 : _decoder32).GetConstantOffsets(instruction);

    private void DrawLegacy(OpCodeInfo op, int bitness, Rng rng)
    {
        bool mandatory = op.MandatoryPrefix is MandatoryPrefix.P66 or MandatoryPrefix.PF2 or MandatoryPrefix.PF3;
        if (op.OperandSize == (bitness == 16 ? 32 : 16) && op.MandatoryPrefix != MandatoryPrefix.P66)
        {
            Put(0x66);
        }
        if (op.AddressSize != 0 && op.AddressSize != bitness)
        {
            Put(0x67);
        }
        else if (rng.Percent(bitness == 64 ? 4 : 1))
        {
            Put(0x67);
        }
        PutSegment(bitness, rng);
        if (rng.Percent(op.CanUseLockPrefix ? 25 : 1))
        {
            Put(0xF0);
        }
        if (op.CanUseRepPrefix || op.CanUseRepnePrefix)
        {
            if (rng.Percent(60))
            {
                Put(rng.Percent(50) ? (byte)0xF3 : (byte)0xF2);
            }
        }
        else if (!mandatory && op.MandatoryPrefix != MandatoryPrefix.PNP && rng.Percent(2))
        {
            Put(rng.Percent(50) ? (byte)0xF3 : (byte)0xF2);
        }
        switch (op.MandatoryPrefix)
        {
            case MandatoryPrefix.P66: Put(0x66); break;
            case MandatoryPrefix.PF3: Put(0xF3); break;
            case MandatoryPrefix.PF2: Put(0xF2); break;
        }
        if (op.Fwait)
        {
            Put(0x9B);
        }
        if (bitness == 64)
        {
            bool wide = op.W == 1 || (op.OperandSize == 64 && !op.DefaultOpSize64 && !op.ForceOpSize64);
            if (wide || rng.Percent(60))
            {
                Put((byte)(0x40 | (wide ? 8 : 0) | rng.Below(rng.Percent(3) ? 16 : 8)));
            }
        }
        switch (op.Table)
        {
            case OpCodeTableKind.T0F: Put(0x0F); break;
            case OpCodeTableKind.T0F38: Put(0x0F); Put(0x38); break;
            case OpCodeTableKind.T0F3A: Put(0x0F); Put(0x3A); break;
        }
        PutOpcodeAndRest(op, rng);
    }

    private void DrawVex(OpCodeInfo op, int bitness, Rng rng)
    {
        if (rng.Percent(4))
        {
            Put(0x67);
        }
        PutSegment(bitness, rng);
        if (rng.Percent(1))
        {
            Put(rng.Pick<byte>([0x66, 0xF0, 0xF2, 0xF3]));
        }
        int map = op.Table switch { OpCodeTableKind.T0F => 1, OpCodeTableKind.T0F38 => 2, _ => 3 };
        int pp = op.MandatoryPrefix switch
        {
            MandatoryPrefix.P66 => 1,
            MandatoryPrefix.PF3 => 2,
            MandatoryPrefix.PF2 => 3,
            _ => 0,
        };
        int l = op.IsLIG ? rng.Below(2) : (int)op.L;
        int w = op.IsWIG || (op.IsWIG32 && bitness != 64) ? rng.Below(2) : (int)op.W;
        int vvvv = rng.Percent(40) ? 15 : rng.Below(16);
        // The inverted bits; R and X must be clear outside 64-bit mode.
        int rxb = rng.Below(bitness == 64 ? 8 : 2);
        if (bitness != 64)
        {
            vvvv |= 8;
        }
        if (map == 1 && w == 0 && (rxb & 3) == 0 && rng.Percent(70))
        {
            Put(0xC5);
            Put((byte)(((~rxb & 4) << 5) | (vvvv << 3) | (l << 2) | pp));
        }
        else
        {
            Put(0xC4);
            Put((byte)(((~rxb & 7) << 5) | map));
            Put((byte)((w << 7) | (vvvv << 3) | (l << 2) | pp));
        }
        PutOpcodeAndRest(op, rng);
    }

    private void PutSegment(int bitness, Rng rng)
    {
        if (rng.Percent(6))
        {
            Put(rng.Pick<byte>(bitness == 64 ? [0x64, 0x65, 0x64, 0x65, 0x3E, 0x26] : [0x26, 0x2E, 0x36, 0x3E]));
        }
    }

    private void PutOpcodeAndRest(OpCodeInfo op, Rng rng)
    {
        if (op.OpCodeLength == 2)
        {
            Put((byte)(op.OpCode >> 8));
        }
        Put((byte)op.OpCode);
        for (int i = 0; i < op.OpCount; i++)
        {
            if (op.GetOpKind(i) is OpCodeOperandKind.r8_opcode or OpCodeOperandKind.r16_opcode
                or OpCodeOperandKind.r32_opcode
                or OpCodeOperandKind.r64_opcode or OpCodeOperandKind.sti_opcode)
            {
                _bytes[_length - 1] = (byte)((_bytes[_length - 1] & 0xF8) | rng.Below(8));
            }
        }
        if (op.OpCodeLength == 1 || op.GroupIndex >= 0 || op.RmGroupIndex >= 0)
        {
            int modrm = rng.Below(256);
            if (rng.Percent(35))
            {
                modrm |= 0xC0;
            }
            if (op.GroupIndex >= 0)
            {
                modrm = (modrm & 0xC7) | (op.GroupIndex << 3);
            }
            if (op.RmGroupIndex >= 0)
            {
                modrm = (modrm & 0xF8) | op.RmGroupIndex;
            }
            Put((byte)modrm);
        }
        int rest = 12;
        bool edge = rng.Percent(30);
        byte filler = rng.Pick<byte>([0x00, 0xFF, 0x7F, 0x80, 0x01]);
        for (int i = 0; i < rest; i++)
        {
            Put(edge && i > 0 ? filler : (byte)rng.Next());
        }
    }

    private void Put(byte value) => _bytes[_length++] = value;

    private sealed class Source : CodeReader
    {
        public readonly byte[] Bytes = new byte[128];
        public int Position, Length;
        public override int ReadByte() => Position < Length ? Bytes[Position++] : -1;
    }
}
