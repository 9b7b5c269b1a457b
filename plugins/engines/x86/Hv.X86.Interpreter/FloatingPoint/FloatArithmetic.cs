using Hv.X86.FloatingPoint;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Elementwise SSE, SSE2, SSE4.1 and AVX arithmetic (SDM vol. 1, 5.5.1.2, 5.6.1.2, 5.10.4; vol. 2, the instructions' pages).</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest memory is
// reached only through Memory.
internal static unsafe class FloatArithmetic
{
    public static void Register(OpTable table)
    {
        table.Add([Code.Addps_xmm_xmmm128, Code.VEX_Vaddps_xmm_xmm_xmmm128, Code.VEX_Vaddps_ymm_ymm_ymmm256
           ], &FloatForms.Packed<Binary32, Arithmetic<FloatAdd>>);
        table.Add([Code.Addpd_xmm_xmmm128, Code.VEX_Vaddpd_xmm_xmm_xmmm128, Code.VEX_Vaddpd_ymm_ymm_ymmm256
           ], &FloatForms.Packed<Binary64, Arithmetic<FloatAdd>>);
        table.Add([Code.Addss_xmm_xmmm32, Code.VEX_Vaddss_xmm_xmm_xmmm32
           ], &FloatForms.Scalar<Binary32, Arithmetic<FloatAdd>>);
        table.Add([Code.Addsd_xmm_xmmm64, Code.VEX_Vaddsd_xmm_xmm_xmmm64
           ], &FloatForms.Scalar<Binary64, Arithmetic<FloatAdd>>);
        table.Add([Code.Subps_xmm_xmmm128, Code.VEX_Vsubps_xmm_xmm_xmmm128, Code.VEX_Vsubps_ymm_ymm_ymmm256
           ], &FloatForms.Packed<Binary32, Arithmetic<FloatSubtract>>);
        table.Add([Code.Subpd_xmm_xmmm128, Code.VEX_Vsubpd_xmm_xmm_xmmm128, Code.VEX_Vsubpd_ymm_ymm_ymmm256
           ], &FloatForms.Packed<Binary64, Arithmetic<FloatSubtract>>);
        table.Add([Code.Subss_xmm_xmmm32, Code.VEX_Vsubss_xmm_xmm_xmmm32
           ], &FloatForms.Scalar<Binary32, Arithmetic<FloatSubtract>>);
        table.Add([Code.Subsd_xmm_xmmm64, Code.VEX_Vsubsd_xmm_xmm_xmmm64
           ], &FloatForms.Scalar<Binary64, Arithmetic<FloatSubtract>>);
        table.Add([Code.Mulps_xmm_xmmm128, Code.VEX_Vmulps_xmm_xmm_xmmm128, Code.VEX_Vmulps_ymm_ymm_ymmm256
           ], &FloatForms.Packed<Binary32, Arithmetic<FloatMultiply>>);
        table.Add([Code.Mulpd_xmm_xmmm128, Code.VEX_Vmulpd_xmm_xmm_xmmm128, Code.VEX_Vmulpd_ymm_ymm_ymmm256
           ], &FloatForms.Packed<Binary64, Arithmetic<FloatMultiply>>);
        table.Add([Code.Mulss_xmm_xmmm32, Code.VEX_Vmulss_xmm_xmm_xmmm32
           ], &FloatForms.Scalar<Binary32, Arithmetic<FloatMultiply>>);
        table.Add([Code.Mulsd_xmm_xmmm64, Code.VEX_Vmulsd_xmm_xmm_xmmm64
           ], &FloatForms.Scalar<Binary64, Arithmetic<FloatMultiply>>);
        table.Add([Code.Divps_xmm_xmmm128, Code.VEX_Vdivps_xmm_xmm_xmmm128, Code.VEX_Vdivps_ymm_ymm_ymmm256
           ], &FloatForms.Packed<Binary32, Arithmetic<FloatDivide>>);
        table.Add([Code.Divpd_xmm_xmmm128, Code.VEX_Vdivpd_xmm_xmm_xmmm128, Code.VEX_Vdivpd_ymm_ymm_ymmm256
           ], &FloatForms.Packed<Binary64, Arithmetic<FloatDivide>>);
        table.Add([Code.Divss_xmm_xmmm32, Code.VEX_Vdivss_xmm_xmm_xmmm32
           ], &FloatForms.Scalar<Binary32, Arithmetic<FloatDivide>>);
        table.Add([Code.Divsd_xmm_xmmm64, Code.VEX_Vdivsd_xmm_xmm_xmmm64
           ], &FloatForms.Scalar<Binary64, Arithmetic<FloatDivide>>);
        table.Add([Code.Minps_xmm_xmmm128, Code.VEX_Vminps_xmm_xmm_xmmm128, Code.VEX_Vminps_ymm_ymm_ymmm256
           ], &FloatForms.Packed<Binary32, Choose<Smaller>>);
        table.Add([Code.Minpd_xmm_xmmm128, Code.VEX_Vminpd_xmm_xmm_xmmm128, Code.VEX_Vminpd_ymm_ymm_ymmm256
           ], &FloatForms.Packed<Binary64, Choose<Smaller>>);
        table.Add([Code.Minss_xmm_xmmm32, Code.VEX_Vminss_xmm_xmm_xmmm32
           ], &FloatForms.Scalar<Binary32, Choose<Smaller>>);
        table.Add([Code.Minsd_xmm_xmmm64, Code.VEX_Vminsd_xmm_xmm_xmmm64
           ], &FloatForms.Scalar<Binary64, Choose<Smaller>>);
        table.Add([Code.Maxps_xmm_xmmm128, Code.VEX_Vmaxps_xmm_xmm_xmmm128, Code.VEX_Vmaxps_ymm_ymm_ymmm256
           ], &FloatForms.Packed<Binary32, Choose<Larger>>);
        table.Add([Code.Maxpd_xmm_xmmm128, Code.VEX_Vmaxpd_xmm_xmm_xmmm128, Code.VEX_Vmaxpd_ymm_ymm_ymmm256
           ], &FloatForms.Packed<Binary64, Choose<Larger>>);
        table.Add([Code.Maxss_xmm_xmmm32, Code.VEX_Vmaxss_xmm_xmm_xmmm32
           ], &FloatForms.Scalar<Binary32, Choose<Larger>>);
        table.Add([Code.Maxsd_xmm_xmmm64, Code.VEX_Vmaxsd_xmm_xmm_xmmm64
           ], &FloatForms.Scalar<Binary64, Choose<Larger>>);
        table.Add([Code.Sqrtps_xmm_xmmm128, Code.VEX_Vsqrtps_xmm_xmmm128, Code.VEX_Vsqrtps_ymm_ymmm256
           ], &FloatForms.Packed<Binary32, SquareRoot>);
        table.Add([Code.Sqrtpd_xmm_xmmm128, Code.VEX_Vsqrtpd_xmm_xmmm128, Code.VEX_Vsqrtpd_ymm_ymmm256
           ], &FloatForms.Packed<Binary64, SquareRoot>);
        table.Add([Code.Sqrtss_xmm_xmmm32, Code.VEX_Vsqrtss_xmm_xmm_xmmm32], &FloatForms.Scalar<Binary32, SquareRoot>);
        table.Add([Code.Sqrtsd_xmm_xmmm64, Code.VEX_Vsqrtsd_xmm_xmm_xmmm64], &FloatForms.Scalar<Binary64, SquareRoot>);
        table.Add([Code.Rcpps_xmm_xmmm128, Code.VEX_Vrcpps_xmm_xmmm128, Code.VEX_Vrcpps_ymm_ymmm256
           ], &FloatForms.Packed<Binary32, Always<ReciprocalEstimate>>);
        table.Add([Code.Rcpss_xmm_xmmm32, Code.VEX_Vrcpss_xmm_xmm_xmmm32
           ], &FloatForms.Scalar<Binary32, Always<ReciprocalEstimate>>);
        table.Add([Code.Rsqrtps_xmm_xmmm128, Code.VEX_Vrsqrtps_xmm_xmmm128, Code.VEX_Vrsqrtps_ymm_ymmm256
           ], &FloatForms.Packed<Binary32, Always<ReciprocalRootEstimate>>);
        table.Add([Code.Rsqrtss_xmm_xmmm32, Code.VEX_Vrsqrtss_xmm_xmm_xmmm32
           ], &FloatForms.Scalar<Binary32, Always<ReciprocalRootEstimate>>);
        table.Add([Code.Roundps_xmm_xmmm128_imm8, Code.VEX_Vroundps_xmm_xmmm128_imm8,
            Code.VEX_Vroundps_ymm_ymmm256_imm8], &FloatForms.Packed<Binary32, Always<RoundIntegral>>);
        table.Add([Code.Roundpd_xmm_xmmm128_imm8, Code.VEX_Vroundpd_xmm_xmmm128_imm8,
            Code.VEX_Vroundpd_ymm_ymmm256_imm8], &FloatForms.Packed<Binary64, Always<RoundIntegral>>);
        table.Add([Code.Roundss_xmm_xmmm32_imm8, Code.VEX_Vroundss_xmm_xmm_xmmm32_imm8
           ], &FloatForms.Scalar<Binary32, Always<RoundIntegral>>);
        table.Add([Code.Roundsd_xmm_xmmm64_imm8, Code.VEX_Vroundsd_xmm_xmm_xmmm64_imm8
           ], &FloatForms.Scalar<Binary64, Always<RoundIntegral>>);
        table.Add([Code.Cmpps_xmm_xmmm128_imm8, Code.VEX_Vcmpps_xmm_xmm_xmmm128_imm8,
            Code.VEX_Vcmpps_ymm_ymm_ymmm256_imm8], &ComparePacked<Binary32>);
        table.Add([Code.Cmppd_xmm_xmmm128_imm8, Code.VEX_Vcmppd_xmm_xmm_xmmm128_imm8,
            Code.VEX_Vcmppd_ymm_ymm_ymmm256_imm8], &ComparePacked<Binary64>);
        table.Add([Code.Cmpss_xmm_xmmm32_imm8, Code.VEX_Vcmpss_xmm_xmm_xmmm32_imm8], &CompareScalar<Binary32>);
        table.Add([Code.Cmpsd_xmm_xmmm64_imm8, Code.VEX_Vcmpsd_xmm_xmm_xmmm64_imm8], &CompareScalar<Binary64>);
    }

    private static void ComparePacked<F>(BlockBuilder b) where F : struct, IBinaryFormat
    {
        FloatForms.Packed<F, CompareMask>(b);
        LimitPredicate(b);
    }

    private static void CompareScalar<F>(BlockBuilder b) where F : struct, IBinaryFormat
    {
        FloatForms.Scalar<F, CompareMask>(b);
        LimitPredicate(b);
    }

    /// <summary>Legacy encodings look at three bits of the immediate, VEX at five (SDM vol. 2A, CMPPD).</summary>
    private static void LimitPredicate(BlockBuilder b)
        => b.Op->Aux &= (ushort)(b.Instruction.Encoding == EncodingKind.Legacy ? 7 : 31);
}
