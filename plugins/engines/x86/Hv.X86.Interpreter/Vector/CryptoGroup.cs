using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>AES-NI, PCLMULQDQ and SHA (SDM vol. 1, 5.12 and 5.21). The SHA instructions have legacy encodings
/// only.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class CryptoGroup
{
    public static void Register(OpTable table)
    {
        Add<Plain<Aesenc>>(table, Code.Aesenc_xmm_xmmm128, Code.VEX_Vaesenc_xmm_xmm_xmmm128);
        Add<Plain<Aesenclast>>(table, Code.Aesenclast_xmm_xmmm128, Code.VEX_Vaesenclast_xmm_xmm_xmmm128);
        Add<Plain<Aesdec>>(table, Code.Aesdec_xmm_xmmm128, Code.VEX_Vaesdec_xmm_xmm_xmmm128);
        Add<Plain<Aesdeclast>>(table, Code.Aesdeclast_xmm_xmmm128, Code.VEX_Vaesdeclast_xmm_xmm_xmmm128);
        Add<Plain<Aesimc>>(table, Code.Aesimc_xmm_xmmm128, Code.VEX_Vaesimc_xmm_xmmm128);
        Add<Aeskeygenassist>(table, Code.Aeskeygenassist_xmm_xmmm128_imm8, Code.VEX_Vaeskeygenassist_xmm_xmmm128_imm8);
        Add<Pclmulqdq>(table, Code.Pclmulqdq_xmm_xmmm128_imm8, Code.VEX_Vpclmulqdq_xmm_xmm_xmmm128_imm8);

        table.Add(Code.Sha1rnds4_xmm_xmmm128_imm8, &VectorRows<Sha1rnds4>.Sse);
        table.Add(Code.Sha1nexte_xmm_xmmm128, &VectorRows<Plain<Sha1nexte>>.Sse);
        table.Add(Code.Sha1msg1_xmm_xmmm128, &VectorRows<Plain<Sha1msg1>>.Sse);
        table.Add(Code.Sha1msg2_xmm_xmmm128, &VectorRows<Plain<Sha1msg2>>.Sse);
        table.Add(Code.Sha256msg1_xmm_xmmm128, &VectorRows<Plain<Sha256msg1>>.Sse);
        table.Add(Code.Sha256msg2_xmm_xmmm128, &VectorRows<Plain<Sha256msg2>>.Sse);
        table.Add(Code.Sha256rnds2_xmm_xmmm128, &Sha256Rounds.Build);
    }

    private static void Add<T>(OpTable table, Code sse, Code vex128) where T : struct, IVectorImmOp
    {
        table.Add(sse, &VectorRows<T>.Sse);
        table.Add(vex128, &VectorRows<T>.Vex128);
    }
}
