using System.Runtime.InteropServices;
using Hv.Sdk.Engines;
using Hv.Sdk.TestKit.Conformance;

namespace Hv.Sdk.Conformance.Engine;

/// <summary>What a vCPU's state is.</summary>
internal static class States
{
    private const int XmmStart = 160, XmmEnd = 416, MxcsrAt = 24;
    private const ulong MixedInstructions = 2208;

    public static void PowersOn(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        VcpuState state = machine.Read();
        Equal("CS.base + RIP", 0xffff_fff0, state.Segments[1].Base + state.Rip);
        Equal("RIP", 0xfff0, state.Rip);
        Equal("RFLAGS", 2, state.Rflags);
        Equal("CR0", 0x6000_0010, state.Cr0);
        Equal("CR3", 0, state.Cr3);
        Equal("CR4", 0, state.Cr4);
        Equal("IA32_EFER", 0, state.Efer);
        Equal("DR6", 0xffff_0ff0, state.Dr[6]);
        Equal("DR7", 0x400, state.Dr[7]);
        Equal("IDTR limit", 0xffff, state.Idtr.Limit);
        Equal("instructions retired", 0, state.Retired);
        CheckRun.Require(state.Version == VcpuState.CurrentVersion, $"the state's version is {state.Version}");
    }

    private static void Equal(string what, ulong expected, ulong actual) =>
        CheckRun.Require(expected == actual, $"{what} is {actual:x}h instead of {expected:x}h");

    public static void IsFixedPoint(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine();
        VcpuState clean = machine.LongMode();
        foreach (int seed in run.Seeds(30))
        {
            VcpuState written = Scrambled(clean, new Random(seed));
            machine.Vcpu.WriteState(written);
            VcpuState read = machine.Read();
            RequireSame(written, read, "written / read");
            CheckRun.Require(machine.Vcpu.Retired == written.Retired,
                $"Retired is {machine.Vcpu.Retired} after a state with {written.Retired}");
        }
    }

    /// <summary>Registers at random, as far as any value is legal in them.</summary>
    private static VcpuState Scrambled(VcpuState state, Random random)
    {
        ulong Any() => (ulong)random.NextInt64(long.MinValue, long.MaxValue);
        ulong Canonical() => (ulong)((long)(Any() << 16) >> 16);
        for (int i = 0; i < 16; i++) state.Gpr[i] = Any();
        state.Rip = Canonical();
        state.Rflags = 2 | (Any() & 0x4_0ed5);
        state.Cr2 = Any();
        for (int i = 0; i < 4; i++) state.Dr[i] = Canonical();
        state.Dr[6] = 0xffff_0ff0 | (Any() & 0xe00f);
        state.Dr[7] = 0x400 | (Any() & 0xff);
        state.Star = Any();
        state.Lstar = Canonical();
        state.Cstar = Canonical();
        state.Fmask = Any() & uint.MaxValue;
        state.KernelGsBase = Canonical();
        state.SysenterCs = Any() & 0xffff;
        state.SysenterEsp = Canonical();
        state.SysenterEip = Canonical();
        state.TscAux = Any() & uint.MaxValue;
        state.TscOffset = Any();
        state.TscAdjust = Any();
        state.Segments[4].Base = Canonical();
        state.Segments[5].Base = Canonical();
        state.Idtr = new TableState { Base = Canonical(), Limit = (uint)random.Next(0x10000) };
        state.Activity = random.Next(4) == 0 ? VcpuActivity.Halted : VcpuActivity.Running;
        state.NmiBlocked = (byte)random.Next(2);
        state.InterruptShadow = (byte)random.Next(3);
        state.Retired = Any() >> 8;
        Span<byte> xsave = state.Xsave;
        random.NextBytes(xsave[XmmStart..XmmEnd]);
        uint mxcsr = 0x1f80 | ((uint)random.Next(4) << 13) | (uint)random.Next(64);
        MemoryMarshal.Write(xsave[MxcsrAt..], in mxcsr);
        ulong components = MemoryMarshal.Read<ulong>(xsave[XsaveLayout.Header..]) | 3;
        MemoryMarshal.Write(xsave[XsaveLayout.Header..], in components);
        return state;
    }

    public static void RequireSame(VcpuState a, VcpuState b, string which)
    {
        Span<byte> x = a.Xsave, y = b.Xsave;
        for (int i = XmmStart; i < XmmEnd; i++)
            CheckRun.Require(x[i] == y[i],
                $"{which}: XMM{(i - XmmStart) / 16} differs: byte {i % 16} is {x[i]:x2}h / {y[i]:x2}h");
        CheckRun.Require(MemoryMarshal.Read<uint>(x[MxcsrAt..]) == MemoryMarshal.Read<uint>(y[MxcsrAt..]),
            $"{which}: MXCSR differs");
        x.Clear();
        y.Clear();
        ReadOnlySpan<byte> p = MemoryMarshal.AsBytes(new ReadOnlySpan<VcpuState>(in a));
        ReadOnlySpan<byte> q = MemoryMarshal.AsBytes(new ReadOnlySpan<VcpuState>(in b));
        int same = p.CommonPrefixLength(q);
        CheckRun.Require(same == p.Length, same == p.Length ? "" : $"{which}: {FieldAt(same)} differs");
    }

    private static string FieldAt(int offset)
    {
        string name = "the end";
        foreach (System.Reflection.FieldInfo field in typeof(VcpuState).GetFields().Reverse())
        {
            int at = (int)Marshal.OffsetOf<VcpuState>(field.Name);
            if (at <= offset) return $"{field.Name} (byte {offset - at})";
        }
        return name;
    }

    public static void AreApart(EngineSubject subject, CheckRun run)
    {
        using BareMachine machine = subject.NewMachine(vcpus: 2);
        machine.Load(BareMachine.CodeBase, Programs.Mixed);
        VcpuState first = machine.LongMode(vcpu: 0), second = machine.LongMode(rip: 0x1234, vcpu: 1);
        second.Gpr[0] = 0x5555;
        machine.Vcpus[1].WriteState(second);
        _ = machine.Run(first, out _);
        RequireSame(second, machine.Read(1), "vCPU 1 before / after vCPU 0 has run");
    }

    public static void GoesOnElsewhere(EngineSubject subject, CheckRun run)
    {
        using BareMachine whole = subject.NewMachine();
        whole.Load(BareMachine.CodeBase, Programs.Mixed);
        VcpuState end = whole.Run(whole.LongMode(), out VcpuExit exit);
        Running.RequireExit(VcpuExitReason.Halt, exit);
        foreach (int seed in run.Seeds(12))
        {
            using BareMachine begun = subject.NewMachine();
            begun.Load(BareMachine.CodeBase, Programs.Mixed);
            VcpuState middle = begun.Run(
                begun.LongMode(), out _, budget: (ulong)new Random(seed).Next(1, (int)MixedInstructions));
            using BareMachine other = subject.NewMachine();
            begun.Ram.CopyTo(other.Ram);
            other.Partition.InvalidateCode(new GuestPhysicalAddress(0), BareMachine.RamBytes);
            VcpuState ended = other.Run(middle, out exit);
            Running.RequireExit(VcpuExitReason.Halt, exit);
            RequireSame(end, ended, $"run in one machine / moved after {middle.Retired} instructions");
            CheckRun.Require(whole.Ram.SequenceEqual(other.Ram),
                $"moved after {middle.Retired} instructions, memory differs at the end");
        }
    }
}
