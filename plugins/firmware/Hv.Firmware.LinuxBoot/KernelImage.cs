using Hv.Sdk;

namespace Hv.Firmware.LinuxBoot;

/// <summary>A kernel file of a kind that can be booted directly.</summary>
internal abstract class KernelImage(string path)
{
    protected string Path { get; } = path;

    /// <summary>Recognises the file and checks that it is whole.</summary>
    /// <exception cref="ConfigurationException">It is not there, damaged, or of another kind.</exception>
    public static KernelImage Open(string path)
    {
        using FileStream file = InputFile.Open(path, "kernel");
        byte[] head = new byte[0x1000];
        int length = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        ReadOnlySpan<byte> seen = head.AsSpan(0, length);
        if (seen.StartsWith("\u007fELF"u8)) return new PvhKernel(path, file);
        if (length > 0x206 && seen.Slice(0x202, 4).SequenceEqual("HdrS"u8)) return new BzImage(path, head, file.Length);
        string kind = seen switch
        {
            [] => "is empty",
            [0x1f, 0x8b, ..] => "is gzip-compressed data, not a kernel image",
            [0x4d, 0x5a, ..] => "is a PE image without a Linux boot header",
            _ => "is not a Linux bzImage or an ELF kernel",
        };
        throw new ConfigurationException(
            $"{path}: {kind}; --kernel takes a bzImage (vmlinuz) or an ELF kernel with a PVH note")
        {
            Option = "kernel",
        };
    }

    /// <summary>Refuses a command line that the kernel would cut off.</summary>
    public abstract void CheckCommandLine(string commandLine);

    /// <summary>Puts the kernel, the initrd and the parameters into memory and vCPU 0 at the entry.</summary>
    public abstract void Load(BootImage boot);

    protected ConfigurationException Truncated(long has, long needs) =>
        new($"{Path}: the kernel is truncated: it has {has} bytes and its header says {needs}; fetch or build it again")
        {
            Option = "kernel",
        };
}
