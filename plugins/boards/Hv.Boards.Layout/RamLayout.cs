using Hv.Sdk;
using Hv.Sdk.Boards;

namespace Hv.Boards.Layout;

/// <summary>RAM as PCs have it: conventional memory, the legacy hole with SMRAM behind it, memory up to the device hole
/// below 4 GiB, the rest above 4 GiB.</summary>
public sealed class RamLayout
{
    /// <summary>Below 4 GiB, devices begin here.</summary>
    public const ulong DeviceHoleStart = 0xc000_0000;
    /// <summary>Length of the window for 64-bit BARs.</summary>
    public const ulong Window64Bytes = 64UL << 30;
    private const ulong VideoHoleStart = 0xa0000;
    private const ulong VideoHoleEnd = 0xc0000;
    private const ulong FourGibibytes = 0x1_0000_0000;
    private const ulong SmallestBytes = 2UL << 20;
    private const ulong LargestBytes = 1UL << 40;

    private RamLayout(ulong highEnd) => HighEnd = highEnd;

    /// <summary>The end of RAM above 4 GiB; 4 GiB when there is none.</summary>
    public ulong HighEnd { get; }

    /// <summary>Where the window for 64-bit BARs begins: above RAM, 64 GiB aligned.</summary>
    public ulong Window64Start => (HighEnd + Window64Bytes - 1) & ~(Window64Bytes - 1);

    /// <summary>Lays RAM out on a board.</summary>
    /// <exception cref="ConfigurationException">There is too little or too much.</exception>
    public static RamLayout Build(IBoardBuilder builder)
    {
        ulong bytes = builder.MemoryBytes;
        if (bytes is < SmallestBytes or > LargestBytes)
        {
            throw new ConfigurationException(
                $"the board takes {SmallestBytes >> 20}M to {LargestBytes >> 40}T of memory, not {bytes >> 20}M")
            {
                Option = "memory",
            };
        }
        ulong low = Math.Min(bytes, DeviceHoleStart);
        builder.Ram(new GuestPhysicalAddress(0), VideoHoleStart, 0);
        // The RAM behind the video hole is SMRAM.
        builder.SmRam(new GuestPhysicalAddress(VideoHoleStart), VideoHoleEnd - VideoHoleStart, VideoHoleStart);
        builder.Ram(new GuestPhysicalAddress(VideoHoleEnd), low - VideoHoleEnd, VideoHoleEnd);
        if (bytes == low) return new RamLayout(FourGibibytes);
        builder.Ram(new GuestPhysicalAddress(FourGibibytes), bytes - low, low);
        return new RamLayout(FourGibibytes + (bytes - low));
    }

    /// <summary>The windows for PCI BARs; the lower one ends at <paramref name="lowEnd"/>.</summary>
    public void AddPciWindows(IBoardBuilder builder, ulong lowEnd)
    {
        builder.PciWindow(new GuestPhysicalAddress(DeviceHoleStart), lowEnd - DeviceHoleStart, above4G: false);
        builder.PciWindow(new GuestPhysicalAddress(Window64Start), Window64Bytes, above4G: true);
    }
}
