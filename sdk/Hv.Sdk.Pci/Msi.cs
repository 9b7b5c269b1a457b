using System.Numerics;
using Hv.Sdk.Signals;

namespace Hv.Sdk.Pci;

/// <summary>Message-signalled interrupts with a 64-bit address and a mask bit a vector (PCI 3.0, 6.8.1). On the
/// strand.</summary>
public sealed class Msi : ICapabilityHandler
{
    // 6.8.1.3: message control.
    private const ushort Enable = 1 << 0;
    private const int MultipleMessageEnableShift = 4;
    private const ushort Is64Bit = 1 << 7;
    private const ushort HasMasks = 1 << 8;

    // Offsets from the capability's start (6.8.1, figure 6-9: 64-bit with per-vector masking).
    private const int Control = 2;
    private const int Address = 4;
    private const int AddressHigh = 8;
    private const int Data = 12;
    private const int Mask = 16;
    private const int Pending = 20;
    private const int Length = 24;

    private readonly PciFunction function;
    private readonly int at;

    internal Msi(PciFunction function, int vectors)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vectors, 32);
        if (!BitOperations.IsPow2(vectors)) throw new ArgumentOutOfRangeException(
            nameof(vectors), vectors, "not a power of two");
        this.function = function;
        VectorCount = vectors;
        uint vectorBits = vectors == 32 ? uint.MaxValue : (1u << vectors) - 1;
        ushort control = (ushort)(Is64Bit | HasMasks | BitOperations.Log2((uint)vectors) << 1);
        Span<byte> body = stackalloc byte[Length - 2];
        Span<byte> writable = stackalloc byte[Length - 2];
        body.Clear();
        writable.Clear();
        BitConverter.TryWriteBytes(body, control);
        BitConverter.TryWriteBytes(writable, (ushort)(Enable | 7 << MultipleMessageEnableShift));
        BitConverter.TryWriteBytes(writable[(Address - 2)..], ~3u);
        BitConverter.TryWriteBytes(writable[(AddressHigh - 2)..], uint.MaxValue);
        BitConverter.TryWriteBytes(writable[(Data - 2)..], (ushort)0xffff);
        BitConverter.TryWriteBytes(writable[(Mask - 2)..], vectorBits);
        at = function.AddCapability(CapabilityId.Msi, body, writable, this);
        function.OwnBits(at + Pending, (byte)vectorBits, (byte)(vectorBits >> 8), (byte)(vectorBits >> 16),
            (byte)(vectorBits >> 24));
    }

    /// <summary>How many vectors the function asks for.</summary>
    public int VectorCount { get; }

    /// <summary>The guest turned MSI on.</summary>
    public bool IsEnabled => (function.ReadWord(at + Control) & Enable) != 0;

    /// <summary>Signals a vector: sent, kept pending while masked, dropped while MSI is off. Vectors beyond those the
    /// guest granted share (6.8.1.3). Hot path: allocates nothing.</summary>
    public void Raise(int vector)
    {
        if (!IsEnabled) return;
        int granted = Granted;
        int number = vector & (granted - 1);
        uint bit = 1u << number;
        if (!function.IsBusMaster || (function.ReadDword(at + Mask) & bit) != 0)
            function.WriteDword(at + Pending, function.ReadDword(at + Pending) | bit);
        else
            Send(number, granted);
    }

    void ICapabilityHandler.Reading(int capability, int offset, int size) { }

    void ICapabilityHandler.Written(int capability, int offset, int size) => SendPending();

    internal void SendPending()
    {
        if (!IsEnabled || !function.IsBusMaster) return;
        int granted = Granted;
        uint masks = function.ReadDword(at + Mask);
        uint due = function.ReadDword(at + Pending) & ~masks;
        function.WriteDword(at + Pending, function.ReadDword(at + Pending) & masks);
        for (; due != 0; due &= due - 1) Send(BitOperations.TrailingZeroCount(due) & (granted - 1), granted);
    }

    private int Granted =>
        Math.Min(VectorCount, 1 << Math.Min(function.ReadWord(at + Control) >> MultipleMessageEnableShift & 7, 5));

    private void Send(int number, int granted) => function.MsiTarget.Send(new MsiMessage
    {
        Address = function.ReadDword(at + Address) | (ulong)function.ReadDword(at + AddressHigh) << 32,
        // 6.8.1.6: the function changes the low bits of the data, as many as vectors were granted.
        Data = function.ReadWord(at + Data) & ~(uint)(granted - 1) | (uint)number,
    });
}
