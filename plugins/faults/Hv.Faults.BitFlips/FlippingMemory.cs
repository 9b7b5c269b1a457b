using Hv.Sdk;
using Hv.Sdk.Faults;
using Hv.Sdk.Firmware;

namespace Hv.Faults.BitFlips;

/// <summary>Guest memory of which bits flip at a moment, as after a particle's hit: nobody is told.</summary>
internal sealed class FlippingMemory(IGuestMemory memory, BitFlipsOptions options, IFaultScope scope)
{
    /// <summary>Flips.</summary>
    public void Flip()
    {
        for (int i = 0; i < options.Bits; i++)
        {
            if (!TryDraw(out GuestPhysicalAddress address)) return;
            byte[] one = new byte[1];
            if (!memory.Space.TryRead(address, one)) return;
            byte before = one[0];
            one[0] ^= (byte)(1 << (int)scope.Entropy.Below(8));
            if (!memory.Space.TryWrite(address, one)) return;
            scope.Fired($"memory at {address}: 0x{before:x2} became 0x{one[0]:x2}");
        }
    }

    // Each byte of RAM in the range that the rule names is as likely.
    private bool TryDraw(out GuestPhysicalAddress address)
    {
        List<(ulong Start, ulong Length)> pieces = [];
        ulong total = 0;
        foreach (MemoryRange ram in memory.Ram)
        {
            ulong end = ram.Start.Value + ram.LengthBytes;
            if (options.Length != 0) end = Math.Min(end, options.Address + options.Length);
            ulong start = Math.Max(ram.Start.Value, options.Address);
            if (start >= end) continue;
            pieces.Add((start, end - start));
            total += end - start;
        }
        ulong at = scope.Entropy.Below(total);
        foreach ((ulong start, ulong length) in pieces)
        {
            if (at < length)
            {
                address = new GuestPhysicalAddress(start + at);
                return true;
            }
            at -= length;
        }
        address = default;
        return false;
    }
}
