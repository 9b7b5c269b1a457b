using Hv.Sdk.Engines;
using Hv.Sdk.Io;
using Hv.Sdk.State;
using Hv.Vmm.Devices;

namespace Hv.Vmm.Buses;

/// <summary>One vCPU's road to devices. Remembers where the last access went; splits what straddles regions; keeps what
/// an instruction has read, for its next execution when one of its reads is postponed. Called on the vCPU's thread
/// only, except
/// <see cref="Complete"/>.</summary>
internal sealed class VcpuBus(AddressBus ports, AddressBus memory, ushort index, Action completed) : IVcpuBus
{
    private readonly ReadLog log = new();
    private Cursor portCursor = new(ports);
    private Cursor memoryCursor = new(memory);
    private IVcpu vcpu = null!;

    private const int None = 0;
    private const int Waiting = 1;
    private const int Answered = 2;

    // A postponed read: who asked for what, and the answer once it is there.
    private volatile int state;
    private ulong ticket;
    private DeviceNode? postponedBy;
    private ulong postponedAddress;
    private int postponedSize;
    private bool isPostponedPort;
    private ulong postponedValue;

    /// <summary>Whether the vCPU waits for a postponed read.</summary>
    public bool IsWaiting => state == Waiting;

    /// <summary>Whose bus this is. Before the first access.</summary>
    public void Connect(IVcpu to) => vcpu = to;

    /// <summary>Hot path.</summary>
    public IoStatus ReadMmio(ulong gpa, int size, out ulong value) =>
        Read(ref memoryCursor, gpa, size, IoFlags.None, out value);

    /// <summary>Hot path.</summary>
    public IoStatus WriteMmio(ulong gpa, int size, ulong value)
    {
        Write(ref memoryCursor, gpa, size, value, IoFlags.None);
        return IoStatus.Ok;
    }

    /// <summary>Hot path.</summary>
    public IoStatus ReadPort(ushort port, int size, out uint value)
    {
        IoStatus status = Read(ref portCursor, port, size, IoFlags.PortIo, out ulong wide);
        value = (uint)wide;
        return status;
    }

    /// <summary>Hot path.</summary>
    public IoStatus WritePort(ushort port, int size, uint value)
    {
        Write(ref portCursor, port, size, value, IoFlags.PortIo);
        return IoStatus.Ok;
    }

    /// <summary>Hot path.</summary>
    public void Commit() => log.Clear();

    private IoStatus Read(ref Cursor cursor, ulong address, int size, IoFlags flags, out ulong value)
    {
        log.Begin(vcpu.Retired);
        if (state == Answered) TakeAnswer();
        ulong mask = ulong.MaxValue >> (64 - size * 8);
        bool isPort = (flags & IoFlags.PortIo) != 0;
        while (true)
        {
            Mapping? mapping = cursor.Find(address, (ulong)size - 1, out bool isWhole);
            if (!isWhole) return ReadPieces(ref cursor, address, size, flags, out value);
            if (mapping is null)
            {
                cursor.Bus.OpenAccesses++;
                value = mask;
                return IoStatus.Ok;
            }
            if (log.TryTake(address, size, isPort, out value)) return IoStatus.Ok;
            if (!cursor.Bus.TryRead(mapping, address, size, index, flags, out IoStatus status, out value)) continue;
            if (status == IoStatus.Deferred && TryPostpone(mapping, address, size, isPort)) return IoStatus.Deferred;
            value = status == IoStatus.Ok ? value & mask : mask;
            log.Add(address, size, isPort, value);
            return IoStatus.Ok;
        }
    }

    private void Write(ref Cursor cursor, ulong address, int size, ulong value, IoFlags flags)
    {
        while (true)
        {
            Mapping? mapping = cursor.Find(address, (ulong)size - 1, out bool isWhole);
            if (!isWhole)
            {
                for (int i = 0; i < size; i++)
                    Write(ref cursor, Wrap(address + (ulong)i, flags), 1, value >> (i * 8) & 0xff, flags);
                return;
            }
            if (mapping is null) cursor.Bus.OpenAccesses++;
            else if (!cursor.Bus.TryWrite(mapping, address, size, value, index, flags, out _)) continue;
            return;
        }
    }

    private IoStatus ReadPieces(ref Cursor cursor, ulong address, int size, IoFlags flags, out ulong value)
    {
        value = 0;
        for (int i = 0; i < size; i++)
        {
            IoStatus status = Read(ref cursor, Wrap(address + (ulong)i, flags), 1, flags, out ulong piece);
            if (status == IoStatus.Deferred) return status;
            value |= piece << (i * 8);
        }
        return IoStatus.Ok;
    }

    private static ulong Wrap(ulong address, IoFlags flags) =>
        (flags & IoFlags.PortIo) != 0 ? address & 0xffff : address;

    /// <summary>A device postpones the read that it is answering. On the vCPU's thread.</summary>
    public void BeginPostponed(ulong number, DeviceNode by)
    {
        ticket = number;
        postponedBy = by;
        state = Waiting;
    }

    /// <summary>Answers a postponed read, if it is still wanted. Any thread.</summary>
    public void Complete(ulong number, ulong value)
    {
        if (!IsWaiting || Volatile.Read(ref ticket) != number) return;
        postponedValue = value;
        state = Answered;
        completed();
    }

    /// <summary>Forgets a postponed read and what came with it: reset or restore.</summary>
    public void ForgetPostponed()
    {
        state = None;
        log.Clear();
    }

    /// <summary>Another instance of the device answers now: a read that the old one postponed is asked again, and
    /// nothing leads to where the last access went. True when a read was waiting. While nothing runs.</summary>
    public bool ForgetInstance(DeviceNode node)
    {
        portCursor = new Cursor(portCursor.Bus);
        memoryCursor = new Cursor(memoryCursor.Bus);
        if (!IsWaiting || postponedBy != node) return false;
        state = None;
        return true;
    }

    /// <summary>Whether the vCPU stands before an instruction that waits for a read, or has its answer and is to be
    /// executed again.</summary>
    public bool IsBetweenExecutions => state != None || log.IsRewound;

    /// <summary>Writes what that instruction has read already; what it waits for is asked for again.</summary>
    public void Save(StateWriter writer)
    {
        if (state == Answered) TakeAnswer();
        log.Save(writer);
    }

    /// <summary>Takes it over.</summary>
    public void Load(StateReader reader) => log.Load(reader);

    // False: the device has to be answered for at once.
    private bool TryPostpone(Mapping mapping, ulong address, int size, bool isPort)
    {
        if (state == None)
        {
            InvalidOperationException breach = new("it gave Deferred without calling Defer");
            mapping.Node.Fail("answering a read", breach);
            return false;
        }
        if (log.IsFull)
        {
            state = None;
            return false;
        }
        postponedAddress = address;
        postponedSize = size;
        isPostponedPort = isPort;
        log.Rewind();
        return true;
    }

    private void TakeAnswer()
    {
        state = None;
        ulong mask = ulong.MaxValue >> (64 - postponedSize * 8);
        log.Answer(postponedAddress, postponedSize, isPostponedPort, postponedValue & mask);
    }

    /// <summary>Where the last access of one space went.</summary>
    private struct Cursor(AddressBus bus)
    {
        public readonly AddressBus Bus = bus;
        private BusTable? table;
        private Mapping? mapping;
        private ulong start;
        private ulong last;

        /// <summary>Hot path.</summary>
        public Mapping? Find(ulong address, ulong more, out bool isWhole)
        {
            BusTable current = Bus.Table;
            if (current != table || address < start || address > last)
            {
                table = current;
                mapping = current.Find(address, out start, out last);
            }
            isWhole = last - address >= more;
            return mapping;
        }
    }
}
