using System.Buffers.Binary;
using Hv.Sdk.Io;

namespace Hv.Sdk.Pci;

/// <summary>A base address register: keeps its region where the register and the command register say (PCI 3.0,
/// 6.2.5.1).</summary>
internal sealed class PciBar(int offset, bool isIo, bool isWide, ulong lengthBytes, IRegion region)
{
    // No processor addresses more (SDM vol. 3, 4.1.4): above it lies what sizing leaves behind.
    private const ulong HighestMemoryAddress = (1ul << 52) - 1;

    public int Offset => offset;
    public bool IsWide => isWide;

    /// <summary>Maps, moves or unmaps the region when configuration space asks for it.</summary>
    public void Follow(byte[] config, Command command)
    {
        ulong start = BinaryPrimitives.ReadUInt32LittleEndian(config.AsSpan(offset)) & (isIo ? ~3u : ~15u);
        if (isWide) start |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(config.AsSpan(offset + 4)) << 32;
        bool isEnabled = (command & (isIo ? Command.IoSpace : Command.MemorySpace)) != 0;
        if (!isEnabled || !CanDecode(start))
        {
            if (region.IsMapped) region.Unmap();
        }
        else if (!region.IsMapped || region.Start != start)
        {
            region.Map(start);
        }
    }

    /// <summary>A register that holds zero or the ones of a sizing write is not an address yet: software may enable
    /// decoding before it assigns every BAR, and must not find registers over its RAM.</summary>
    private bool CanDecode(ulong start)
    {
        ulong last = start + (lengthBytes - 1);
        if (start == 0) return false;
        if (isIo) return last <= 0xffff;
        return isWide ? last <= HighestMemoryAddress && (uint)last != uint.MaxValue : last < uint.MaxValue;
    }
}
