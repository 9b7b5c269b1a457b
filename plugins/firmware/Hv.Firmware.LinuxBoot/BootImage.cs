using System.Text;
using Hv.Firmware.Platform;
using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.Firmware;

namespace Hv.Firmware.LinuxBoot;

/// <summary>Guest memory and vCPU 0 while a kernel is being put into them. Low memory is used as in
/// Documentation/arch/x86/boot.rst: everything below lies in conventional memory and is free for the kernel
/// afterwards.</summary>
internal sealed class BootImage(IFirmwareContext context, ulong acpiAddress)
{
    public const ulong GdtAddress = 0x500;
    public const ulong StartInfoAddress = 0x6000;
    public const ulong BootParamsAddress = 0x7000;
    public const ulong PageTablesAddress = 0x9000;
    public const ulong CommandLineAddress = 0x20000;
    private const int CopyBytes = 1 << 20;

    // Flat segments by the boot protocol's selectors: code 10h, data 18h (boot.rst, "64-bit boot protocol").
    private const ulong Code64Descriptor = 0x00af9b000000ffff;
    private const ulong Code32Descriptor = 0x00cf9b000000ffff;
    private const ulong DataDescriptor = 0x00cf93000000ffff;
    private const ushort Code64Attributes = 0xa09b;
    private const ushort Code32Attributes = 0xc09b;
    private const ushort DataAttributes = 0xc093;

    public ulong AcpiAddress => acpiAddress;

    public IReadOnlyList<E820Entry> MemoryMap { get; } = E820.Build(context.Ram);

    public string CommandLine => context.Inputs.CommandLine;

    public string? Initrd => context.Inputs.Initrd;

    /// <summary>The end of RAM below 4 GiB.</summary>
    public ulong LowRamEnd { get; } = context.Ram.Where(r => r.Start.Value < uint.MaxValue)
        .Select(r => Math.Min(r.Start.Value + r.LengthBytes, 0x1_0000_0000UL)).DefaultIfEmpty(0UL).Max();

    public void Write(ulong address, ReadOnlySpan<byte> bytes, string what)
    {
        if (!context.Memory.TryWrite(new GuestPhysicalAddress(address), bytes))
            throw TooSmall($"{what} does not fit into RAM at 0x{address:x}");
    }

    /// <summary>Copies part of a file into guest memory.</summary>
    public void WriteFile(ulong address, Stream from, long offset, long length, string path)
    {
        byte[] buffer = new byte[CopyBytes];
        from.Position = offset;
        while (length > 0)
        {
            int count = from.Read(buffer, 0, (int)Math.Min(buffer.Length, length));
            if (count == 0) throw new ConfigurationException(
                $"{path}: the file ends {length} bytes early; fetch or build it again");
            Write(address, buffer.AsSpan(0, count), path);
            address += (ulong)count;
            length -= count;
        }
    }

    /// <summary>Puts the initrd as high as it may be; (0, 0) without one.</summary>
    public (ulong Address, ulong LengthBytes) LoadInitrd(ulong highestAddress, ulong kernelEnd)
    {
        if (Initrd is null) return (0, 0);
        using FileStream file = InputFile.Open(Initrd, "initrd");
        ulong length = (ulong)file.Length;
        ulong end = Math.Min(LowRamEnd, highestAddress == 0 ? LowRamEnd : highestAddress + 1);
        if (length > end || (end - length & ~0xfffUL) < kernelEnd)
            throw TooSmall($"{Initrd}: the initrd ({length >> 20} MiB) does not fit between the kernel and the end of low RAM");
        ulong address = end - length & ~0xfffUL;
        WriteFile(address, file, 0, file.Length, Initrd);
        return (address, length);
    }

    public void WriteCommandLine()
    {
        byte[] text = Encoding.UTF8.GetBytes(CommandLine);
        Write(CommandLineAddress, [.. text, 0], "the command line");
    }

    public ConfigurationException TooSmall(string problem) =>
        new($"{problem}; give the VM more memory with --memory (now {context.Ram.Sum(r => (long)r.LengthBytes) >> 20} MiB)")
        {
            Option = "memory",
        };

    /// <summary>Starts vCPU 0 in 64-bit mode at <paramref name="entry"/> with RSI at the boot parameters; the first 4
    /// GiB are identity-mapped with 2 MiB pages.</summary>
    public void StartIn64BitMode(ulong entry)
    {
        Span<byte> tables = new byte[6 * 4096];
        WriteQword(tables, 0, PageTablesAddress + 0x1000 | 3);
        for (int i = 0; i < 4; i++) WriteQword(
            tables, 0x1000 + (8 * i), PageTablesAddress + 0x2000 + ((ulong)i << 12) | 3);
        for (int i = 0; i < 2048; i++) WriteQword(tables, 0x2000 + (8 * i), (ulong)i << 21 | 0x83);
        Write(PageTablesAddress, tables, "page tables");
        Start(entry, Code64Descriptor, Code64Attributes, (ref VcpuState s) =>
        {
            s.Cr0 = 0x80000011; // PG, ET, PE
            s.Cr3 = PageTablesAddress;
            s.Cr4 = 0x20; // PAE
            s.Efer = 0x500; // LME, LMA
            s.Gpr[6] = BootParamsAddress;
        });
    }

    /// <summary>Starts vCPU 0 in 32-bit protected mode without paging; ESI and EBX carry the protocol's
    /// pointer.</summary>
    public void StartIn32BitMode(ulong entry, ulong esi, ulong ebx) =>
        Start(entry, Code32Descriptor, Code32Attributes, (ref VcpuState s) =>
        {
            s.Cr0 = 0x11; // ET, PE
            s.Gpr[6] = esi;
            s.Gpr[3] = ebx;
        });

    private delegate void Adjust(ref VcpuState state);

    private void Start(ulong entry, ulong codeDescriptor, ushort codeAttributes, Adjust adjust)
    {
        Span<byte> gdt = stackalloc byte[40];
        gdt.Clear();
        WriteQword(gdt, 0x10, codeDescriptor);
        WriteQword(gdt, 0x18, DataDescriptor);
        WriteQword(gdt, 0x20, 0x00008b0000000067);
        Write(GdtAddress, gdt, "the GDT");

        VcpuState state = default;
        context.ReadVcpu(0, ref state);
        SegmentState data = new() { Selector = 0x18, Limit = uint.MaxValue, Attributes = DataAttributes };
        for (int i = 0; i < 6; i++) state.Segments[i] = data;
        state.Segments[1] = new SegmentState { Selector = 0x10, Limit = uint.MaxValue, Attributes = codeAttributes };
        state.Tr = new SegmentState { Selector = 0x20, Limit = 0x67, Attributes = 0x8b };
        state.Gdtr = new TableState { Base = GdtAddress, Limit = 39 };
        state.Idtr = default;
        state.Rip = entry;
        state.Rflags = 2;
        state.Activity = VcpuActivity.Running;
        adjust(ref state);
        context.WriteVcpu(0, state);
        for (int i = 0; i < context.VcpuCount; i++) EnableMemoryTypes(i);
    }

    /// <summary>What every firmware does on all processors before it starts an operating system, which otherwise does
    /// without the PAT: MTRRs on, everything write-back (SDM vol. 3, 11.11.2.1).</summary>
    private void EnableMemoryTypes(int vcpu)
    {
        const ulong enabledWriteBack = 1 << 11 | 6;
        VcpuState state = default;
        context.ReadVcpu(vcpu, ref state);
        state.MtrrDefType = enabledWriteBack;
        context.WriteVcpu(vcpu, state);
    }

    private static void WriteQword(Span<byte> to, int offset, ulong value) =>
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(to[offset..], value);
}
