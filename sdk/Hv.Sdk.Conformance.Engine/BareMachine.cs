using System.Runtime.InteropServices;
using Hv.Sdk.Engines;
using Hv.Sdk.TestKit;
using Hv.Sdk.Time;

namespace Hv.Sdk.Conformance.Engine;

/// <summary>vCPUs with RAM at 0, a bus and an interrupt controller in the hands of a check, and no host. RAM has tables
/// for 64-bit code that map the first 4 GiB to themselves, and gates whose handlers a check may write.</summary>
internal sealed class BareMachine : IDisposable, IPartitionContext, IVmClock, IEntropy, IDeviceLog
{
    public const ulong DefaultTscHz = 1_000_000_000;
    public const int RamBytes = 1 << 20, PageBytes = 4096;
    public const ulong CodeBase = 0x1_0000, StackTop = 0x8_0000, DataBase = 0x9_0000;
    /// <summary>Where the gate of a vector leads: 256 bytes for each of the first 128.</summary>
    public const ulong HandlerBase = 0x2_0000;
    /// <summary>Nothing is here but the bus.</summary>
    public const ulong MmioBase = 0xd000_0000;
    public const int HandlerBytes = 256;
    private const ulong PageTables = 0x2000, Gdt = 0xa000, Idt = 0xb000;
    private const int Gates = 128;

    private readonly byte[] ram;
    private readonly byte[] dirty = GC.AllocateArray<byte>(RamBytes / PageBytes, pinned: true);
    private readonly int ramStart;

    public BareMachine(EngineSubject subject, int vcpus, ulong tscHz)
    {
        (CpuModel, VcpuCount, TscHz) = (subject.CpuModel, vcpus, tscHz);
        ram = Pages(RamBytes, out ramStart);
        WriteTables();
        Partition = subject.Engine.CreatePartition(this, OptionTexts.Bind(subject.Engine.Options, subject.Options));
        Partition.SetMemoryMap([RamSlot()]);
        Apics = [.. Enumerable.Range(0, vcpus).Select(i => new TestApic(isBoot: i == 0))];
        Vcpus = [.. Enumerable.Range(0, vcpus).Select(i => Partition.CreateVcpu(i, Apics[i], Bus))];
    }

    public IPartition Partition { get; }
    public IVcpu[] Vcpus { get; }
    public IVcpu Vcpu => Vcpus[0];
    public TestApic[] Apics { get; }
    public TestApic Apic => Apics[0];
    public TestBus Bus { get; } = new();
    public Span<byte> Ram => ram.AsSpan(ramStart, RamBytes);
    public Span<byte> Dirty => dirty;
    /// <summary>Virtual time in nanoseconds.</summary>
    public long NowNs { get; set; }

    public string CpuModel { get; }
    public int VcpuCount { get; }
    public ulong TscHz { get; }
    public bool Deterministic => true;
    public IVmClock Clock => this;
    public IEntropy Entropy => this;
    public IDeviceLog Log => this;
    public int PhysicalAddressBits => 40;
    public VmTime Now => VmTime.FromNs(NowNs);
    public long EpochUnixNs => 0;
    public void Fill(Span<byte> destination) => destination.Fill(0x5a);
    public void SetNumericError(int vcpu, bool isAsserted) { }
    public bool IsEnabled(LogLevel level) => false;
    public void Write(LogLevel level, string message) { }
    public void GuestError(string message) { }

    /// <summary>Host memory that does not move; its first whole page begins at <paramref name="start"/>.</summary>
    public static byte[] Pages(int bytes, out int start)
    {
        byte[] pages = GC.AllocateArray<byte>(bytes + PageBytes, pinned: true);
        start = (int)(-(long)Marshal.UnsafeAddrOfPinnedArrayElement(pages, 0) & (PageBytes - 1));
        return pages;
    }

    public MemorySlot RamSlot(MemorySlotFlags flags = MemorySlotFlags.None, bool logsDirty = false) => new()
    {
        Start = new GuestPhysicalAddress(0),
        LengthBytes = RamBytes,
        Host = Marshal.UnsafeAddrOfPinnedArrayElement(ram, ramStart),
        DirtyMap = logsDirty ? Marshal.UnsafeAddrOfPinnedArrayElement(dirty, 0) : 0,
        Flags = flags | (logsDirty ? MemorySlotFlags.LogDirty : MemorySlotFlags.None),
    };

    public void SetQword(ulong gpa, ulong value) => MemoryMarshal.Write(Ram[(int)gpa..], in value);
    public ulong Qword(ulong gpa) => MemoryMarshal.Read<ulong>(Ram[(int)gpa..]);

    /// <summary>Writes code as the host does.</summary>
    public void Load(ulong at, params ReadOnlySpan<byte> code)
    {
        Partition.InvalidateCode(new GuestPhysicalAddress(at), (ulong)code.Length);
        code.CopyTo(Ram[(int)at..]);
        Partition.InvalidateCode(new GuestPhysicalAddress(at), (ulong)code.Length);
    }

    /// <summary>Writes the handler of a vector.</summary>
    public void LoadHandler(int vector, params ReadOnlySpan<byte> code) =>
        Load(HandlerBase + (ulong)(vector * HandlerBytes), code);

    // Four-level tables with pages of 2 MiB (SDM vol. 3, 4.5), segment descriptors and 64-bit interrupt gates (6.14.1).
    private void WriteTables()
    {
        SetQword(PageTables, PageTables + 0x1000 | 7);
        for (ulong i = 0; i < 4; i++)
        {
            SetQword(PageTables + 0x1000 + (i * 8), PageTables + 0x2000 + (i * 0x1000) | 7);
            for (ulong j = 0; j < 512; j++) SetQword(
                PageTables + 0x2000 + (i * 0x1000) + (j * 8), i << 30 | j << 21 | 0x87);
        }
        SetQword(Gdt + 8, 0x00af_9b00_0000_ffff);
        SetQword(Gdt + 16, 0x00cf_9300_0000_ffff);
        for (ulong vector = 0; vector < Gates; vector++)
        {
            ulong handler = HandlerBase + (vector * HandlerBytes);
            SetQword(Idt + (vector * 16),
                (handler & 0xffff) | 8 << 16 | 0x8e00ul << 32 | (handler >> 16 & 0xffff) << 48);
            SetQword(Idt + (vector * 16) + 8, handler >> 32);
        }
    }

    /// <summary>A state for 64-bit code at <paramref name="rip"/>, interrupts off.</summary>
    public VcpuState LongMode(ulong rip = CodeBase, int vcpu = 0)
    {
        VcpuState state = Read(vcpu);
        state.Cr0 = 0x8001_0033;
        state.Cr3 = PageTables;
        state.Cr4 = 0x620;
        state.Efer = 0xd01;
        state.Gdtr = new TableState { Base = Gdt, Limit = 23 };
        state.Idtr = new TableState { Base = Idt, Limit = (Gates * 16) - 1 };
        state.Segments[1] = new SegmentState { Selector = 8, Limit = uint.MaxValue, Attributes = 0xa09b };
        foreach (int i in (ReadOnlySpan<int>)[0, 2, 3, 4, 5])
            state.Segments[i] = new SegmentState { Selector = 16, Limit = uint.MaxValue, Attributes = 0xc093 };
        state.Rip = rip;
        state.Gpr[4] = StackTop;
        state.Rflags = 2;
        state.Activity = VcpuActivity.Running;
        return state;
    }

    public VcpuState Read(int vcpu = 0)
    {
        VcpuState state = default;
        Vcpus[vcpu].ReadState(ref state);
        return state;
    }

    /// <summary>Takes over a state and runs it; the state after.</summary>
    public VcpuState Run(in VcpuState state, out VcpuExit exit, ulong budget = 1_000_000)
    {
        Vcpu.WriteState(state);
        return Go(out exit, budget);
    }

    /// <summary>Runs on.</summary>
    public VcpuState Go(out VcpuExit exit, ulong budget = 1_000_000)
    {
        exit = Vcpu.Run(new RunBudget { Instructions = budget });
        return Read();
    }

    public void Dispose()
    {
        foreach (IVcpu vcpu in Vcpus) vcpu.Dispose();
        Partition.Dispose();
    }
}
