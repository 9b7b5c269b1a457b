using System.Buffers.Binary;
using System.Text;
using Hv.Firmware.Platform;
using Hv.Sdk;

namespace Hv.Firmware.LinuxBoot;

/// <summary>A bzImage, booted by the 64-bit protocol where the kernel has it, else by the 32-bit one
/// (Linux, Documentation/arch/x86/boot.rst and zero-page.rst; offsets are theirs).</summary>
internal sealed class BzImage : KernelImage
{
    private const int HeaderStart = 0x1f1;
    private const int RsdpOffset = 0x070;
    private const int E820CountOffset = 0x1e8;
    private const int E820TableOffset = 0x2d0;
    private const int MaxE820Entries = 128;
    private const ulong EntryOffset64 = 0x200;
    private const ushort Protocol204 = 0x0204;
    private const ushort Protocol206 = 0x0206;
    private const ushort Protocol20A = 0x020a;
    private const ushort Protocol20C = 0x020c;
    private const int Xlf64BitEntry = 1;
    private const byte LoadedHigh = 1;
    private const byte UnregisteredLoader = 0xff;

    private readonly byte[] head;
    private readonly long payloadOffset;
    private readonly long payloadBytes;

    public BzImage(string path, byte[] head, long fileBytes)
        : base(path)
    {
        this.head = head;
        int setupSectors = head[HeaderStart] == 0 ? 4 : head[HeaderStart];
        payloadOffset = (setupSectors + 1) * 512L;
        long declared = Protocol >= Protocol204 ? UInt32(0x1f4) * 16L : 0;
        if (fileBytes < payloadOffset + Math.Max(declared, 512)) throw Truncated(
            fileBytes, payloadOffset + Math.Max(declared, 512));
        payloadBytes = declared != 0 ? declared : fileBytes - payloadOffset;
        if (Protocol < Protocol204 || (head[0x211] & LoadedHigh) == 0)
        {
            throw new ConfigurationException(
                $"{path}: a kernel of boot protocol {Protocol >> 8}.{Protocol & 0xff:d2} that loads below 1 MiB; " +
                "linux-boot needs a bzImage of protocol 2.04 or later")
            {
                Option = "kernel",
            };
        }
    }

    private ushort Protocol => BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(0x206));
    private bool Has64BitEntry => Protocol >= Protocol20C && (UInt16(0x236) & Xlf64BitEntry) != 0;
    private ulong PreferredAddress =>
        Protocol >= Protocol20A ? BinaryPrimitives.ReadUInt64LittleEndian(head.AsSpan(0x258)) : GuestLayout.OneMebibyte;
    private uint MaxCommandLine => Protocol >= Protocol206 ? UInt32(0x238) : 255;
    private ulong InitBytes => Protocol >= Protocol20A ? UInt32(0x260) : (ulong)payloadBytes * 4;

    public override void CheckCommandLine(string commandLine)
    {
        int length = Encoding.UTF8.GetByteCount(commandLine);
        if (length > MaxCommandLine)
        {
            throw new ConfigurationException(
                $"the kernel command line has {length} bytes; {Path} takes {MaxCommandLine}: shorten --append")
            {
                Option = "append",
            };
        }
    }

    public override void Load(BootImage boot)
    {
        ulong address = PreferredAddress;
        ulong end = address + Math.Max(InitBytes, (ulong)payloadBytes);
        if (end > boot.LowRamEnd) throw boot.TooSmall($"{Path}: the kernel needs RAM up to {end >> 20} MiB");
        using (FileStream file = InputFile.Open(Path, "kernel"))
        {
            // The payload is a multiple of 16 bytes in the header; the file may end a few bytes earlier.
            boot.WriteFile(address, file, payloadOffset, Math.Min(payloadBytes, file.Length - payloadOffset), Path);
        }
        (ulong initrd, ulong initrdBytes) = boot.LoadInitrd(UInt32(0x22c), end);
        boot.WriteCommandLine();
        boot.Write(BootImage.BootParamsAddress, BootParameters(boot, (uint)address, (uint)initrd, (uint)initrdBytes),
            "the boot parameters");
        if (Has64BitEntry) boot.StartIn64BitMode(address + EntryOffset64);
        else boot.StartIn32BitMode(address, esi: BootImage.BootParamsAddress, ebx: 0);
    }

    private byte[] BootParameters(BootImage boot, uint kernel, uint initrd, uint initrdBytes)
    {
        byte[] zeroPage = new byte[4096];
        int headerEnd = Math.Min(0x202 + head[0x201], 0x290);
        head.AsSpan(HeaderStart, headerEnd - HeaderStart).CopyTo(zeroPage.AsSpan(HeaderStart));
        zeroPage[0x210] = UnregisteredLoader;
        Put32(0x214, kernel);
        Put32(0x218, initrd);
        Put32(0x21c, initrdBytes);
        Put32(0x228, (uint)BootImage.CommandLineAddress);
        BinaryPrimitives.WriteUInt16LittleEndian(zeroPage.AsSpan(0x1fa), 0xffff); // vid_mode: normal
        BinaryPrimitives.WriteUInt64LittleEndian(zeroPage.AsSpan(RsdpOffset), boot.AcpiAddress);
        int count = Math.Min(boot.MemoryMap.Count, MaxE820Entries);
        zeroPage[E820CountOffset] = (byte)count;
        for (int i = 0; i < count; i++)
        {
            Span<byte> entry = zeroPage.AsSpan(E820TableOffset + (20 * i), 20);
            BinaryPrimitives.WriteUInt64LittleEndian(entry, boot.MemoryMap[i].Start);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], boot.MemoryMap[i].LengthBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[16..], (uint)boot.MemoryMap[i].Type);
        }
        return zeroPage;

        void Put32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(zeroPage.AsSpan(offset), value);
    }

    private uint UInt32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(offset));
    private ushort UInt16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(offset));
}
