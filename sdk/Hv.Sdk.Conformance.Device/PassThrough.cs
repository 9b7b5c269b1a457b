using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Net;
using Hv.Sdk.Pci;
using Hv.Sdk.Signals;
using Hv.Sdk.Time;

namespace Hv.Sdk.Conformance.Device;

// One decorator a contract, each with nothing in it but the watch over the calling thread; a closed set, so in one
// file.

internal sealed class PassThroughHandler(IIoHandler inner) : IIoHandler
{
    public IoStatus Read(in IoAccess access, out ulong value) => inner.Read(access, out value);
    public IoStatus Write(in IoAccess access, ulong value) => inner.Write(access, value);
}

internal sealed class PassThroughRegion(IRegion inner, CallWatch watch) : IRegion
{
    public ulong Start => inner.Start;
    public ulong Length => inner.Length;
    public bool IsMapped => inner.IsMapped;

    public void Map(ulong start)
    {
        watch.Called("IRegion.Map");
        inner.Map(start);
    }

    public void Unmap()
    {
        watch.Called("IRegion.Unmap");
        inner.Unmap();
    }

    public void Dispose() => inner.Dispose();
}

internal sealed class PassThroughSink(IrqLine inner, CallWatch watch) : IIrqSink
{
    /// <summary>A line that is not connected stays so: devices may ask.</summary>
    public static IrqLine Wrap(IrqLine line, CallWatch watch) =>
        line.IsConnected ? new IrqLine(new PassThroughSink(line, watch), 0) : line;

    public void Set(int pin, bool level)
    {
        watch.Called("IrqLine.Set");
        inner.Set(level);
    }

    public void Pulse(int pin)
    {
        watch.Called("IrqLine.Pulse");
        inner.Pulse();
    }
}

internal sealed class PassThroughPins(IIrqHandler inner) : IIrqHandler
{
    public void PinChanged(int pin, bool level) => inner.PinChanged(pin, level);
}

internal sealed class PassThroughLevels(IrqInputs inner) : IIrqLevels
{
    public bool Level(int pin) => inner[pin];
}

internal sealed class PassThroughMsi(IMsiTarget inner) : IMsiTarget
{
    public void Send(in MsiMessage message) => inner.Send(message);
}

internal sealed class PassThroughClock(IVmClock inner) : IVmClock
{
    public VmTime Now => inner.Now;
    public long EpochUnixNs => inner.EpochUnixNs;
}

internal sealed class PassThroughTimer(IVmTimer inner, CallWatch watch) : IVmTimer
{
    public string Name => inner.Name;
    public VmTime Due => inner.Due;

    public void Arm(VmTime due)
    {
        watch.Called("IVmTimer.Arm");
        inner.Arm(due);
    }

    public void Cancel()
    {
        watch.Called("IVmTimer.Cancel");
        inner.Cancel();
    }
}

internal sealed class PassThroughEntropy(IEntropy inner, CallWatch watch) : IEntropy
{
    public void Fill(Span<byte> destination)
    {
        watch.Called("IEntropy.Fill");
        inner.Fill(destination);
    }
}

internal sealed class PassThroughDma(IDmaSpace inner) : IDmaSpace
{
    public bool TryRead(GuestPhysicalAddress address, Span<byte> to) => inner.TryRead(address, to);
    public bool TryWrite(GuestPhysicalAddress address, ReadOnlySpan<byte> from) => inner.TryWrite(address, from);

    public bool TryWindow(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out DmaWindow window) =>
        inner.TryWindow(address, lengthBytes, access, out window);

    public bool TryLease(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out IDmaLease lease) =>
        inner.TryLease(address, lengthBytes, access, out lease);

    public bool TryReadUInt16(GuestPhysicalAddress address, out ushort value) =>
        inner.TryReadUInt16(address, out value);
    public bool TryWriteUInt16(GuestPhysicalAddress address, ushort value) => inner.TryWriteUInt16(address, value);
    public bool TryDiscard(GuestPhysicalAddress address, ulong lengthBytes) => inner.TryDiscard(address, lengthBytes);
    public void Fence() => inner.Fence();
}

internal sealed class PassThroughSlot(IPciSlot inner, CallWatch watch) : IPciSlot
{
    public PciAddress Address => inner.Address;
    public void Attach(IPciFunction function) => inner.Attach(new PassThroughFunction(function));
    public IrqLine IntX(int pin) => PassThroughSink.Wrap(inner.IntX(pin), watch);
}

internal sealed class PassThroughFunction(IPciFunction inner) : IPciFunction
{
    public uint ReadConfig(int offset, int size) => inner.ReadConfig(offset, size);
    public void WriteConfig(int offset, int size, uint value) => inner.WriteConfig(offset, size, value);
}

internal sealed class PassThroughChars(ICharPort inner, CallWatch watch) : ICharPort
{
    public bool TrySend(byte value)
    {
        watch.Called("ICharPort.TrySend");
        return inner.TrySend(value);
    }

    public int TrySend(ReadOnlySpan<byte> values)
    {
        watch.Called("ICharPort.TrySend");
        return inner.TrySend(values);
    }

    public void Listen(ICharListener listener) => inner.Listen(new Listener(listener));

    public void ReadyToReceive()
    {
        watch.Called("ICharPort.ReadyToReceive");
        inner.ReadyToReceive();
    }

    private sealed class Listener(ICharListener inner) : ICharListener
    {
        public int Receive(ReadOnlySpan<byte> values) => inner.Receive(values);
        public void ReadyToSend() => inner.ReadyToSend();
        public void Resized(int columns, int rows) => inner.Resized(columns, rows);
    }
}

internal sealed class PassThroughBlock(IBlockPort inner, CallWatch watch) : IBlockPort
{
    public long LengthBytes => inner.LengthBytes;
    public int SectorBytes => inner.SectorBytes;
    public int PhysicalBlockBytes => inner.PhysicalBlockBytes;
    public bool IsReadOnly => inner.IsReadOnly;
    public bool CanDiscard => inner.CanDiscard;
    public string Serial => inner.Serial;
    public int MaxInFlight => inner.MaxInFlight;
    public int MaxSegments => inner.MaxSegments;

    public bool TrySubmit(in BlockRequest request, ReadOnlySpan<DmaSegment> segments)
    {
        watch.Called("IBlockPort.TrySubmit");
        return inner.TrySubmit(request, segments);
    }

    public void Abandon(ulong tag)
    {
        watch.Called("IBlockPort.Abandon");
        inner.Abandon(tag);
    }

    public void Listen(IBlockListener listener) => inner.Listen(new Listener(listener));

    private sealed class Listener(IBlockListener inner) : IBlockListener
    {
        public void Completed(ulong tag, BlockStatus status) => inner.Completed(tag, status);
        public void Resized() => inner.Resized();
    }
}

internal sealed class PassThroughNet(INetPort inner, CallWatch watch) : INetPort
{
    public bool IsLinkUp => inner.IsLinkUp;

    public bool TrySend(ReadOnlySpan<byte> frame, in FrameInfo info)
    {
        watch.Called("INetPort.TrySend");
        return inner.TrySend(frame, info);
    }

    public void Flush() => inner.Flush();

    public void ReadyToReceive()
    {
        watch.Called("INetPort.ReadyToReceive");
        inner.ReadyToReceive();
    }

    public void Listen(INetListener listener) => inner.Listen(new Listener(listener));

    private sealed class Listener(INetListener inner) : INetListener
    {
        public bool Receive(ReadOnlySpan<byte> frame, in FrameInfo info) => inner.Receive(frame, info);
        public void ReceiveFlush() => inner.ReceiveFlush();
        public void ReadyToSend() => inner.ReadyToSend();
        public void LinkChanged(bool up) => inner.LinkChanged(up);
    }
}
