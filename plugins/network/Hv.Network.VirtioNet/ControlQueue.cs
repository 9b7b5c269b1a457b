using System.Buffers.Binary;
using Hv.Sdk.Virtio;

namespace Hv.Network.VirtioNet;

/// <summary>Carries out the commands of the control queue (virtio 1.2, 5.1.6.5). Allocates nothing.</summary>
internal sealed class ControlQueue(VirtioEndpoint endpoint, VirtioChain chain)
{
    /// <summary>Takes all commands.</summary>
    public void Process(VirtQueue queue, VirtioNetState state)
    {
        Span<byte> command = stackalloc byte[2];
        while (queue.TryPop(chain))
        {
            if (chain.WritableBytes == 0 || !chain.TryTake(endpoint.Dma, command))
            {
                endpoint.Fail("a control command without header or answer");
                return;
            }
            bool isDone = Do(command[0] << 8 | command[1], state);
            if (!chain.TryPut(endpoint.Dma, [isDone ? NetControl.Ok : NetControl.Error]))
            {
                endpoint.Fail("a buffer is not in RAM");
                return;
            }
            queue.Complete(chain.Token, 1);
        }
        queue.Flush();
    }

    private bool Do(int command, VirtioNetState state)
    {
        ReceiveFilter filter = state.Filter;
        switch (command)
        {
            case NetControl.Promiscuous: return endpoint.Has(NetFeature.ControlReceive)
                && TryFlag(ref filter.IsPromiscuous);
            case NetControl.AllMulticast: return endpoint.Has(NetFeature.ControlReceive)
                && TryFlag(ref filter.AllMulticast);
            case NetControl.AllUnicast: return endpoint.Has(NetFeature.ControlReceiveExtra)
                && TryFlag(ref filter.AllUnicast);
            case NetControl.NoMulticast: return endpoint.Has(NetFeature.ControlReceiveExtra)
                && TryFlag(ref filter.NoMulticast);
            case NetControl.NoUnicast: return endpoint.Has(NetFeature.ControlReceiveExtra)
                && TryFlag(ref filter.NoUnicast);
            case NetControl.NoBroadcast: return endpoint.Has(NetFeature.ControlReceiveExtra)
                && TryFlag(ref filter.NoBroadcast);
            case NetControl.MacTableSet:
                return endpoint.Has(NetFeature.ControlReceive)
                    && TryTable(filter.Unicast, ref filter.UnicastCount, ref filter.UnicastOverflowed)
                    && TryTable(filter.Multicast, ref filter.MulticastCount, ref filter.MulticastOverflowed);
            case NetControl.MacAddressSet:
                return endpoint.Has(NetFeature.ControlMacAddress) && TryAddress(state.Mac);
            case NetControl.VlanAdd: return TryVlan(filter, isIn: true);
            case NetControl.VlanDelete: return TryVlan(filter, isIn: false);
            case NetControl.PairsSet: return TryPairs(state);
            case NetControl.OffloadsSet: return TryOffloads(state);
            default: return false;
        }
    }

    private bool TryFlag(ref bool flag)
    {
        Span<byte> value = stackalloc byte[1];
        if (chain.ReadableBytes != 1 || !chain.TryTake(endpoint.Dma, value)) return false;
        flag = value[0] != 0;
        return true;
    }

    /// <summary>A count and so many addresses; more than there is room for stand for all (5.1.6.5.2).</summary>
    private bool TryTable(byte[] table, ref byte count, ref bool overflowed)
    {
        Span<byte> word = stackalloc byte[4];
        if (!chain.TryTake(endpoint.Dma, word)) return false;
        uint entries = BinaryPrimitives.ReadUInt32LittleEndian(word);
        if ((ulong)entries * ReceiveFilter.MacBytes > chain.ReadableBytes) return false;
        Array.Clear(table);
        count = 0;
        overflowed = entries > ReceiveFilter.Capacity;
        if (overflowed)
        {
            chain.Skip(entries * ReceiveFilter.MacBytes);
            return true;
        }
        if (!chain.TryTake(endpoint.Dma, table.AsSpan(0, (int)entries * ReceiveFilter.MacBytes))) return false;
        count = (byte)entries;
        return true;
    }

    private bool TryAddress(byte[] mac)
    {
        Span<byte> value = stackalloc byte[ReceiveFilter.MacBytes];
        if (chain.ReadableBytes != ReceiveFilter.MacBytes || !chain.TryTake(endpoint.Dma, value)) return false;
        value.CopyTo(mac);
        return true;
    }

    private bool TryVlan(ReceiveFilter filter, bool isIn)
    {
        Span<byte> value = stackalloc byte[2];
        if (!endpoint.Has(NetFeature.ControlVlan) || chain.ReadableBytes != 2
            || !chain.TryTake(endpoint.Dma, value)) return false;
        int vlan = BinaryPrimitives.ReadUInt16LittleEndian(value);
        if (vlan > 0xfff) return false;
        filter.SetVlan(vlan, isIn);
        return true;
    }

    private bool TryPairs(VirtioNetState state)
    {
        Span<byte> value = stackalloc byte[2];
        if (!endpoint.Has(NetFeature.MultiQueue) || chain.ReadableBytes != 2
            || !chain.TryTake(endpoint.Dma, value)) return false;
        ushort wanted = BinaryPrimitives.ReadUInt16LittleEndian(value);
        if (wanted == 0 || wanted > (endpoint.Queues.Count - 1) / 2) return false;
        state.Pairs = wanted;
        return true;
    }

    private bool TryOffloads(VirtioNetState state)
    {
        Span<byte> value = stackalloc byte[8];
        if (!endpoint.Has(NetFeature.ControlGuestOffloads) || chain.ReadableBytes != 8
            || !chain.TryTake(endpoint.Dma, value)) return false;
        ulong wanted = BinaryPrimitives.ReadUInt64LittleEndian(value);
        if ((wanted & ~(state.Virtio.DriverFeatures & NetFeature.GuestOffloads)) != 0) return false;
        state.GuestOffloads = wanted;
        return true;
    }
}
