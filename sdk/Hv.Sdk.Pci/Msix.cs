using System.Numerics;
using Hv.Sdk.Io;
using Hv.Sdk.Signals;

namespace Hv.Sdk.Pci;

/// <summary>MSI-X: a table of messages and an array of pending bits in memory space (PCI 3.0, 6.8.2). On the
/// strand.</summary>
public sealed class Msix : IIoHandler, ICapabilityHandler
{
    // 6.8.2.3: message control.
    private const ushort Enable = 1 << 15;
    private const ushort FunctionMask = 1 << 14;
    private const int Control = 2;

    // 6.8.2.6 to 6.8.2.9: one table entry, in dwords.
    private const int EntryDwords = 4;
    private const int EntryBytes = 16;
    private const int AddressLow = 0;
    private const int AddressHigh = 1;
    private const int Data = 2;
    private const int VectorControl = 3;
    private const uint Masked = 1;

    private readonly PciFunction function;
    private readonly int at;
    private readonly uint tableBytes;
    private readonly uint pendingBytes;
    private readonly uint pendingStart;

    internal Msix(PciFunction function, int vectors, int bar)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vectors, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vectors, 2048);
        this.function = function;
        VectorCount = vectors;
        tableBytes = (uint)vectors * EntryBytes;
        pendingBytes = (uint)(vectors + 63) / 64 * 8;
        // 6.8.2: table and PBA in pages of their own leave the rest of a page to nobody; 4 KiB at least.
        pendingStart = Math.Max(2048, BitOperations.RoundUpToPowerOf2(tableBytes));
        RegionBytes = 2 * pendingStart;
        Span<byte> body = stackalloc byte[10];
        BitConverter.TryWriteBytes(body, (ushort)(vectors - 1));
        BitConverter.TryWriteBytes(body[2..], (uint)bar);
        BitConverter.TryWriteBytes(body[6..], pendingStart | (uint)bar);
        Span<byte> writable = stackalloc byte[2];
        BitConverter.TryWriteBytes(writable, (ushort)(Enable | FunctionMask));
        at = function.AddCapability(CapabilityId.Msix, body, writable, this);
    }

    /// <summary>How many vectors the table has.</summary>
    public int VectorCount { get; }

    /// <summary>Length of the region that holds table and pending bits.</summary>
    public ulong RegionBytes { get; }

    /// <summary>The guest turned MSI-X on.</summary>
    public bool IsEnabled => (function.ReadWord(at + Control) & Enable) != 0;

    private bool CanSend =>
        (function.ReadWord(at + Control) & (Enable | FunctionMask)) == Enable && function.IsBusMaster;

    private uint[] Table => function.State.MsixTable;
    private uint[] PendingBits => function.State.MsixPending;

    /// <summary>Signals a vector: sent, kept pending while masked (6.8.3.4), dropped while MSI-X is off.
    /// Hot path: allocates nothing.</summary>
    public void Raise(int vector)
    {
        if (!IsEnabled || (uint)vector >= (uint)VectorCount) return;
        if (CanSend && (Table[vector * EntryDwords + VectorControl] & Masked) == 0) Send(vector);
        else PendingBits[vector / 32] |= 1u << (vector & 31);
    }

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value)
    {
        value = 0;
        if (access.Size is not (4 or 8)) return IoStatus.BadSize; // 6.8.2: dword or qword accesses only
        if ((access.Offset & (ulong)(access.Size - 1)) != 0) return IoStatus.Unaligned;
        value = ReadDword((uint)access.Offset);
        if (access.Size == 8) value |= (ulong)ReadDword((uint)access.Offset + 4) << 32;
        return IoStatus.Ok;
    }

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value)
    {
        if (access.Size is not (4 or 8)) return IoStatus.BadSize;
        if ((access.Offset & (ulong)(access.Size - 1)) != 0) return IoStatus.Unaligned;
        uint offset = (uint)access.Offset;
        // 6.8.2.10: pending bits are read-only.
        if (offset >= tableBytes) return IoStatus.Ok;
        WriteDword(offset / 4, (uint)value);
        if (access.Size == 8) WriteDword(offset / 4 + 1, (uint)(value >> 32));
        SendPending((int)(offset / EntryBytes));
        return IoStatus.Ok;
    }

    void ICapabilityHandler.Reading(int capability, int offset, int size) { }

    void ICapabilityHandler.Written(int capability, int offset, int size) => SendPending();

    internal void PowerOn(PciFunctionState state)
    {
        state.MsixTable = new uint[EntryDwords * VectorCount];
        state.MsixPending = new uint[(VectorCount + 31) / 32];
        // 6.8.2.9: every vector is masked after reset.
        for (int v = 0; v < VectorCount; v++) state.MsixTable[v * EntryDwords + VectorControl] = Masked;
    }

    internal void SendPending()
    {
        if (!CanSend) return;
        for (int word = 0; word < PendingBits.Length; word++)
        {
            for (uint bits = PendingBits[word]; bits != 0; bits &= bits - 1)
                SendPending(word * 32 + BitOperations.TrailingZeroCount(bits));
        }
    }

    private void SendPending(int vector)
    {
        uint bit = 1u << (vector & 31);
        if ((uint)vector >= (uint)VectorCount || (PendingBits[vector / 32] & bit) == 0) return;
        if (!CanSend || (Table[vector * EntryDwords + VectorControl] & Masked) != 0) return;
        PendingBits[vector / 32] &= ~bit;
        Send(vector);
    }

    private void Send(int vector)
    {
        ReadOnlySpan<uint> entry = Table.AsSpan(vector * EntryDwords, EntryDwords);
        function.MsiTarget.Send(new MsiMessage
        {
            Address = entry[AddressLow] | (ulong)entry[AddressHigh] << 32,
            Data = entry[Data],
        });
    }

    private uint ReadDword(uint offset)
    {
        if (offset < tableBytes) return Table[offset / 4];
        uint index = (offset - pendingStart) / 4;
        return offset >= pendingStart && offset < pendingStart + pendingBytes && index < (uint)PendingBits.Length
            ? PendingBits[index] : 0;
    }

    private void WriteDword(uint index, uint value) => Table[index] = (index % EntryDwords) switch
    {
        AddressLow => value & ~3u,             // 6.8.2.6: dword-aligned
        VectorControl => value & Masked,       // 6.8.2.9: the rest is reserved
        _ => value,
    };
}
