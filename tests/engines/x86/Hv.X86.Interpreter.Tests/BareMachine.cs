using System.Runtime.InteropServices;
using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.Io;
using Hv.Sdk.Time;
using Iced.Intel;

namespace Hv.X86.Interpreter.Tests;

/// <summary>A partition with RAM at 0, a bus that records, an APIC that does what the test says, and nothing else.
/// Programs are assembled to <see cref="CodeBase"/> and run in real, 32-bit protected or 64-bit mode.</summary>
// SAFETY (whole class): RAM is allocated for the machine's life; all accesses are bounds-checked spans over it.
internal sealed unsafe class BareMachine : IDisposable, IPartitionContext, IVmClock, IEntropy, IDeviceLog
{
    public const ulong CodeBase = 0x10_0000, StackTop = 0x8_0000, RealCodeBase = 0x8000;
    private const ulong PageTables = 0x2000;

    private readonly byte* ram;
    private readonly Partition partition;
    private readonly FakeApic[] apics;

    public BareMachine(int vcpus = 1, int ramBytes = 16 << 20, string cpuModel = "max")
    {
        RamBytes = ramBytes;
        VcpuCount = vcpus;
        CpuModel = cpuModel;
        ram = (byte*)NativeMemory.AlignedAlloc((nuint)ramBytes, 4096);
        NativeMemory.Clear(ram, (nuint)ramBytes);
        DirtyMap = (byte*)NativeMemory.AllocZeroed((nuint)ramBytes >> 12);
        partition = (Partition)new InterpreterPlugin().CreatePartition(this, OptionValues.Empty);
        SetMap();
        Vcpus = new IVcpu[vcpus];
        apics = new FakeApic[vcpus];
        for (int i = 0; i < vcpus; i++)
        {
            apics[i] = new FakeApic();
            Vcpus[i] = partition.CreateVcpu(i, apics[i], Bus);
        }
    }

    public int RamBytes { get; }
    public byte* DirtyMap { get; }
    public IPartition Partition => partition;
    public IVcpu[] Vcpus { get; }
    public IVcpu Vcpu => Vcpus[0];
    public FakeApic Apic => apics[0];
    public FakeBus Bus { get; } = new();
    public Span<byte> Ram => new(ram, RamBytes);

    public string CpuModel { get; }
    public int VcpuCount { get; }
    public ulong TscHz => 1_000_000_000;
    public bool Deterministic => true;
    public IVmClock Clock => this;
    public IEntropy Entropy => this;
    public IDeviceLog Log => this;
    public int PhysicalAddressBits => 40;
    /// <summary>FERR# of vCPU 0, and what happens when it changes.</summary>
    public bool HasNumericError { get; private set; }
    public Action<bool>? OnNumericError { get; set; }

    public void SetNumericError(int vcpu, bool isAsserted)
    {
        HasNumericError = isAsserted;
        OnNumericError?.Invoke(isAsserted);
    }

    public VmTime Now => VmTime.FromNs((long)Vcpu.Retired);
    public long EpochUnixNs => 0;
    public void Fill(Span<byte> destination) => destination.Fill(0x5A);
    public bool IsEnabled(LogLevel level) => false;
    public void Write(LogLevel level, string message) { }
    public void GuestError(string message) { }

    public void SetMap(MemorySlotFlags flags = MemorySlotFlags.None) => SetMap(Slot(0, (ulong)RamBytes, 0, flags));

    public void SetMap(params ReadOnlySpan<MemorySlot> slots) => partition.SetMemoryMap(slots);

    /// <summary>A piece of RAM somewhere.</summary>
    public MemorySlot Slot(ulong start, ulong lengthBytes, ulong offset,
        MemorySlotFlags flags = MemorySlotFlags.None) => new()
    {
        Start = new(start),
        LengthBytes = lengthBytes,
        Host = (nint)ram + (nint)offset,
        FileOffset = offset,
        DirtyMap = (nint)DirtyMap + (nint)(offset >> 12),
        Flags = flags,
    };

    public ulong Qword(ulong gpa) => MemoryMarshal.Read<ulong>(Ram[(int)gpa..]);
    public void SetQword(ulong gpa, ulong value) => MemoryMarshal.Write(Ram[(int)gpa..], in value);

    /// <summary>Assembles to an address and copies into RAM.</summary>
    public void Load(Action<Assembler> program, int bitness = 64, ulong at = CodeBase, ulong rip = ulong.MaxValue)
    {
        var assembler = new Assembler(bitness);
        program(assembler);
        using var bytes = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(bytes), rip == ulong.MaxValue ? at : rip);
        bytes.ToArray().CopyTo(Ram[(int)at..]);
        partition.InvalidateCode(new GuestPhysicalAddress(at), (ulong)bytes.Length);
    }

    /// <summary>A 64-bit state with 4-level tables that map the first 4 GiB to themselves for everybody.</summary>
    public VcpuState LongMode(int vcpu = 0, ulong rip = CodeBase)
    {
        VcpuState state = default;
        Vcpus[vcpu].ReadState(ref state);
        SetQword(PageTables, PageTables + 0x1000 | 7);
        for (ulong i = 0; i < 4; i++)
        {
            SetQword(PageTables + 0x1000 + i * 8, PageTables + 0x2000 + i * 0x1000 | 7);
            for (ulong j = 0; j < 512; j++) SetQword(PageTables + 0x2000 + i * 0x1000 + j * 8, i << 30 | j << 21 | 0x87);
        }
        state.Cr0 = 0x8001_0033;
        state.Cr3 = PageTables;
        state.Cr4 = 0x620;
        state.Efer = 0xD01;
        state.Segments[1] = new SegmentState { Selector = 8, Limit = uint.MaxValue, Attributes = 0xA09B };
        foreach (int i in (ReadOnlySpan<int>)[0, 2, 3, 4, 5])
            state.Segments[i] = new SegmentState { Selector = 16, Limit = uint.MaxValue, Attributes = 0xC093 };
        state.Rip = rip;
        state.Gpr[4] = StackTop;
        state.Rflags = 2;
        state.Activity = VcpuActivity.Running;
        return state;
    }

    /// <summary>A flat 32-bit protected mode state without paging.</summary>
    public VcpuState ProtectedMode(int vcpu = 0)
    {
        VcpuState state = LongMode(vcpu);
        state.Cr0 = 0x33;
        state.Cr4 = 0x600;
        state.Efer = 0;
        state.Segments[1].Attributes = 0xC09B;
        return state;
    }

    /// <summary>A real mode state with all segments at 0 and IP at <see cref="RealCodeBase"/>.</summary>
    public VcpuState RealMode(int vcpu = 0)
    {
        VcpuState state = LongMode(vcpu);
        state.Cr0 = 0x10;
        state.Cr4 = 0x600;
        state.Efer = 0;
        for (int i = 0; i < 6; i++) state.Segments[i] = new SegmentState { Limit = 0xFFFF, Attributes = (ushort)(i == 1 ? 0x9B : 0x93) };
        state.Rip = RealCodeBase;
        state.Gpr[4] = 0x7000;
        return state;
    }

    /// <summary>Sets a state, runs within a budget, gives the state after.</summary>
    public VcpuState Run(in VcpuState state, out VcpuExit exit, ulong budget = 10_000_000)
    {
        Vcpu.WriteState(state);
        exit = Vcpu.Run(new RunBudget { Instructions = budget });
        VcpuState after = default;
        Vcpu.ReadState(ref after);
        return after;
    }

    public void Dispose()
    {
        partition.Dispose();
        NativeMemory.AlignedFree(ram);
        NativeMemory.Free(DirtyMap);
    }
}

/// <summary>An APIC that has what the test puts into it.</summary>
internal sealed class FakeApic : ILocalApic
{
    public VcpuSignals Pending { get; set; }
    public int Vector { get; set; } = -1;
    public byte Cr8 { get; set; }
    public ulong ApicBase => 0xFEE0_0900;

    public int AcknowledgeInterrupt()
    {
        Pending &= ~VcpuSignals.Interrupt;
        return Vector;
    }

    public void Take(VcpuSignals signal, out byte vector)
    {
        Pending &= ~signal;
        vector = 0;
    }

    public MsrStatus ReadMsr(uint msr, out ulong value)
    {
        value = 0;
        return MsrStatus.GeneralProtection;
    }

    public MsrStatus WriteMsr(uint msr, ulong value) => MsrStatus.GeneralProtection;

    public void OnInit() { }
}

/// <summary>A bus that records and answers with what the test says.</summary>
internal sealed class FakeBus : IVcpuBus
{
    public List<(ulong Address, int Size, ulong Value)> Writes { get; } = [];
    public List<(ulong Address, int Size)> Reads { get; } = [];
    public List<(ushort Port, int Size, uint Value)> PortWrites { get; } = [];
    public ulong Answer { get; set; } = ulong.MaxValue;
    /// <summary>What lies at an address; instead of <see cref="Answer"/>.</summary>
    public Func<ulong, byte>? Contents { get; set; }
    public int DeferReads { get; set; }
    /// <summary>How many reads there were before each commit.</summary>
    public List<int> Commits { get; } = [];
    public Action? OnAccess { get; set; }

    public IoStatus ReadMmio(ulong gpa, int size, out ulong value)
    {
        OnAccess?.Invoke();
        value = size == 8 ? Answer : Answer & ((1ul << (size * 8)) - 1);
        for (int i = 0; Contents != null && i < size; i++)
            value = (value & ~(0xFFul << i * 8)) | (ulong)Contents(gpa + (ulong)i) << i * 8;
        if (DeferReads > 0)
        {
            DeferReads--;
            return IoStatus.Deferred;
        }
        Reads.Add((gpa, size));
        return IoStatus.Ok;
    }

    public IoStatus WriteMmio(ulong gpa, int size, ulong value)
    {
        OnAccess?.Invoke();
        Writes.Add((gpa, size, value));
        return IoStatus.Ok;
    }

    public IoStatus ReadPort(ushort port, int size, out uint value)
    {
        OnAccess?.Invoke();
        value = (uint)Answer;
        if (DeferReads > 0)
        {
            DeferReads--;
            return IoStatus.Deferred;
        }
        Reads.Add((port, size));
        return IoStatus.Ok;
    }

    public IoStatus WritePort(ushort port, int size, uint value)
    {
        OnAccess?.Invoke();
        PortWrites.Add((port, size, value));
        return IoStatus.Ok;
    }

    public void Commit() => Commits.Add(Reads.Count);
}
