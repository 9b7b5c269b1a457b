using System.Globalization;
using System.Text;

namespace Hv.Guests.Tests;

/// <summary>An entry as a reader of "newc" archives sees it.</summary>
internal sealed record CpioEntry(string Path, uint Mode, uint Major, uint Minor, byte[] Contents)
{
    public string Text => Encoding.UTF8.GetString(Contents);
}

/// <summary>Reads archives as the kernel does (init/initramfs.c's states, from the format's description): headers and
/// data at multiples of four, a trailer at the end.</summary>
internal static class CpioReader
{
    public static List<CpioEntry> Read(byte[] archive)
    {
        var entries = new List<CpioEntry>();
        int at = 0;
        while (true)
        {
            Assert.Equal("070701", Encoding.ASCII.GetString(archive, at, 6));
            uint Field(int index) =>
                uint.Parse(Encoding.ASCII.GetString(archive, at + 6 + (index * 8), 8), NumberStyles.HexNumber,
                    CultureInfo.InvariantCulture);
            int size = (int)Field(6);
            int nameLength = (int)Field(11);
            string name = Encoding.UTF8.GetString(archive, at + 110, nameLength - 1);
            Assert.Equal(0, archive[at + 110 + nameLength - 1]);
            int data = Align(at + 110 + nameLength);
            if (name == "TRAILER!!!")
            {
                return entries;
            }

            entries.Add(new CpioEntry(name, Field(1), Field(9), Field(10), archive[data..(data + size)]));
            at = Align(data + size);
        }
    }

    private static int Align(int offset) => (offset + 3) & ~3;
}
