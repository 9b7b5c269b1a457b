using System.Diagnostics;

namespace Hv.Guests.Tests;

/// <summary>What is written can be read, by a reader of our own and by the system's.</summary>
public sealed class CpioArchives
{
    [Fact]
    public void Write_EveryKindOfEntry_ReadsBack()
    {
        byte[] archive = Archive();

        List<CpioEntry> entries = CpioReader.Read(archive);

        Assert.Equal(["dev", "dev/console", "etc", "etc/motd", "sh"], entries.Select(e => e.Path));
        Assert.Equal([0x41EDu, 0x2180u, 0x41EDu, 0x81A4u, 0xA1FFu], entries.Select(e => e.Mode));
        Assert.Equal((5u, 1u), (entries[1].Major, entries[1].Minor));
        Assert.Equal("hello\nworld\n", entries[3].Text);
        Assert.Equal("/bin/busybox", entries[4].Text);
    }

    [Fact]
    public void Write_PadsToWholeBlocks() => Assert.Equal(0, Archive().Length % 512);

    [Fact]
    public void Write_SameContents_GiveTheSameBytes() => Assert.Equal(Archive(), Archive());

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Write_ContentsOfAnyLength_KeepTheNextEntryAligned(int length)
    {
        using var stream = new MemoryStream();
        var writer = new CpioWriter(stream);
        writer.AddFile("a", 0x1A4, new byte[length]);
        writer.AddText("b", 0x1A4, "next");
        writer.Finish();

        Assert.Equal("next", CpioReader.Read(stream.ToArray())[1].Text);
    }

    [Fact]
    public void Write_SystemsCpio_ListsTheSameNames()
    {
        const string Cpio = "/usr/bin/cpio";
        if (!File.Exists(Cpio))
        {
            // The reader above stands in where the program is not installed.
            Assert.NotEmpty(CpioReader.Read(Archive()));
            return;
        }

        using Process process = Process.Start(new ProcessStartInfo(Cpio, ["-t", "--quiet"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        process.StandardInput.BaseStream.Write(Archive());
        process.StandardInput.Close();

        Assert.Equal("dev\ndev/console\netc\netc/motd\nsh\n", process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static byte[] Archive()
    {
        using var stream = new MemoryStream();
        var writer = new CpioWriter(stream);
        writer.AddDirectory("dev", 0x1ED);
        writer.AddCharacterDevice("dev/console", 0x180, 5, 1);
        writer.AddDirectory("etc", 0x1ED);
        writer.AddText("etc/motd", 0x1A4, "hello\r\nworld\n");
        writer.AddLink("sh", "/bin/busybox");
        writer.Finish();
        return stream.ToArray();
    }
}
