using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Block;
using Hv.Sdk.Memory;
using Hv.Sdk.State;
using Hv.Sdk.Virtio;

namespace Hv.Storage.VirtioBlk;

/// <summary>The virtio block device (virtio 1.2, 5.2) on the disk in slot <c>drive</c>. The core moves data between
/// guest memory and the host; requests complete in any order.</summary>
// Deviation: discard and write-zeroes take one range a request (max_*_seg is 1); drivers split accordingly.
public sealed class VirtioBlk(VirtioBlkOptions options)
    : IDevice, IVirtioDevice, IBlockListener, IStateful, IAcpiContributor, IInspectable
{
    private const ushort DeviceId = 2;
    private const uint MassStorageClass = 0x01_8000; // other mass storage controller
    private const int MostAutomaticQueues = 16;
    // Bounds one host call: 1 GiB of ranges at a time keeps pauses and saves short.
    private const uint MaximumRangeSectors = (1u << 30) / BlkRequest.SectorBytes;

    private readonly VirtioChain chain = new();
    private readonly byte[] id = new byte[BlkRequest.IdBytes];
    private VirtioBlkState state = new();
    private VirtioEndpoint endpoint = null!;
    private IBlockPort drive = null!;
    private IDmaSpace dma = null!;

    /// <inheritdoc/>
    public string StateId => VirtioBlkState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => VirtioBlkState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => VirtioBlkState.OldestStateVersion;

    private RequestTable Requests => state.Requests;
    private int RequestLimit => Math.Min(drive.MaxInFlight, RequestTable.Capacity);

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        drive = context.Backend<IBlockPort>("drive")
            ?? throw new ConfigurationException($"'{context.Path}' has no disk: give it one with --disk FILE");
        if (!BitOperations.IsPow2(options.QueueSize))
            throw new ConfigurationException(
                $"'{context.Path}': a queue of {options.QueueSize} entries: the size must be a power of two") { Option =
                    "queue-size" };
        drive.Listen(this);
        dma = context.Dma;
        _ = Encoding.ASCII.GetBytes(drive.Serial.AsSpan(0, Math.Min(drive.Serial.Length, id.Length)), id);
        int queues = options.Queues != 0 ? options.Queues : Math.Min(context.VcpuCount, MostAutomaticQueues);
        endpoint = new VirtioEndpoint(context, this, new VirtioModel
        {
            DeviceId = DeviceId,
            PciClass = MassStorageClass,
            Features = Features(queues),
            QueueSizes = [.. Enumerable.Repeat(options.QueueSize, queues)],
            ConfigBytes = BlkConfig.Bytes,
        });
    }

    private ulong Features(int queues) =>
        BlkFeature.SegmentMaximum | BlkFeature.BlockSize | BlkFeature.Flush | BlkFeature.Topology
        | BlkFeature.ConfigWriteBack
        | (queues > 1 ? BlkFeature.MultiQueue : 0)
        | (drive.IsReadOnly ? BlkFeature.ReadOnly : BlkFeature.WriteZeroes)
        | (drive.CanDiscard ? BlkFeature.Discard : 0)
        | (options.Packed ? VirtioFeature.PackedRing : 0);

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        // The core has dropped the requests in flight: none of them completes any more.
        state = new VirtioBlkState();
        endpoint.Reset(state.Virtio);
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        VirtioBlkState loaded = VirtioBlkState.Load(reader);
        for (int slot = 0; slot < RequestTable.Capacity; slot++)
        {
            if (RequestTable.Has(loaded.Requests.InUse, slot) && loaded.Requests.Queue[slot] >= endpoint.Queues.Count)
                throw new StateException(
                    $"a request belongs to queue {loaded.Requests.Queue[slot]}, which is not there");
        }
        state = loaded;
        endpoint.Load(state.Virtio);
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder) => endpoint.Contribute(builder);

    /// <inheritdoc/>
    public void Inspect(IInspector to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Field("in-flight", (ulong)Requests.InUse.Sum(BitOperations.PopCount));
        to.Child("virtio", endpoint);
    }

    /// <inheritdoc/>
    public void Dispose() { }

    // --- the driver's side ---

    /// <inheritdoc/>
    public void FillConfig(Span<byte> config)
    {
        int block = drive.SectorBytes;
        BinaryPrimitives.WriteUInt64LittleEndian(config, (ulong)drive.LengthBytes / BlkRequest.SectorBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(config[BlkConfig.SegmentMaximum..], (uint)SegmentMaximum);
        BinaryPrimitives.WriteUInt32LittleEndian(config[BlkConfig.BlockSize..], (uint)block);
        config[BlkConfig.PhysicalBlockExponent] = (byte)BitOperations.Log2((uint)(drive.PhysicalBlockBytes / block));
        BinaryPrimitives.WriteUInt16LittleEndian(
            config[BlkConfig.MinimumIoSize..], (ushort)(drive.PhysicalBlockBytes / block));
        config[BlkConfig.WriteBack] = state.IsWriteBack ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(config[BlkConfig.QueueCount..], (ushort)endpoint.Queues.Count);
        if (drive.IsReadOnly) return;
        uint alignment = (uint)(drive.PhysicalBlockBytes / BlkRequest.SectorBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(config[BlkConfig.DiscardMaximumSectors..], MaximumRangeSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(config[BlkConfig.DiscardMaximumSegments..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(config[BlkConfig.DiscardAlignment..], alignment);
        BinaryPrimitives.WriteUInt32LittleEndian(config[BlkConfig.WriteZeroesMaximumSectors..], MaximumRangeSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(config[BlkConfig.WriteZeroesMaximumSegments..], 1);
        config[BlkConfig.WriteZeroesMayUnmap] = drive.CanDiscard ? (byte)1 : (byte)0;
    }

    // Header and status take a descriptor each (5.2.6); a driver without indirect descriptors has no more than the
    // queue.
    private int SegmentMaximum => Math.Min(drive.MaxSegments, options.QueueSize - 2);

    /// <inheritdoc/>
    public void WriteConfig(int offset, ReadOnlySpan<byte> value)
    {
        if (offset == BlkConfig.WriteBack && value.Length == 1 && endpoint.Has(BlkFeature.ConfigWriteBack))
            state.IsWriteBack = value[0] != 0;
    }

    /// <inheritdoc/>
    public bool AcceptsFeatures(ulong features) => true;

    /// <inheritdoc/>
    public void DriverReady() { }

    /// <summary>Hot path: allocates nothing.</summary>
    public void QueueNotified(VirtQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        while (true)
        {
            int slot = Requests.FindFree(RequestLimit);
            if (slot < 0)
            {
                state.IsStalled = true;
                break;
            }
            QueueMark mark = queue.Mark();
            if (!queue.TryPop(chain)) break;
            if (Begin(queue, slot)) continue;
            queue.Rewind(mark);
            state.IsStalled = true;
            break;
        }
        queue.Flush();
    }

    /// <inheritdoc/>
    public void QueueReset(VirtQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        Abandon(queue.Index);
        if (state.IsStalled) GoOn();
    }

    /// <inheritdoc/>
    public void DriverReset()
    {
        Abandon(-1);
        state.IsWriteBack = true;
        state.IsStalled = false;
    }

    /// <summary>Takes the requests of a queue, or of all (−1), back from the host: the guest may reuse their memory at
    /// once.</summary>
    private void Abandon(int queue)
    {
        for (int slot = 0; slot < RequestTable.Capacity; slot++)
        {
            if (!RequestTable.Has(Requests.InUse, slot) || (queue >= 0 && Requests.Queue[slot] != queue)) continue;
            drive.Abandon((ulong)slot);
            Requests.Free(slot);
        }
    }

    // --- requests ---

    /// <summary>Answers the buffer in <see cref="chain"/> or gives it to the host under <paramref name="slot"/>; false
    /// when the host takes no more.</summary>
    private bool Begin(VirtQueue queue, int slot)
    {
        Span<byte> header = stackalloc byte[BlkRequest.HeaderBytes];
        if (!chain.TryTakeLastByte(out GuestPhysicalAddress statusAddress) || !chain.TryTake(dma, header))
        {
            endpoint.Fail("a block request without header or status");
            return true;
        }
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(header);
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        switch (type)
        {
            case BlkRequest.In:
                return Transfer(queue, slot, statusAddress, BlockOperation.Read, sector, chain.Writable,
                    chain.WritableBytes);
            case BlkRequest.Out:
                return Transfer(queue, slot, statusAddress, BlockOperation.Write, sector, chain.Readable,
                    chain.ReadableBytes);
            case BlkRequest.Flush:
                return Submit(queue, slot, statusAddress, new BlockRequest { Operation = BlockOperation.Flush }, [], 0);
            case BlkRequest.Discard when endpoint.Has(BlkFeature.Discard):
                return Range(queue, slot, statusAddress, isDiscard: true);
            case BlkRequest.WriteZeroes when endpoint.Has(BlkFeature.WriteZeroes):
                return Range(queue, slot, statusAddress, isDiscard: false);
            case BlkRequest.GetId:
                uint length = Math.Min(chain.WritableBytes, BlkRequest.IdBytes);
                bool isWritten = chain.TryPut(dma, id.AsSpan(0, (int)length));
                return Answer(queue, chain.Token, statusAddress, isWritten ? BlkStatus.Ok : BlkStatus.IoError, length);
            default:
                return Answer(queue, chain.Token, statusAddress, BlkStatus.Unsupported, 0);
        }
    }

    private bool Transfer(
        VirtQueue queue, int slot, GuestPhysicalAddress statusAddress, BlockOperation operation, ulong sector,
        ReadOnlySpan<DmaSegment> segments, uint lengthBytes)
    {
        if (lengthBytes == 0) return Answer(queue, chain.Token, statusAddress, BlkStatus.Ok, 0);
        if (!IsInside(sector, lengthBytes) || segments.Length > drive.MaxSegments
            || (operation == BlockOperation.Write && drive.IsReadOnly))
            return Answer(queue, chain.Token, statusAddress, BlkStatus.IoError, 0);
        BlockRequest request = new()
        {
            Operation = operation,
            OffsetBytes = (long)sector * BlkRequest.SectorBytes,
            LengthBytes = lengthBytes,
        };
        return Submit(queue, slot, statusAddress, request, segments, operation == BlockOperation.Read
            ? lengthBytes : 0);
    }

    /// <summary>Discard and write-zeroes (virtio 1.2, 5.2.6.1): one range, of which only write-zeroes may have the flag
    /// unmap.</summary>
    private bool Range(VirtQueue queue, int slot, GuestPhysicalAddress statusAddress, bool isDiscard)
    {
        Span<byte> range = stackalloc byte[BlkRequest.RangeBytes];
        if (chain.ReadableBytes != BlkRequest.RangeBytes || !chain.TryTake(dma, range))
            return Answer(queue, chain.Token, statusAddress, BlkStatus.IoError, 0);
        ulong sector = BinaryPrimitives.ReadUInt64LittleEndian(range);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(range[8..]);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(range[12..]);
        if ((flags & ~(isDiscard ? 0 : BlkRequest.Unmap)) != 0)
            return Answer(queue, chain.Token, statusAddress, BlkStatus.Unsupported, 0);
        if (count > MaximumRangeSectors || !IsInside(sector, (long)count * BlkRequest.SectorBytes) || drive.IsReadOnly)
            return Answer(queue, chain.Token, statusAddress, BlkStatus.IoError, 0);
        BlockRequest request = new()
        {
            Operation = isDiscard ? BlockOperation.Discard
                : (flags & BlkRequest.Unmap) != 0 ? BlockOperation.WriteZeroesUnmap : BlockOperation.WriteZeroes,
            OffsetBytes = (long)sector * BlkRequest.SectorBytes,
            LengthBytes = (long)count * BlkRequest.SectorBytes,
        };
        return Submit(queue, slot, statusAddress, request, [], 0);
    }

    private bool IsInside(ulong sector, long lengthBytes)
    {
        ulong sectors = (ulong)drive.LengthBytes / BlkRequest.SectorBytes;
        return lengthBytes % BlkRequest.SectorBytes == 0 && sector <= sectors
            && (ulong)lengthBytes / BlkRequest.SectorBytes <= sectors - sector;
    }

    private bool Submit(VirtQueue queue, int slot, GuestPhysicalAddress statusAddress, in BlockRequest request,
        ReadOnlySpan<DmaSegment> segments, uint dataBytes)
    {
        BlockRequest tagged = request with { Tag = (ulong)slot };
        if (!drive.TrySubmit(tagged, segments)) return false;
        RequestTable.Set(Requests.InUse, slot, true);
        // 5.2.6.2: to a driver that cannot flush, a write is done when it is durable.
        RequestTable.Set(Requests.MustFlush, slot, IsWriteThrough
            && request.Operation is not (BlockOperation.Read or BlockOperation.Flush));
        Requests.Queue[slot] = (ushort)queue.Index;
        Requests.TokenId[slot] = chain.Token.Id;
        Requests.TokenCount[slot] = chain.Token.Count;
        Requests.StatusAddress[slot] = statusAddress.Value;
        Requests.DataBytes[slot] = dataBytes;
        return true;
    }

    private bool IsWriteThrough =>
        endpoint.Has(BlkFeature.ConfigWriteBack) ? !state.IsWriteBack : !endpoint.Has(BlkFeature.Flush);

    private bool Answer(VirtQueue queue, VirtioToken token, GuestPhysicalAddress statusAddress, BlkStatus status,
        uint dataBytes)
    {
        if (!dma.TryWrite(statusAddress, [(byte)status]))
        {
            endpoint.Fail("a request's status is not in RAM");
            return true;
        }
        queue.Complete(token, status == BlkStatus.Ok ? dataBytes + 1 : 1);
        return true;
    }

    // --- the host's side ---

    /// <summary>Hot path: allocates nothing.</summary>
    public void Completed(ulong tag, BlockStatus status)
    {
        if (tag >= RequestTable.Capacity || !RequestTable.Has(Requests.InUse, (int)tag)) return;
        int slot = (int)tag;
        if (status == BlockStatus.Ok && RequestTable.Has(Requests.MustFlush, slot))
        {
            RequestTable.Set(Requests.MustFlush, slot, false);
            if (drive.TrySubmit(new BlockRequest { Operation = BlockOperation.Flush, Tag = tag }, [])) return;
            status = BlockStatus.IoError;
        }
        VirtQueue queue = endpoint.Queues[Requests.Queue[slot]];
        VirtioToken token = new(Requests.TokenId[slot], Requests.TokenCount[slot]);
        GuestPhysicalAddress statusAddress = new(Requests.StatusAddress[slot]);
        uint dataBytes = Requests.DataBytes[slot];
        Requests.Free(slot);
        if (queue.IsLive)
        {
            BlkStatus answer = status switch
            {
                BlockStatus.Ok => BlkStatus.Ok,
                BlockStatus.Unsupported => BlkStatus.Unsupported,
                _ => BlkStatus.IoError,
            };
            Answer(queue, token, statusAddress, answer, dataBytes);
            queue.Flush();
        }
        if (state.IsStalled) GoOn();
    }

    /// <inheritdoc/>
    public void Resized() => endpoint.ConfigChanged();

    /// <summary>Takes buffers that waited for a free request.</summary>
    private void GoOn()
    {
        state.IsStalled = false;
        for (int i = 0; i < endpoint.Queues.Count; i++)
        {
            if (endpoint.Queues[i].IsLive) QueueNotified(endpoint.Queues[i]);
        }
    }
}
