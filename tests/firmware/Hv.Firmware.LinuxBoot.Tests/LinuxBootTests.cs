using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.Firmware;

namespace Hv.Firmware.LinuxBoot.Tests;

public sealed class LinuxBootTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hv-linux-boot").FullName;
    private readonly LinuxBootPlugin firmware = new();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string File(string name, byte[] bytes)
    {
        string path = Path.Combine(folder, name);
        System.IO.File.WriteAllBytes(path, bytes);
        return path;
    }

    private FakeMachine Boot(byte[] kernel, byte[]? initrd = null, int megabytes = 64)
    {
        BootInputs inputs = new()
        {
            Kernel = File("kernel", kernel), Initrd = initrd is null ? null : File("initrd", initrd),
            CommandLine = "console=ttyS0 é",
        };
        FakeMachine machine = new(megabytes, inputs);
        firmware.Validate(inputs, OptionValues.Empty);
        firmware.Install(machine, OptionValues.Empty);
        return machine;
    }

    [Fact]
    public void Install_OfA64BitBzImage_StartsInLongModeAtTheKernel()
    {
        byte[] initrd = new byte[5000];
        Random.Shared.NextBytes(initrd);
        FakeMachine machine = Boot(KernelFiles.BzImage(has64BitEntry: true), initrd);
        Assert.All(machine.Vcpus.Values, v => Assert.Equal(0x806ul, v.MtrrDefType));
        Assert.Equal(machine.VcpuCount, machine.Vcpus.Count);
        VcpuState s = machine.Vcpus[0];
        Assert.Equal(0x1000200ul, s.Rip);
        Assert.Equal(0x80000011ul, s.Cr0);
        Assert.Equal(0x500ul, s.Efer);
        Assert.Equal(0x20ul, s.Cr4);
        Assert.Equal(0x10, s.Segments[1].Selector);
        Assert.Equal(0xa09b, s.Segments[1].Attributes);
        Assert.Equal(0x90, machine.At(0x1000000, 1)[0]);
        ulong zeroPage = s.Gpr[6];
        Assert.Equal(0xff, machine.At(zeroPage + 0x210, 1)[0]);
        uint initrdAt = machine.UInt32(zeroPage + 0x218);
        Assert.Equal(5000u, machine.UInt32(zeroPage + 0x21c));
        Assert.Equal(0u, initrdAt & 0xfff);
        Assert.Equal(initrd, machine.At(initrdAt, 5000).ToArray());
        Assert.Equal("console=ttyS0 é\0"u8.ToArray(), machine.At(machine.UInt32(zeroPage + 0x228), 17).ToArray());
        Assert.Equal("RSD PTR "u8.ToArray(), machine.At(machine.UInt64(zeroPage + 0x70), 8).ToArray());
        // The identity map: the kernel's own page is 2 MiB page 8.
        ulong directory = machine.UInt64(machine.UInt64(machine.UInt64(s.Cr3) & ~0xffful) & ~0xffful);
        Assert.Equal(0x1000083ul, machine.UInt64((directory == 0x83 ? 0xb000ul : directory & ~0xffful) + (8 * 8)));
    }

    [Fact]
    public void Install_OfA32BitBzImage_StartsInProtectedMode()
    {
        FakeMachine machine = Boot(KernelFiles.BzImage(has64BitEntry: false));
        VcpuState s = machine.Vcpus[0];
        Assert.Equal(0x1000000ul, s.Rip);
        Assert.Equal(0x11ul, s.Cr0);
        Assert.Equal(0xc09b, s.Segments[1].Attributes);
        Assert.NotEqual(0ul, s.Gpr[6]);
    }

    [Fact]
    public void Install_OfAPvhElf_StartsAtItsNoteWithStartInfo()
    {
        FakeMachine machine = Boot(KernelFiles.PvhElf(0x100040), new byte[100]);
        VcpuState s = machine.Vcpus[0];
        Assert.Equal(0x100040ul, s.Rip);
        ulong info = s.Gpr[3];
        Assert.Equal(0x336ec578u, machine.UInt32(info));
        Assert.Equal(1u, machine.UInt32(info + 12));
        Assert.Equal(100ul, machine.UInt64(machine.UInt64(info + 16) + 8));
        Assert.Equal(0xcc, machine.At(0x100000, 1)[0]);
        ulong map = machine.UInt64(info + 40);
        Assert.Equal((0ul, 0x9fc00ul, 1u), (machine.UInt64(map), machine.UInt64(map + 8), machine.UInt32(map + 16)));
    }

    [Fact]
    public void Validate_WithoutAKernel_SaysWhatToGive() =>
        Assert.Contains("--kernel", Refused(null), StringComparison.Ordinal);

    [Fact]
    public void Validate_OfAMissingKernel_NamesIt() =>
        Assert.Contains("no such file", Refused(Path.Combine(folder, "none")), StringComparison.Ordinal);

    [Fact]
    public void Validate_OfATruncatedBzImage_SaysSo()
    {
        byte[] kernel = KernelFiles.BzImage(has64BitEntry: true);
        Assert.Contains("truncated", Refused(File("k", kernel[..^1000])), StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_OfATruncatedElf_SaysSo() =>
        Assert.Contains("truncated", Refused(File("k", KernelFiles.PvhElf(1)[..0x250])), StringComparison.Ordinal);

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 }, "not a Linux bzImage")]
    [InlineData(new byte[] { 0x1f, 0x8b, 8 }, "gzip")]
    [InlineData(new byte[0], "empty")]
    public void Validate_OfSomethingElse_SaysWhatItIs(byte[] bytes, string says) =>
        Assert.Contains(says, Refused(File("k", bytes)), StringComparison.Ordinal);

    [Fact]
    public void Validate_OfATooLongCommandLine_GivesBothLengths()
    {
        BootInputs inputs = new() { Kernel = File("k", KernelFiles.BzImage(true)),
            CommandLine = new string('x', 2048) };
        string message = Assert.Throws<ConfigurationException>(
            () => firmware.Validate(inputs, OptionValues.Empty)).Message;
        Assert.Contains("2048", message, StringComparison.Ordinal);
        Assert.Contains("2047", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Install_WithTooLittleMemory_SaysHowToGiveMore()
    {
        ConfigurationException e =
            Assert.Throws<ConfigurationException>(() => Boot(KernelFiles.BzImage(true), megabytes: 8));
        Assert.Contains("--memory", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfAnyDamagedHeader_IsRefusedOrAccepted_NeverThrowsOtherwise()
    {
        Random random = new(7);
        foreach (byte[] original in new[] { KernelFiles.BzImage(true), KernelFiles.PvhElf(0x100000) })
        {
            for (int i = 0; i < 300; i++)
            {
                byte[] damaged = (byte[])original.Clone();
                for (int n = random.Next(1, 6); n > 0; n--) damaged[random.Next(
                    original.Length < 4096 ? original.Length : 0x420)] = (byte)random.Next(256);
                BootInputs inputs = new() { Kernel = File("k", damaged) };
                try
                {
                    firmware.Validate(inputs, OptionValues.Empty);
                    firmware.Install(new FakeMachine(32, inputs), OptionValues.Empty);
                }
                catch (ConfigurationException)
                {
                    // Refused with a message: what damaged files are for.
                }
            }
        }
    }

    private string Refused(string? kernel) => Assert.Throws<ConfigurationException>(
        () => firmware.Validate(new BootInputs { Kernel = kernel }, OptionValues.Empty)).Message;
}
