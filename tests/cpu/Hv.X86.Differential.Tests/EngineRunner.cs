using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.Io;
using Hv.Sdk.Time;
using Hv.Sdk.X86;
using Hv.X86.Oracle;

namespace Hv.X86.Differential.Tests;

/// <summary>Runs cases on an engine, through nothing but its contract: a user-mode program under 4-level paging, with
/// an IDT whose handlers halt. The code pages are filled with INT3, so that every case ends in a handler.</summary>
internal sealed class EngineRunner : ICaseRunner
{
    private const int PageBytes = 0x1000;
    private const uint BreakpointVector = 3;
    // More instructions than any case has; an engine that does not come back is stopped here.
    private const ulong InstructionLimit = 100_000;

    // System pages: one run of guest memory, supervisor only, at its own linear address.
    private const ulong System = 0x0619_0000;
    private const int PageTables = 0, Gdt = 8 * PageBytes, Idt = 9 * PageBytes, Tss = 10 * PageBytes,
        Handlers = 11 * PageBytes,
        KernelStackTop = 15 * PageBytes, SystemBytes = 16 * PageBytes;
    private const ushort KernelCs = 0x10, TssSelector = 0x40;

    private const ushort UserCode64 = 0xA0FB, UserCode32 = 0xC0FB, FlatUserData = 0xC0F3, BusyTss = 0x008B,
        Unusable = 0x0100;

    private readonly byte[] _ram;
    private readonly int _first;
    private readonly IPartition _partition;
    private readonly IVcpu _vcpu;
    private readonly VcpuState _template;
    private VcpuState _state;
    private int _tablesUsed = 1;

    // Offsets of the regions in the memory file.
    private const int CodeOffset = 0, DataOffset = OracleLayout.CodeBytes,
        SystemOffset = DataOffset + OracleLayout.DataBytes + OracleLayout.ReadOnlyBytes,
        RamBytes = SystemOffset + SystemBytes;

    public EngineRunner(IEngine engine)
    {
        _ram = GC.AllocateArray<byte>(RamBytes + PageBytes, pinned: true);
        nint start = Marshal.UnsafeAddrOfPinnedArrayElement(_ram, 0);
        _first = (int)(-start & (PageBytes - 1));
        BuildMemory();
        _partition = engine.CreatePartition(new Context(), OptionValues.Empty);
        _partition.SetMemoryMap(
        [
            Slot(System, SystemOffset, SystemBytes),
            Slot(OracleLayout.Code, CodeOffset, OracleLayout.CodeBytes),
            Slot(OracleLayout.Data, DataOffset, OracleLayout.DataBytes + OracleLayout.ReadOnlyBytes),
        ]);
        _vcpu = _partition.CreateVcpu(0, new NoApic(), new EmptyBus());
        _vcpu.ReadState(ref _state);
        _template = MakeTemplate(_state);
    }

    private Span<byte> Ram => _ram.AsSpan(_first, RamBytes);
    private Span<byte> CodePages => Ram.Slice(CodeOffset, OracleLayout.CodeBytes);
    private Span<byte> DataPages => Ram.Slice(DataOffset, OracleLayout.DataBytes);

    /// <inheritdoc/>
    public void Run(Span<CpuCase> cases)
    {
        // A wild store of an earlier case may have met the code pages.
        CodePages.Fill(0xCC);
        _partition.InvalidateCode(new GuestPhysicalAddress(OracleLayout.Code), OracleLayout.CodeBytes);
        foreach (ref CpuCase c in cases)
        {
            RunOne(ref c);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _vcpu.Dispose();
        _partition.Dispose();
    }

    private void RunOne(ref CpuCase c)
    {
        int at = (int)(c.Rip - OracleLayout.Code);
        int length = Math.Min((int)c.CodeLength, OracleLayout.CodeBytes - at);
        Span<byte> code = CodePages.Slice(at, length);
        c.CodeSpan[..length].CopyTo(code);
        _partition.InvalidateCode(new GuestPhysicalAddress(c.Rip), (ulong)length);
        ((ReadOnlySpan<byte>)c.Data).CopyTo(DataPages);

        Load(ref c);
        _vcpu.WriteState(in _state);
        VcpuExit exit = _vcpu.Run(new RunBudget { Instructions = InstructionLimit });
        _vcpu.ReadState(ref _state);
        Store(ref c, exit, c.Rip, length);

        code.Fill(0xCC);
        _partition.InvalidateCode(new GuestPhysicalAddress(OracleLayout.Code + (ulong)at), (ulong)length);
    }

    private void Load(ref CpuCase c)
    {
        _state = _template;
        _state.Gpr = c.Gpr;
        _state.Rip = c.Rip;
        _state.Rflags = c.Rflags;
        bool is64 = c.Bitness == 64;
        _state.Segments[1] = Segment(is64 ? OracleLayout.Cs64 : OracleLayout.Cs32, is64 ? UserCode64 : UserCode32);
        if (!is64)
        {
            _state.Segments[4].Base = _state.Segments[5].Base = 0;
        }
        ((ReadOnlySpan<byte>)c.Xsave).CopyTo(_state.Xsave);
    }

    private void Store(ref CpuCase c, VcpuExit exit, ulong start, int length)
    {
        c.Gpr = _state.Gpr;
        ((ReadOnlySpan<byte>)_state.Xsave)[..CpuCase.XsaveBytes].CopyTo(c.Xsave);
        c.NormaliseXsave();
        DataPages.CopyTo(c.Data);
        c.ErrorCode = 0;
        c.FaultAddress = 0;
        ulong handler = _state.Rip - (System + Handlers);
        if (exit.Reason != VcpuExitReason.Halt || handler >= 256 * 16)
        {
            // Not a state that hardware could be in: the comparison shows it.
            c.Vector = 0x1000u + (uint)exit.Reason;
            c.Rip = _state.Rip;
            c.Rflags = _state.Rflags;
            return;
        }
        c.Vector = (uint)(handler / 16);
        ReadOnlySpan<byte> frame = Ram.Slice(SystemOffset + (int)(_state.Gpr[4] - System), 48);
        if (HasErrorCode(c.Vector))
        {
            c.ErrorCode = BinaryPrimitives.ReadUInt32LittleEndian(frame);
            frame = frame[8..];
        }
        c.Rip = BinaryPrimitives.ReadUInt64LittleEndian(frame);
        c.Rflags = BinaryPrimitives.ReadUInt64LittleEndian(frame[16..]);
        c.Gpr[4] = BinaryPrimitives.ReadUInt64LittleEndian(frame[24..]);
        if (c.Vector == 14)
        {
            c.FaultAddress = _state.Cr2;
        }
        bool isOwn = c.Rip > start && c.Rip <= start + (ulong)length;
        if (c.Vector == BreakpointVector && !isOwn)
        {
            c.Vector = CpuCase.NoFault;
            c.Rip--;
        }
    }

    private static bool HasErrorCode(uint vector) => vector is 8 or (>= 10 and <= 14) or 17 or 21;

    private static SegmentState Segment(ushort selector, ushort attributes) =>
        new() { Selector = selector, Attributes = attributes, Limit = uint.MaxValue };

    private MemorySlot Slot(ulong start, int offset, int bytes) => new()
    {
        Start = new GuestPhysicalAddress(start),
        LengthBytes = (ulong)bytes,
        Host = Marshal.UnsafeAddrOfPinnedArrayElement(_ram, _first + offset),
        FileOffset = (ulong)offset,
    };

    private VcpuState MakeTemplate(VcpuState state)
    {
        state.Cr0 = Cr0.Pe | Cr0.Mp | Cr0.Et | Cr0.Ne | Cr0.Wp | Cr0.Am | Cr0.Pg;
        state.Cr3 = System + PageTables;
        state.Cr4 = Cr4.Pae | Cr4.Pge | Cr4.Osfxsr | Cr4.Osxmmexcpt | Cr4.Osxsave | Cr4.Fsgsbase | Cr4.Umip;
        state.Efer = Efer.Sce | Efer.Lme | Efer.Lma | Efer.Nxe;
        state.Xcr0 = 7;
        for (int i = 0; i < 4; i++)
        {
            state.Segments[i] = Segment(OracleLayout.FlatData, FlatUserData);
        }
        state.Segments[4] = new SegmentState { Base = OracleLayout.FsBase, Attributes = Unusable };
        state.Segments[5] = new SegmentState { Base = OracleLayout.GsBase, Attributes = Unusable };
        state.Tr = new SegmentState { Base = System + Tss, Limit = 0x67, Selector = TssSelector, Attributes = BusyTss };
        state.Ldtr = new SegmentState { Attributes = Unusable };
        state.Gdtr = new TableState { Base = System + Gdt, Limit = 0xFFF };
        state.Idtr = new TableState { Base = System + Idt, Limit = 0xFFF };
        state.Activity = VcpuActivity.Running;
        return state;
    }

    private void BuildMemory()
    {
        CodePages.Fill(0xCC);
        Ram.Slice(DataOffset + OracleLayout.DataBytes, OracleLayout.ReadOnlyBytes).Fill(OracleLayout.ReadOnlyFill);
        Span<byte> system = Ram[SystemOffset..];
        const ulong Present = 1, Writable = 2, User = 4, NoExecute = 1ul << 63;
        MapPages(OracleLayout.Code, OracleLayout.CodeBytes, Present | Writable | User);
        MapPages(OracleLayout.Data, OracleLayout.DataBytes, Present | Writable | User | NoExecute);
        MapPages(OracleLayout.ReadOnlyData, OracleLayout.ReadOnlyBytes, Present | User | NoExecute);
        MapPages(System, SystemBytes, Present | Writable);

        // Linux's selectors: kernel code 10h, user 32-bit code 20h, user data 28h, user 64-bit code 30h.
        WriteQword(system, Gdt + KernelCs, 0x00AF_9B00_0000_FFFF);
        WriteQword(system, Gdt + 0x18, 0x00CF_9300_0000_FFFF);
        WriteQword(system, Gdt + 0x20, 0x00CF_FB00_0000_FFFF);
        WriteQword(system, Gdt + 0x28, 0x00CF_F300_0000_FFFF);
        WriteQword(system, Gdt + 0x30, 0x00AF_FB00_0000_FFFF);
        WriteQword(system, Tss + 4, System + KernelStackTop); // RSP0
        BinaryPrimitives.WriteUInt16LittleEndian(system[(Tss + 102)..],
            0x68); // no I/O permission bitmap within the limit
        for (int vector = 0; vector < 256; vector++)
        {
            ulong handler = System + Handlers + (16 * (ulong)vector);
            system[Handlers + (16 * vector)] = 0xF4; // HLT
            // An interrupt gate of DPL 3 for INT3 and INTO, as Linux has them, else of DPL 0.
            ulong type = vector is 3 or 4 ? 0xEEul : 0x8E;
            WriteQword(system, Idt + (16 * vector), (handler & 0xFFFF) | ((ulong)KernelCs << 16) | (type << 40)
                | ((handler & 0xFFFF_0000) << 32));
            WriteQword(system, Idt + (16 * vector) + 8, handler >> 32);
        }
    }

    private void MapPages(ulong start, int bytes, ulong flags)
    {
        for (ulong linear = start; linear < start + (ulong)bytes; linear += PageBytes)
        {
            int table = 0;
            for (int shift = 39; shift > 12; shift -= 9)
            {
                table = NextTable(table, (int)(linear >> shift) & 511);
            }
            WriteQword(Ram[SystemOffset..], PageTables + (table * PageBytes) + (8 * (int)((linear >> 12) & 511)),
                linear | flags);
        }
    }

    private int NextTable(int table, int index)
    {
        Span<byte> entry = Ram.Slice(SystemOffset + PageTables + (table * PageBytes) + (8 * index), 8);
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(entry);
        if (value == 0)
        {
            int next = _tablesUsed++;
            if (next >= Gdt / PageBytes)
            {
                throw new InvalidOperationException("more page tables than room for them");
            }
            value = (System + PageTables + (ulong)(next * PageBytes)) | 7;
            BinaryPrimitives.WriteUInt64LittleEndian(entry, value);
        }
        return (int)((value & ~0xFFFul) - System - PageTables) / PageBytes;
    }

    private static void WriteQword(Span<byte> system, int offset, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(system[offset..], value);

    private sealed class Context : IPartitionContext, IVmClock, IEntropy, IDeviceLog
    {
        public string CpuModel => "max";
        public int VcpuCount => 1;
        public ulong TscHz => 1_000_000_000;
        public bool Deterministic => true;
        public IVmClock Clock => this;
        public IEntropy Entropy => this;
        public IDeviceLog Log => this;
        public int PhysicalAddressBits => 40;
        public void SetNumericError(int vcpu, bool isAsserted) { }
        public VmTime Now => default;
        public long EpochUnixNs => 0;
        public void Fill(Span<byte> destination) => destination.Clear();
        public bool IsEnabled(LogLevel level) => false;
        public void Write(LogLevel level, string message)
        {
        }
        public void GuestError(string message)
        {
        }
    }

    private sealed class NoApic : ILocalApic
    {
        public VcpuSignals Pending => VcpuSignals.None;
        public byte Cr8 { get; set; }
        public ulong ApicBase => 0xFEE0_0900;
        public int AcknowledgeInterrupt() => -1;
        public void Take(VcpuSignals signal, out byte vector) => vector = 0;
        public MsrStatus ReadMsr(uint msr, out ulong value)
        {
            value = 0;
            return MsrStatus.GeneralProtection;
        }
        public MsrStatus WriteMsr(uint msr, ulong value) => MsrStatus.GeneralProtection;
        public void OnInit()
        {
        }
    }

    private sealed class EmptyBus : IVcpuBus
    {
        public IoStatus ReadMmio(ulong gpa, int size, out ulong value)
        {
            value = ulong.MaxValue;
            return IoStatus.Ok;
        }
        public IoStatus WriteMmio(ulong gpa, int size, ulong value) => IoStatus.Ok;
        public IoStatus ReadPort(ushort port, int size, out uint value)
        {
            value = uint.MaxValue;
            return IoStatus.Ok;
        }
        public IoStatus WritePort(ushort port, int size, uint value) => IoStatus.Ok;
        public void Commit() { }
    }
}
