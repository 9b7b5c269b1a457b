using System.Buffers.Binary;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.Boot.Tests;

/// <summary>Guests of a few instructions, booted by PVH: how a run ends.</summary>
public sealed class SmallGuestTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hv-small").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>An ELF file with a PVH note whose entry is this 32-bit code.</summary>
    private string Kernel(Action<Assembler> code)
    {
        const uint Entry = 0x100000;
        Assembler assembler = new(32);
        code(assembler);
        using MemoryStream machineCode = new();
        _ = assembler.Assemble(new StreamCodeWriter(machineCode), Entry);
        byte[] elf = new byte[0x1000 + machineCode.Length];
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(elf, 0);
        Put64(32, 64);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(56), 2);
        Segment(64, type: 1, offset: 0x1000, address: Entry, bytes: (ulong)machineCode.Length);
        Segment(120, type: 4, offset: 0x400, address: 0, bytes: 20);
        Put32(0x400, 4);
        Put32(0x404, 4);
        Put32(0x408, 18);
        "Xen\0"u8.CopyTo(elf.AsSpan(0x40c));
        Put32(0x410, Entry);
        machineCode.ToArray().CopyTo(elf, 0x1000);
        string path = Path.Combine(folder, "kernel");
        File.WriteAllBytes(path, elf);
        return path;

        void Segment(int at, uint type, ulong offset, ulong address, ulong bytes)
        {
            Put32(at, type);
            Put64(at + 8, offset);
            Put64(at + 24, address);
            Put64(at + 32, bytes);
            Put64(at + 40, bytes);
        }

        void Put32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(offset), value);
        void Put64(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(offset), value);
    }

    private async Task<int> Run(Action<Assembler> code, params string[] more)
    {
        using HvProcess hv = await HvProcess.Run(["run", "--kernel", Kernel(code), "--memory", "64M", .. more]);
        return await hv.ExitCode();
    }

    [Fact]
    public async Task TripleFault_EndsWith3() => Assert.Equal(3, await Run(c => c.ud2()));

    [Fact]
    public async Task ExitPort_EndsWithTwiceTheValuePlusOne() => Assert.Equal(0x55, await Run(c =>
    {
        c.mov(al, 0x2a);
        c.@out(0xf4, al);
        c.hlt();
    }, "--exit-port", "0xf4"));

    [Fact]
    public async Task ResetRegister_UnderNoReboot_EndsWith0() => Assert.Equal(0, await Run(c =>
    {
        c.mov(dx, 0xcf9);
        c.mov(al, 6);
        c.@out(dx, al);
        c.hlt();
    }, "--no-reboot"));

    [Fact]
    public async Task SoftOff_EndsWith0() => Assert.Equal(0, await Run(c =>
    {
        c.mov(dx, 0x604);
        c.mov(ax, 0x2000 | 5 << 10);
        c.@out(dx, ax);
        c.hlt();
    }));

    [Fact]
    public async Task EndlessLoop_IsEndedByTheTimeout() => Assert.Equal(124, await Run(c =>
    {
        Label again = c.CreateLabel();
        c.Label(ref again);
        c.jmp(again);
    }, "--timeout", "1s"));

    [Fact]
    public async Task HaltForever_IsEndedByTheTimeout() => Assert.Equal(124, await Run(c =>
    {
        c.cli();
        c.hlt();
    }, "--timeout", "1s"));
}
