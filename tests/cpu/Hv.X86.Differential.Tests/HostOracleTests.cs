using System.Runtime.InteropServices;
using Hv.X86.Oracle;

namespace Hv.X86.Differential.Tests;

/// <summary>What the oracle reports, on instructions whose outcome the manual gives.</summary>
public sealed class HostOracleTests : IDisposable
{
    private readonly HostOracle? _oracle = HostOracle.WhyUnavailable is null ? HostOracle.Start() : null;

    public void Dispose() => _oracle?.Dispose();

    [OracleFact]
    public void Run_Add_ChangesRegisterAndFlags()
    {
        CpuCase c = NewCase(64, 0x48, 0x01, 0xD8); // add rax, rbx
        c.Gpr[0] = ulong.MaxValue;
        c.Gpr[3] = 1;
        c = Run(c);
        Assert.Equal(CpuCase.NoFault, c.Vector);
        Assert.Equal(0ul, c.Gpr[0]);
        Assert.Equal(1ul, c.Gpr[3]);
        Assert.Equal(0x55ul, c.Rflags & 0x8D5); // CF, PF, AF, ZF
        Assert.Equal(OracleLayout.Code + 0x803, c.Rip);
    }

    [OracleFact]
    public void Run_AllRegisters_SurviveNop()
    {
        CpuCase c = NewCase(64, 0x90);
        for (int i = 0; i < 16; i++)
        {
            c.Gpr[i] = 0x1111_1111_1111_1111ul * (ulong)i;
            c.Xmm(i).Fill((byte)(i + 1));
            c.YmmHigh(i).Fill((byte)(i + 0x41));
        }
        c.Rflags = 0x4_4ED7; // all status flags, DF, NT, AC, IF
        CpuCase after = Run(c);
        Assert.Equal(CpuCase.NoFault, after.Vector);
        Assert.Equal(0x4_4ED7ul, after.Rflags);
        for (int i = 0; i < 16; i++)
        {
            Assert.Equal(c.Gpr[i], after.Gpr[i]);
            Assert.True(c.Xmm(i).SequenceEqual(after.Xmm(i)));
            Assert.True(c.YmmHigh(i).SequenceEqual(after.YmmHigh(i)));
        }
    }

    [OracleTheory]
    [InlineData(0u, 0x48, 0xF7, 0xF1)] // div rcx, rcx = 0: #DE
    [InlineData(6u, 0x0F, 0x0B, 0x90)] // ud2: #UD
    [InlineData(13u, 0xF4, 0x90, 0x90)] // hlt at CPL 3: #GP
    [InlineData(3u, 0xCC, 0x90, 0x90)] // int3: #BP
    public void Run_FaultingInstruction_ReportsVector(uint vector, byte b0, byte b1, byte b2)
    {
        CpuCase c = Run(NewCase(64, b0, b1, b2));
        Assert.Equal(vector, c.Vector);
        Assert.Equal(OracleLayout.Code + (vector == 3 ? 0x801ul : 0x800ul), c.Rip);
    }

    [OracleFact]
    public void Run_LoadAcrossGuardPage_ReportsAddressAndError()
    {
        CpuCase c = NewCase(64, 0x89, 0x03); // mov [rbx], eax
        c.Gpr[3] = OracleLayout.Data - 2;
        c = Run(c);
        Assert.Equal(14u, c.Vector);
        Assert.Equal(6u, c.ErrorCode); // user, write, not present
        Assert.Equal(OracleLayout.Data - 2, c.FaultAddress);

        c = NewCase(64, 0x89, 0x03);
        c.Gpr[3] = OracleLayout.ReadOnlyData - 2;
        c = Run(c);
        Assert.Equal(14u, c.Vector);
        Assert.Equal(7u, c.ErrorCode); // present
        Assert.Equal(OracleLayout.ReadOnlyData, c.FaultAddress);
    }

    [OracleFact]
    public void Run_UnalignedWithAc_ReportsAlignmentCheck()
    {
        CpuCase c = NewCase(64, 0x8B, 0x03); // mov eax, [rbx]
        c.Gpr[3] = OracleLayout.Data + 1;
        c.Rflags |= 0x4_0000;
        c = Run(c);
        Assert.Equal(17u, c.Vector);
        Assert.NotEqual(0ul, c.Rflags & 0x4_0000);
    }

    [OracleFact]
    public void Run_FetchBeyondCode_FaultsAtPageEnd()
    {
        CpuCase c = NewCase(64, 0x90);
        c.Rip = OracleLayout.Code + OracleLayout.CodeBytes - 1;
        c = Run(c);
        Assert.Equal(14u, c.Vector);
        Assert.Equal(OracleLayout.Code + OracleLayout.CodeBytes, c.Rip);
        Assert.Equal(OracleLayout.Code + OracleLayout.CodeBytes, c.FaultAddress);
    }

    [OracleFact]
    public void Run_Branch_ReportsWhereItLed()
    {
        CpuCase c = Run(NewCase(64, 0xEB, 0x20)); // jmp +20h
        Assert.Equal(CpuCase.NoFault, c.Vector);
        Assert.Equal(OracleLayout.Code + 0x822, c.Rip);
    }

    [OracleFact]
    public void Run_PendingX87Exception_ReportsMathFault()
    {
        CpuCase c = NewCase(64, 0x9B); // fwait
        c.Fcw = 0x37E;
        c.Fsw = 0x8081;
        Assert.Equal(16u, Run(c).Vector);
    }

    [OracleFact]
    public void Run_UnmaskedSseException_ReportsSimdFault()
    {
        CpuCase c = NewCase(64, 0xF3, 0x0F, 0x5E, 0xC1); // divss xmm0, xmm1 = 0 / 0
        c.Mxcsr = 0;
        c = Run(c);
        Assert.Equal(19u, c.Vector);
        Assert.Equal(1u, c.Mxcsr & 0x3F);
    }

    [OracleFact]
    public void Run_CompatibilityMode_ExecutesThirtyTwoBitCode()
    {
        CpuCase c = NewCase(32, 0x40); // inc eax; in 64-bit code this would be a prefix
        c.Gpr[0] = 0x7FFF_FFFF;
        c = Run(c);
        Assert.Equal(CpuCase.NoFault, c.Vector);
        Assert.Equal(0x8000_0000ul, c.Gpr[0]);
        Assert.Equal(0x800ul, c.Rflags & 0x801);

        c = NewCase(32, 0xD4, 0x00); // aam 0
        Assert.Equal(0u, Run(c).Vector);
    }

    [OracleFact]
    public void Run_CaseThatEndsTheChild_IsReportedAndTheNextRuns()
    {
        CpuCase lost = NewCase(64, 0xB8, 60, 0, 0, 0, 0x31, 0xFF, 0x0F, 0x05); // exit(0)
        Assert.Throws<OracleLostException>(() => Run(lost));
        Assert.Equal(CpuCase.NoFault, Run(NewCase(64, 0x90)).Vector);
    }

    private static CpuCase NewCase(uint bitness, params ReadOnlySpan<byte> code)
    {
        var c = new CpuCase { Bitness = bitness, Rip = OracleLayout.Code + 0x800, Rflags = 0x202,
            CodeLength = (uint)code.Length };
        code.CopyTo(c.CodeSpan);
        c.Gpr[4] = OracleLayout.Data + 0x1000;
        c.Fcw = 0x37F;
        c.Mxcsr = 0x1F80;
        c.XstateBv = 7;
        return c;
    }

    private CpuCase Run(CpuCase c)
    {
        _oracle!.Run(MemoryMarshal.CreateSpan(ref c, 1));
        return c;
    }
}
