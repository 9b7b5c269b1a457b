using System.Buffers.Binary;
using System.Text;

namespace Hv.Fixtures;

/// <summary>Kernels of a few instructions: ELF files with a PVH entry, entered in 32-bit protected mode without
/// paging.</summary>
public static class StubKernel
{
    private const uint LoadAddress = 0x100000;
    private const int CodeOffset = 0x200;
    private const int NoteOffset = 0x180;

    /// <summary>CLI; HLT; and again.</summary>
    private static readonly byte[] Idle = [0xFA, 0xF4, 0xEB, 0xFD];

    /// <summary>Writes a byte to port F4h and idles.</summary>
    public static byte[] Exit(byte value) => Elf([0xB0, value, 0xE6, 0xF4, .. Idle]);

    /// <summary>Writes a text to the first serial port, waiting for room before each byte, and idles.</summary>
    public static byte[] Print(string text) => Elf([.. Printing(text), .. Idle]);

    /// <summary>Writes a text, then jumps in place: a guest that never rests.</summary>
    public static byte[] PrintAndSpin(string text) => Elf([.. Printing(text), 0xEB, 0xFE]);

    /// <summary>Loads an empty IDT and executes UD2: no handler, no double-fault handler, shutdown.</summary>
    public static byte[] TripleFault() => Elf([0x0F, 0x01, 0x1D, 0x00, 0x02, 0x10, 0x00, 0x0F, 0x0B]);

    private static IEnumerable<byte> Printing(string text) => Encoding.ASCII.GetBytes(text).SelectMany(c => (byte[])
        [
            0x66, 0xBA, 0xFD, 0x03, // mov dx, 3FDh
            0xEC,                   // in al, dx
            0xA8, 0x20,             // test al, 20h: transmitter holding register empty
            0x74, 0xFB,             // jz -5
            0x66, 0xBA, 0xF8, 0x03, // mov dx, 3F8h
            0xB0, c,                // mov al, c
            0xEE,                   // out dx, al
        ]);

    private static byte[] Elf(byte[] code)
    {
        byte[] elf = new byte[0x1000];
        ((byte[])[0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]).CopyTo(elf, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(56), 2);
        Segment(elf.AsSpan(64), type: 1, CodeOffset, LoadAddress, elf.Length - CodeOffset, memoryBytes: 0x2000);
        Segment(elf.AsSpan(120), type: 4, NoteOffset, 0, fileBytes: 20, memoryBytes: 20);
        Span<byte> note = elf.AsSpan(NoteOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(note, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(note[4..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(note[8..], 18);
        "Xen\0"u8.CopyTo(note[12..]);
        BinaryPrimitives.WriteUInt32LittleEndian(note[16..], LoadAddress);
        code.CopyTo(elf, CodeOffset);
        return elf;
    }

    private static void Segment(
        Span<byte> header, uint type, int offset, ulong address, long fileBytes, ulong memoryBytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], offset);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], address);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], fileBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], memoryBytes);
    }
}
