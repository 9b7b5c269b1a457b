using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>Endless loops over the floating-point handlers, each by its hot path's name: the allocation test and the
/// benchmarks run the same ones. <c>fast</c> stays on the host's arithmetic, <c>soft</c> has operands (denormals, NaNs,
/// infinities) that take the definitions in software.</summary>
internal static class FloatKernels
{
    // Eight doubles, and behind them eight singles of the same values.
    private const int Data = 0x20_0000, ByteStep = 32, Singles = 0x80, SoftData = Data + 0x1000;

    /// <summary>Name and program.</summary>
    public static IReadOnlyList<(string Name, Action<Assembler> Program)> All { get; } =
    [
        ("x87-fast", c => X87(c, Data)), ("x87-soft", c => X87(c, SoftData)), ("x87-functions", X87Functions),
        ("sse-fast", c => Sse(c, Data)), ("sse-soft", c => Sse(c, SoftData)),
        ("avx-fast", c => Avx(c, Data)), ("avx-soft", c => Avx(c, SoftData)),
        ("fma-fast", c => Fma(c, Data)), ("fma-soft", c => Fma(c, SoftData)),
        ("conversions", Conversions),
    ];

    /// <summary>64-bit mode with AVX enabled and x87 initialised, operands in place.</summary>
    public static VcpuState State(BareMachine machine)
    {
        Span<double> normal = stackalloc double[] { 1.5, -2.25, 1e10, 3.0, 0.1, -7.0, 1e-5, 123456.789 };
        Span<double> special = stackalloc double[]
            { double.Epsilon, double.NaN, 1e-310, double.PositiveInfinity, -1e-320, 0.0, double.MaxValue, -double.NaN };
        for (int i = 0; i < normal.Length; i++)
        {
            machine.SetQword(Data + (ulong)i * 8, BitConverter.DoubleToUInt64Bits(normal[i]));
            machine.SetQword(SoftData + (ulong)i * 8, BitConverter.DoubleToUInt64Bits(special[i]));
            BitConverter.TryWriteBytes(machine.Ram[(Data + Singles + i * 4)..], (float)normal[i]);
            BitConverter.TryWriteBytes(machine.Ram[(SoftData + Singles + i * 4)..], (float)special[i]);
        }
        VcpuState state = machine.LongMode();
        state.Cr4 |= Cr4.Osxsave;
        state.Xcr0 = Xcr0.X87 | Xcr0.Sse | Xcr0.Avx;
        BitConverter.TryWriteBytes(((Span<byte>)state.Xsave)[..2], (ushort)0x37F);
        BitConverter.TryWriteBytes(((Span<byte>)state.Xsave)[24..28], 0x1F80u);
        return state;
    }

    private static void Loop(Assembler c, Action body)
    {
        Label again = c.CreateLabel();
        c.Label(ref again);
        body();
        c.jmp(again);
    }

    private static void X87(Assembler c, int data) => Loop(c, () =>
    {
        c.fld(__qword_ptr[data]);
        c.fmul(__qword_ptr[data + 8]);
        c.fadd(__qword_ptr[data + 16]);
        c.fld(__qword_ptr[data + 24]);
        c.fdiv(st0, st1);
        c.fsubp(st1, st0);
        c.fsqrt();
        c.fcomp(__qword_ptr[data + 8]);
        c.fnstsw(ax);
        c.fild(__dword_ptr[data + 32]);
        c.fchs();
        c.fstp(__qword_ptr[data + 64]);
    });

    private static void X87Functions(Assembler c) => Loop(c, () =>
    {
        c.fld(__qword_ptr[Data]);
        c.fsin();
        c.fld(__qword_ptr[Data + 24]);
        c.fpatan();
        c.fldl2e();
        c.fxch(st0, st1);
        c.fyl2x();
        c.frndint();
        c.fld1();
        c.fscale();
        c.fstp(__qword_ptr[Data + 64]);
        c.fstp(__qword_ptr[Data + 72]);
    });

    private static void Sse(Assembler c, int data) => Loop(c, () =>
    {
        c.movsd(xmm0, __qword_ptr[data]);
        c.mulsd(xmm0, __qword_ptr[data + 8]);
        c.addsd(xmm0, __qword_ptr[data + 16]);
        c.movapd(xmm1, __xmmword_ptr[data]);
        c.divpd(xmm1, __xmmword_ptr[data + 16]);
        c.sqrtpd(xmm2, xmm1);
        c.movaps(xmm3, __xmmword_ptr[data + Singles]);
        c.mulps(xmm3, __xmmword_ptr[data + Singles + 16]);
        c.movaps(xmm6, xmm3);
        c.addps(xmm3, __xmmword_ptr[data + Singles]);
        c.minps(xmm3, xmm6);
        c.cmpsd(xmm2, __qword_ptr[data], 1);
        c.ucomisd(xmm0, __qword_ptr[data + 8]);
        c.roundsd(xmm4, xmm0, 0);
        c.haddps(xmm3, xmm6);
        c.rcpps(xmm5, xmm3);
    });

    private static void Avx(Assembler c, int data) => Loop(c, () =>
    {
        c.vmovapd(ymm0, __ymmword_ptr[data]);
        c.vmulpd(ymm1, ymm0, __ymmword_ptr[data + ByteStep]);
        c.vmovaps(ymm7, __ymmword_ptr[data + Singles]);
        c.vaddps(ymm2, ymm7, __ymmword_ptr[data + Singles]);
        c.vdivpd(ymm3, ymm1, ymm0);
        c.vmulps(ymm2, ymm2, ymm2);
        c.vsqrtps(ymm4, ymm2);
        c.vmaxpd(ymm5, ymm3, ymm1);
        c.vsubsd(xmm6, xmm5, __qword_ptr[data]);
    });

    private static void Fma(Assembler c, int data) => Loop(c, () =>
    {
        c.vmovapd(ymm0, __ymmword_ptr[data]);
        c.vmovapd(ymm1, ymm0);
        c.vfmadd231pd(ymm1, ymm0, __ymmword_ptr[data + ByteStep]);
        c.vfmaddsub132pd(ymm1, ymm0, ymm0);
        c.vmovaps(ymm3, __ymmword_ptr[data + Singles]);
        c.vfnmsub213ps(ymm3, ymm3, __ymmword_ptr[data + Singles]);
        c.vmovsd(xmm2, __qword_ptr[data + 24]);
        c.vfmadd213sd(xmm2, xmm0, __qword_ptr[data + 8]);
    });

    private static void Conversions(Assembler c) => Loop(c, () =>
    {
        c.cvttsd2si(rax, __qword_ptr[Data + 16]);
        c.cvtsi2sd(xmm0, rax);
        c.cvtps2pd(xmm1, __qword_ptr[Data]);
        c.cvtpd2ps(xmm2, __xmmword_ptr[SoftData]);
        c.cvtdq2ps(xmm3, __xmmword_ptr[Data]);
        c.vcvtps2ph(xmm4, xmm3, 0);
        c.vcvtph2ps(ymm5, xmm4);
        c.vcvtpd2dq(xmm6, __ymmword_ptr[SoftData]);
    });
}
