using System.Runtime.Intrinsics;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>Operations that treat all lanes alike: MMX, SSE2 to SSE4.2, AVX and AVX2 (SDM vol. 1, 5.4 to 5.14). A row
/// names the operation and its encodings: legacy SSE, VEX.128, VEX.256, MMX.</summary>
// SAFETY (whole file): cpu and op are the dispatcher's; register offsets are BlockBuilder's and lie inside Cpu; guest
// memory is reached only through Memory.
internal static unsafe class LaneGroup
{
    public static void Register(OpTable table)
    {
        RegisterArithmetic(table);
        RegisterPacks(table);
        RegisterShifts(table);
        RegisterWidenings(table);
    }

    private static void RegisterArithmetic(OpTable table)
    {
        WithMmx<Paddb>(table,
            Code.Paddb_xmm_xmmm128, Code.VEX_Vpaddb_xmm_xmm_xmmm128, Code.VEX_Vpaddb_ymm_ymm_ymmm256,
            Code.Paddb_mm_mmm64);
        WithMmx<Paddw>(table,
            Code.Paddw_xmm_xmmm128, Code.VEX_Vpaddw_xmm_xmm_xmmm128, Code.VEX_Vpaddw_ymm_ymm_ymmm256,
            Code.Paddw_mm_mmm64);
        WithMmx<Paddd>(table,
            Code.Paddd_xmm_xmmm128, Code.VEX_Vpaddd_xmm_xmm_xmmm128, Code.VEX_Vpaddd_ymm_ymm_ymmm256,
            Code.Paddd_mm_mmm64);
        WithMmx<Paddq>(table,
            Code.Paddq_xmm_xmmm128, Code.VEX_Vpaddq_xmm_xmm_xmmm128, Code.VEX_Vpaddq_ymm_ymm_ymmm256,
            Code.Paddq_mm_mmm64);
        WithMmx<Psubb>(table,
            Code.Psubb_xmm_xmmm128, Code.VEX_Vpsubb_xmm_xmm_xmmm128, Code.VEX_Vpsubb_ymm_ymm_ymmm256,
            Code.Psubb_mm_mmm64);
        WithMmx<Psubw>(table,
            Code.Psubw_xmm_xmmm128, Code.VEX_Vpsubw_xmm_xmm_xmmm128, Code.VEX_Vpsubw_ymm_ymm_ymmm256,
            Code.Psubw_mm_mmm64);
        WithMmx<Psubd>(table,
            Code.Psubd_xmm_xmmm128, Code.VEX_Vpsubd_xmm_xmm_xmmm128, Code.VEX_Vpsubd_ymm_ymm_ymmm256,
            Code.Psubd_mm_mmm64);
        WithMmx<Psubq>(table,
            Code.Psubq_xmm_xmmm128, Code.VEX_Vpsubq_xmm_xmm_xmmm128, Code.VEX_Vpsubq_ymm_ymm_ymmm256,
            Code.Psubq_mm_mmm64);
        WithMmx<Paddsb>(table,
            Code.Paddsb_xmm_xmmm128, Code.VEX_Vpaddsb_xmm_xmm_xmmm128, Code.VEX_Vpaddsb_ymm_ymm_ymmm256,
            Code.Paddsb_mm_mmm64);
        WithMmx<Paddsw>(table,
            Code.Paddsw_xmm_xmmm128, Code.VEX_Vpaddsw_xmm_xmm_xmmm128, Code.VEX_Vpaddsw_ymm_ymm_ymmm256,
            Code.Paddsw_mm_mmm64);
        WithMmx<Paddusb>(table,
            Code.Paddusb_xmm_xmmm128, Code.VEX_Vpaddusb_xmm_xmm_xmmm128, Code.VEX_Vpaddusb_ymm_ymm_ymmm256,
            Code.Paddusb_mm_mmm64);
        WithMmx<Paddusw>(table,
            Code.Paddusw_xmm_xmmm128, Code.VEX_Vpaddusw_xmm_xmm_xmmm128, Code.VEX_Vpaddusw_ymm_ymm_ymmm256,
            Code.Paddusw_mm_mmm64);
        WithMmx<Psubsb>(table,
            Code.Psubsb_xmm_xmmm128, Code.VEX_Vpsubsb_xmm_xmm_xmmm128, Code.VEX_Vpsubsb_ymm_ymm_ymmm256,
            Code.Psubsb_mm_mmm64);
        WithMmx<Psubsw>(table,
            Code.Psubsw_xmm_xmmm128, Code.VEX_Vpsubsw_xmm_xmm_xmmm128, Code.VEX_Vpsubsw_ymm_ymm_ymmm256,
            Code.Psubsw_mm_mmm64);
        WithMmx<Psubusb>(table,
            Code.Psubusb_xmm_xmmm128, Code.VEX_Vpsubusb_xmm_xmm_xmmm128, Code.VEX_Vpsubusb_ymm_ymm_ymmm256,
            Code.Psubusb_mm_mmm64);
        WithMmx<Psubusw>(table,
            Code.Psubusw_xmm_xmmm128, Code.VEX_Vpsubusw_xmm_xmm_xmmm128, Code.VEX_Vpsubusw_ymm_ymm_ymmm256,
            Code.Psubusw_mm_mmm64);
        WithMmx<Pand>(table,
            Code.Pand_xmm_xmmm128, Code.VEX_Vpand_xmm_xmm_xmmm128, Code.VEX_Vpand_ymm_ymm_ymmm256, Code.Pand_mm_mmm64);
        WithMmx<Pandn>(table,
            Code.Pandn_xmm_xmmm128, Code.VEX_Vpandn_xmm_xmm_xmmm128, Code.VEX_Vpandn_ymm_ymm_ymmm256,
            Code.Pandn_mm_mmm64);
        WithMmx<Por>(table,
            Code.Por_xmm_xmmm128, Code.VEX_Vpor_xmm_xmm_xmmm128, Code.VEX_Vpor_ymm_ymm_ymmm256, Code.Por_mm_mmm64);
        WithMmx<Pxor>(table,
            Code.Pxor_xmm_xmmm128, Code.VEX_Vpxor_xmm_xmm_xmmm128, Code.VEX_Vpxor_ymm_ymm_ymmm256, Code.Pxor_mm_mmm64);
        WithMmx<Pcmpeqb>(table,
            Code.Pcmpeqb_xmm_xmmm128, Code.VEX_Vpcmpeqb_xmm_xmm_xmmm128, Code.VEX_Vpcmpeqb_ymm_ymm_ymmm256,
            Code.Pcmpeqb_mm_mmm64);
        WithMmx<Pcmpeqw>(table,
            Code.Pcmpeqw_xmm_xmmm128, Code.VEX_Vpcmpeqw_xmm_xmm_xmmm128, Code.VEX_Vpcmpeqw_ymm_ymm_ymmm256,
            Code.Pcmpeqw_mm_mmm64);
        WithMmx<Pcmpeqd>(table,
            Code.Pcmpeqd_xmm_xmmm128, Code.VEX_Vpcmpeqd_xmm_xmm_xmmm128, Code.VEX_Vpcmpeqd_ymm_ymm_ymmm256,
            Code.Pcmpeqd_mm_mmm64);
        WithMmx<Pcmpgtb>(table,
            Code.Pcmpgtb_xmm_xmmm128, Code.VEX_Vpcmpgtb_xmm_xmm_xmmm128, Code.VEX_Vpcmpgtb_ymm_ymm_ymmm256,
            Code.Pcmpgtb_mm_mmm64);
        WithMmx<Pcmpgtw>(table,
            Code.Pcmpgtw_xmm_xmmm128, Code.VEX_Vpcmpgtw_xmm_xmm_xmmm128, Code.VEX_Vpcmpgtw_ymm_ymm_ymmm256,
            Code.Pcmpgtw_mm_mmm64);
        WithMmx<Pcmpgtd>(table,
            Code.Pcmpgtd_xmm_xmmm128, Code.VEX_Vpcmpgtd_xmm_xmm_xmmm128, Code.VEX_Vpcmpgtd_ymm_ymm_ymmm256,
            Code.Pcmpgtd_mm_mmm64);
        WithMmx<Pminub>(table,
            Code.Pminub_xmm_xmmm128, Code.VEX_Vpminub_xmm_xmm_xmmm128, Code.VEX_Vpminub_ymm_ymm_ymmm256,
            Code.Pminub_mm_mmm64);
        WithMmx<Pminsw>(table,
            Code.Pminsw_xmm_xmmm128, Code.VEX_Vpminsw_xmm_xmm_xmmm128, Code.VEX_Vpminsw_ymm_ymm_ymmm256,
            Code.Pminsw_mm_mmm64);
        WithMmx<Pmaxub>(table,
            Code.Pmaxub_xmm_xmmm128, Code.VEX_Vpmaxub_xmm_xmm_xmmm128, Code.VEX_Vpmaxub_ymm_ymm_ymmm256,
            Code.Pmaxub_mm_mmm64);
        WithMmx<Pmaxsw>(table,
            Code.Pmaxsw_xmm_xmmm128, Code.VEX_Vpmaxsw_xmm_xmm_xmmm128, Code.VEX_Vpmaxsw_ymm_ymm_ymmm256,
            Code.Pmaxsw_mm_mmm64);
        WithMmx<Pavgb>(table,
            Code.Pavgb_xmm_xmmm128, Code.VEX_Vpavgb_xmm_xmm_xmmm128, Code.VEX_Vpavgb_ymm_ymm_ymmm256,
            Code.Pavgb_mm_mmm64);
        WithMmx<Pavgw>(table,
            Code.Pavgw_xmm_xmmm128, Code.VEX_Vpavgw_xmm_xmm_xmmm128, Code.VEX_Vpavgw_ymm_ymm_ymmm256,
            Code.Pavgw_mm_mmm64);
        WithMmx<Psignb>(table,
            Code.Psignb_xmm_xmmm128, Code.VEX_Vpsignb_xmm_xmm_xmmm128, Code.VEX_Vpsignb_ymm_ymm_ymmm256,
            Code.Psignb_mm_mmm64);
        WithMmx<Psignw>(table,
            Code.Psignw_xmm_xmmm128, Code.VEX_Vpsignw_xmm_xmm_xmmm128, Code.VEX_Vpsignw_ymm_ymm_ymmm256,
            Code.Psignw_mm_mmm64);
        WithMmx<Psignd>(table,
            Code.Psignd_xmm_xmmm128, Code.VEX_Vpsignd_xmm_xmm_xmmm128, Code.VEX_Vpsignd_ymm_ymm_ymmm256,
            Code.Psignd_mm_mmm64);
        WithMmx<Pmullw>(table,
            Code.Pmullw_xmm_xmmm128, Code.VEX_Vpmullw_xmm_xmm_xmmm128, Code.VEX_Vpmullw_ymm_ymm_ymmm256,
            Code.Pmullw_mm_mmm64);
        WithMmx<Pmulhw>(table,
            Code.Pmulhw_xmm_xmmm128, Code.VEX_Vpmulhw_xmm_xmm_xmmm128, Code.VEX_Vpmulhw_ymm_ymm_ymmm256,
            Code.Pmulhw_mm_mmm64);
        WithMmx<Pmulhuw>(table,
            Code.Pmulhuw_xmm_xmmm128, Code.VEX_Vpmulhuw_xmm_xmm_xmmm128, Code.VEX_Vpmulhuw_ymm_ymm_ymmm256,
            Code.Pmulhuw_mm_mmm64);
        WithMmx<Pmulhrsw>(table,
            Code.Pmulhrsw_xmm_xmmm128, Code.VEX_Vpmulhrsw_xmm_xmm_xmmm128, Code.VEX_Vpmulhrsw_ymm_ymm_ymmm256,
            Code.Pmulhrsw_mm_mmm64);
        WithMmx<Pmuludq>(table,
            Code.Pmuludq_xmm_xmmm128, Code.VEX_Vpmuludq_xmm_xmm_xmmm128, Code.VEX_Vpmuludq_ymm_ymm_ymmm256,
            Code.Pmuludq_mm_mmm64);
        WithMmx<Pmaddwd>(table,
            Code.Pmaddwd_xmm_xmmm128, Code.VEX_Vpmaddwd_xmm_xmm_xmmm128, Code.VEX_Vpmaddwd_ymm_ymm_ymmm256,
            Code.Pmaddwd_mm_mmm64);
        WithMmx<Pmaddubsw>(table,
            Code.Pmaddubsw_xmm_xmmm128, Code.VEX_Vpmaddubsw_xmm_xmm_xmmm128, Code.VEX_Vpmaddubsw_ymm_ymm_ymmm256,
            Code.Pmaddubsw_mm_mmm64);
        WithMmx<Psadbw>(table,
            Code.Psadbw_xmm_xmmm128, Code.VEX_Vpsadbw_xmm_xmm_xmmm128, Code.VEX_Vpsadbw_ymm_ymm_ymmm256,
            Code.Psadbw_mm_mmm64);
        WithMmx<Pabsb>(table,
            Code.Pabsb_xmm_xmmm128, Code.VEX_Vpabsb_xmm_xmmm128, Code.VEX_Vpabsb_ymm_ymmm256, Code.Pabsb_mm_mmm64);
        WithMmx<Pabsw>(table,
            Code.Pabsw_xmm_xmmm128, Code.VEX_Vpabsw_xmm_xmmm128, Code.VEX_Vpabsw_ymm_ymmm256, Code.Pabsw_mm_mmm64);
        WithMmx<Pabsd>(table,
            Code.Pabsd_xmm_xmmm128, Code.VEX_Vpabsd_xmm_xmmm128, Code.VEX_Vpabsd_ymm_ymmm256, Code.Pabsd_mm_mmm64);
        WithoutMmx<Pcmpeqq>(table,
            Code.Pcmpeqq_xmm_xmmm128, Code.VEX_Vpcmpeqq_xmm_xmm_xmmm128, Code.VEX_Vpcmpeqq_ymm_ymm_ymmm256);
        WithoutMmx<Pcmpgtq>(table,
            Code.Pcmpgtq_xmm_xmmm128, Code.VEX_Vpcmpgtq_xmm_xmm_xmmm128, Code.VEX_Vpcmpgtq_ymm_ymm_ymmm256);
        WithoutMmx<Pminsb>(table,
            Code.Pminsb_xmm_xmmm128, Code.VEX_Vpminsb_xmm_xmm_xmmm128, Code.VEX_Vpminsb_ymm_ymm_ymmm256);
        WithoutMmx<Pminuw>(table,
            Code.Pminuw_xmm_xmmm128, Code.VEX_Vpminuw_xmm_xmm_xmmm128, Code.VEX_Vpminuw_ymm_ymm_ymmm256);
        WithoutMmx<Pminud>(table,
            Code.Pminud_xmm_xmmm128, Code.VEX_Vpminud_xmm_xmm_xmmm128, Code.VEX_Vpminud_ymm_ymm_ymmm256);
        WithoutMmx<Pminsd>(table,
            Code.Pminsd_xmm_xmmm128, Code.VEX_Vpminsd_xmm_xmm_xmmm128, Code.VEX_Vpminsd_ymm_ymm_ymmm256);
        WithoutMmx<Pmaxsb>(table,
            Code.Pmaxsb_xmm_xmmm128, Code.VEX_Vpmaxsb_xmm_xmm_xmmm128, Code.VEX_Vpmaxsb_ymm_ymm_ymmm256);
        WithoutMmx<Pmaxuw>(table,
            Code.Pmaxuw_xmm_xmmm128, Code.VEX_Vpmaxuw_xmm_xmm_xmmm128, Code.VEX_Vpmaxuw_ymm_ymm_ymmm256);
        WithoutMmx<Pmaxud>(table,
            Code.Pmaxud_xmm_xmmm128, Code.VEX_Vpmaxud_xmm_xmm_xmmm128, Code.VEX_Vpmaxud_ymm_ymm_ymmm256);
        WithoutMmx<Pmaxsd>(table,
            Code.Pmaxsd_xmm_xmmm128, Code.VEX_Vpmaxsd_xmm_xmm_xmmm128, Code.VEX_Vpmaxsd_ymm_ymm_ymmm256);
        WithoutMmx<Pmulld>(table,
            Code.Pmulld_xmm_xmmm128, Code.VEX_Vpmulld_xmm_xmm_xmmm128, Code.VEX_Vpmulld_ymm_ymm_ymmm256);
        WithoutMmx<Pmuldq>(table,
            Code.Pmuldq_xmm_xmmm128, Code.VEX_Vpmuldq_xmm_xmm_xmmm128, Code.VEX_Vpmuldq_ymm_ymm_ymmm256);
        WithMmxPair<Phaddw>(table,
            Code.Phaddw_xmm_xmmm128, Code.VEX_Vphaddw_xmm_xmm_xmmm128, Code.VEX_Vphaddw_ymm_ymm_ymmm256,
            Code.Phaddw_mm_mmm64);
        WithMmxPair<Phaddd>(table,
            Code.Phaddd_xmm_xmmm128, Code.VEX_Vphaddd_xmm_xmm_xmmm128, Code.VEX_Vphaddd_ymm_ymm_ymmm256,
            Code.Phaddd_mm_mmm64);
        WithMmxPair<Phaddsw>(table,
            Code.Phaddsw_xmm_xmmm128, Code.VEX_Vphaddsw_xmm_xmm_xmmm128, Code.VEX_Vphaddsw_ymm_ymm_ymmm256,
            Code.Phaddsw_mm_mmm64);
        WithMmxPair<Phsubw>(table,
            Code.Phsubw_xmm_xmmm128, Code.VEX_Vphsubw_xmm_xmm_xmmm128, Code.VEX_Vphsubw_ymm_ymm_ymmm256,
            Code.Phsubw_mm_mmm64);
        WithMmxPair<Phsubd>(table,
            Code.Phsubd_xmm_xmmm128, Code.VEX_Vphsubd_xmm_xmm_xmmm128, Code.VEX_Vphsubd_ymm_ymm_ymmm256,
            Code.Phsubd_mm_mmm64);
        WithMmxPair<Phsubsw>(table,
            Code.Phsubsw_xmm_xmmm128, Code.VEX_Vphsubsw_xmm_xmm_xmmm128, Code.VEX_Vphsubsw_ymm_ymm_ymmm256,
            Code.Phsubsw_mm_mmm64);
        table.Add(Code.Phminposuw_xmm_xmmm128, &VectorRows<Plain<Phminposuw>>.Sse);
        table.Add(Code.VEX_Vphminposuw_xmm_xmmm128, &VectorRows<Plain<Phminposuw>>.Vex128);
    }

    private static void RegisterPacks(OpTable table)
    {
        WithMmxPair<Packsswb>(table,
            Code.Packsswb_xmm_xmmm128, Code.VEX_Vpacksswb_xmm_xmm_xmmm128, Code.VEX_Vpacksswb_ymm_ymm_ymmm256,
            Code.Packsswb_mm_mmm64);
        WithMmxPair<Packssdw>(table,
            Code.Packssdw_xmm_xmmm128, Code.VEX_Vpackssdw_xmm_xmm_xmmm128, Code.VEX_Vpackssdw_ymm_ymm_ymmm256,
            Code.Packssdw_mm_mmm64);
        WithMmxPair<Packuswb>(table,
            Code.Packuswb_xmm_xmmm128, Code.VEX_Vpackuswb_xmm_xmm_xmmm128, Code.VEX_Vpackuswb_ymm_ymm_ymmm256,
            Code.Packuswb_mm_mmm64);
        WithoutMmx<Packusdw>(table,
            Code.Packusdw_xmm_xmmm128, Code.VEX_Vpackusdw_xmm_xmm_xmmm128, Code.VEX_Vpackusdw_ymm_ymm_ymmm256);
        WithMmxHalf<Punpcklbw>(table,
            Code.Punpcklbw_xmm_xmmm128, Code.VEX_Vpunpcklbw_xmm_xmm_xmmm128, Code.VEX_Vpunpcklbw_ymm_ymm_ymmm256,
            Code.Punpcklbw_mm_mmm32);
        WithMmxHalf<Punpcklwd>(table,
            Code.Punpcklwd_xmm_xmmm128, Code.VEX_Vpunpcklwd_xmm_xmm_xmmm128, Code.VEX_Vpunpcklwd_ymm_ymm_ymmm256,
            Code.Punpcklwd_mm_mmm32);
        WithMmxHalf<Punpckldq>(table,
            Code.Punpckldq_xmm_xmmm128, Code.VEX_Vpunpckldq_xmm_xmm_xmmm128, Code.VEX_Vpunpckldq_ymm_ymm_ymmm256,
            Code.Punpckldq_mm_mmm32);
        WithMmxHigh<Punpckhbw, Punpcklbw>(table,
            Code.Punpckhbw_xmm_xmmm128, Code.VEX_Vpunpckhbw_xmm_xmm_xmmm128, Code.VEX_Vpunpckhbw_ymm_ymm_ymmm256,
            Code.Punpckhbw_mm_mmm64);
        WithMmxHigh<Punpckhwd, Punpcklwd>(table,
            Code.Punpckhwd_xmm_xmmm128, Code.VEX_Vpunpckhwd_xmm_xmm_xmmm128, Code.VEX_Vpunpckhwd_ymm_ymm_ymmm256,
            Code.Punpckhwd_mm_mmm64);
        WithMmxHigh<Punpckhdq, Punpckldq>(table,
            Code.Punpckhdq_xmm_xmmm128, Code.VEX_Vpunpckhdq_xmm_xmm_xmmm128, Code.VEX_Vpunpckhdq_ymm_ymm_ymmm256,
            Code.Punpckhdq_mm_mmm64);
        WithoutMmx<Punpcklqdq>(table,
            Code.Punpcklqdq_xmm_xmmm128, Code.VEX_Vpunpcklqdq_xmm_xmm_xmmm128, Code.VEX_Vpunpcklqdq_ymm_ymm_ymmm256);
        WithoutMmx<Punpckhqdq>(table,
            Code.Punpckhqdq_xmm_xmmm128, Code.VEX_Vpunpckhqdq_xmm_xmm_xmmm128, Code.VEX_Vpunpckhqdq_ymm_ymm_ymmm256);
        WithoutMmx<Pshufb>(table,
            Code.Pshufb_xmm_xmmm128, Code.VEX_Vpshufb_xmm_xmm_xmmm128, Code.VEX_Vpshufb_ymm_ymm_ymmm256);
        table.Add(Code.Pshufb_mm_mmm64, &MmxRows<PshufbMmx, ulong>.Build);
        table.Add(Code.Pshufw_mm_mmm64_imm8, &MmxRows<Pshufw, ulong>.Build);
        table.Add(Code.Palignr_mm_mmm64_imm8, &MmxRows<PalignrMmx, ulong>.Build);
    }

    private static void RegisterShifts(OpTable table)
    {
        Shift<Psllw>(table,
            Code.Psllw_xmm_xmmm128, Code.VEX_Vpsllw_xmm_xmm_xmmm128, Code.VEX_Vpsllw_ymm_ymm_xmmm128,
            Code.Psllw_mm_mmm64);
        ShiftImmediate<Psllw>(table,
            Code.Psllw_xmm_imm8, Code.VEX_Vpsllw_xmm_xmm_imm8, Code.VEX_Vpsllw_ymm_ymm_imm8, Code.Psllw_mm_imm8);
        Shift<Pslld>(table,
            Code.Pslld_xmm_xmmm128, Code.VEX_Vpslld_xmm_xmm_xmmm128, Code.VEX_Vpslld_ymm_ymm_xmmm128,
            Code.Pslld_mm_mmm64);
        ShiftImmediate<Pslld>(table,
            Code.Pslld_xmm_imm8, Code.VEX_Vpslld_xmm_xmm_imm8, Code.VEX_Vpslld_ymm_ymm_imm8, Code.Pslld_mm_imm8);
        Shift<Psllq>(table,
            Code.Psllq_xmm_xmmm128, Code.VEX_Vpsllq_xmm_xmm_xmmm128, Code.VEX_Vpsllq_ymm_ymm_xmmm128,
            Code.Psllq_mm_mmm64);
        ShiftImmediate<Psllq>(table,
            Code.Psllq_xmm_imm8, Code.VEX_Vpsllq_xmm_xmm_imm8, Code.VEX_Vpsllq_ymm_ymm_imm8, Code.Psllq_mm_imm8);
        Shift<Psrlw>(table,
            Code.Psrlw_xmm_xmmm128, Code.VEX_Vpsrlw_xmm_xmm_xmmm128, Code.VEX_Vpsrlw_ymm_ymm_xmmm128,
            Code.Psrlw_mm_mmm64);
        ShiftImmediate<Psrlw>(table,
            Code.Psrlw_xmm_imm8, Code.VEX_Vpsrlw_xmm_xmm_imm8, Code.VEX_Vpsrlw_ymm_ymm_imm8, Code.Psrlw_mm_imm8);
        Shift<Psrld>(table,
            Code.Psrld_xmm_xmmm128, Code.VEX_Vpsrld_xmm_xmm_xmmm128, Code.VEX_Vpsrld_ymm_ymm_xmmm128,
            Code.Psrld_mm_mmm64);
        ShiftImmediate<Psrld>(table,
            Code.Psrld_xmm_imm8, Code.VEX_Vpsrld_xmm_xmm_imm8, Code.VEX_Vpsrld_ymm_ymm_imm8, Code.Psrld_mm_imm8);
        Shift<Psrlq>(table,
            Code.Psrlq_xmm_xmmm128, Code.VEX_Vpsrlq_xmm_xmm_xmmm128, Code.VEX_Vpsrlq_ymm_ymm_xmmm128,
            Code.Psrlq_mm_mmm64);
        ShiftImmediate<Psrlq>(table,
            Code.Psrlq_xmm_imm8, Code.VEX_Vpsrlq_xmm_xmm_imm8, Code.VEX_Vpsrlq_ymm_ymm_imm8, Code.Psrlq_mm_imm8);
        Shift<Psraw>(table,
            Code.Psraw_xmm_xmmm128, Code.VEX_Vpsraw_xmm_xmm_xmmm128, Code.VEX_Vpsraw_ymm_ymm_xmmm128,
            Code.Psraw_mm_mmm64);
        ShiftImmediate<Psraw>(table,
            Code.Psraw_xmm_imm8, Code.VEX_Vpsraw_xmm_xmm_imm8, Code.VEX_Vpsraw_ymm_ymm_imm8, Code.Psraw_mm_imm8);
        Shift<Psrad>(table,
            Code.Psrad_xmm_xmmm128, Code.VEX_Vpsrad_xmm_xmm_xmmm128, Code.VEX_Vpsrad_ymm_ymm_xmmm128,
            Code.Psrad_mm_mmm64);
        ShiftImmediate<Psrad>(table,
            Code.Psrad_xmm_imm8, Code.VEX_Vpsrad_xmm_xmm_imm8, Code.VEX_Vpsrad_ymm_ymm_imm8, Code.Psrad_mm_imm8);
    }

    private static void RegisterWidenings(OpTable table)
    {
        Small<Pmovsxbw, ulong>(table, Code.Pmovsxbw_xmm_xmmm64, Code.VEX_Vpmovsxbw_xmm_xmmm64);
        Widen256<Pmovsxbw, Vector128<byte>>(table, Code.VEX_Vpmovsxbw_ymm_xmmm128);
        Small<Pmovsxbd, uint>(table, Code.Pmovsxbd_xmm_xmmm32, Code.VEX_Vpmovsxbd_xmm_xmmm32);
        Widen256<Pmovsxbd, ulong>(table, Code.VEX_Vpmovsxbd_ymm_xmmm64);
        Small<Pmovsxbq, ushort>(table, Code.Pmovsxbq_xmm_xmmm16, Code.VEX_Vpmovsxbq_xmm_xmmm16);
        Widen256<Pmovsxbq, uint>(table, Code.VEX_Vpmovsxbq_ymm_xmmm32);
        Small<Pmovsxwd, ulong>(table, Code.Pmovsxwd_xmm_xmmm64, Code.VEX_Vpmovsxwd_xmm_xmmm64);
        Widen256<Pmovsxwd, Vector128<byte>>(table, Code.VEX_Vpmovsxwd_ymm_xmmm128);
        Small<Pmovsxwq, uint>(table, Code.Pmovsxwq_xmm_xmmm32, Code.VEX_Vpmovsxwq_xmm_xmmm32);
        Widen256<Pmovsxwq, ulong>(table, Code.VEX_Vpmovsxwq_ymm_xmmm64);
        Small<Pmovsxdq, ulong>(table, Code.Pmovsxdq_xmm_xmmm64, Code.VEX_Vpmovsxdq_xmm_xmmm64);
        Widen256<Pmovsxdq, Vector128<byte>>(table, Code.VEX_Vpmovsxdq_ymm_xmmm128);
        Small<Pmovzxbw, ulong>(table, Code.Pmovzxbw_xmm_xmmm64, Code.VEX_Vpmovzxbw_xmm_xmmm64);
        Widen256<Pmovzxbw, Vector128<byte>>(table, Code.VEX_Vpmovzxbw_ymm_xmmm128);
        Small<Pmovzxbd, uint>(table, Code.Pmovzxbd_xmm_xmmm32, Code.VEX_Vpmovzxbd_xmm_xmmm32);
        Widen256<Pmovzxbd, ulong>(table, Code.VEX_Vpmovzxbd_ymm_xmmm64);
        Small<Pmovzxbq, ushort>(table, Code.Pmovzxbq_xmm_xmmm16, Code.VEX_Vpmovzxbq_xmm_xmmm16);
        Widen256<Pmovzxbq, uint>(table, Code.VEX_Vpmovzxbq_ymm_xmmm32);
        Small<Pmovzxwd, ulong>(table, Code.Pmovzxwd_xmm_xmmm64, Code.VEX_Vpmovzxwd_xmm_xmmm64);
        Widen256<Pmovzxwd, Vector128<byte>>(table, Code.VEX_Vpmovzxwd_ymm_xmmm128);
        Small<Pmovzxwq, uint>(table, Code.Pmovzxwq_xmm_xmmm32, Code.VEX_Vpmovzxwq_xmm_xmmm32);
        Widen256<Pmovzxwq, ulong>(table, Code.VEX_Vpmovzxwq_ymm_xmmm64);
        Small<Pmovzxdq, ulong>(table, Code.Pmovzxdq_xmm_xmmm64, Code.VEX_Vpmovzxdq_xmm_xmmm64);
        Widen256<Pmovzxdq, Vector128<byte>>(table, Code.VEX_Vpmovzxdq_ymm_xmmm128);
    }

    private static void WithoutMmx<T>(OpTable table, Code sse, Code vex128, Code vex256) where T : struct, IVectorOp
    {
        table.Add(sse, &VectorRows<Plain<T>>.Sse);
        table.Add(vex128, &VectorRows<Plain<T>>.Vex128);
        table.Add(vex256, &VectorRows<Plain<T>>.Vex256);
    }

    private static void WithMmx<T>(OpTable table, Code sse, Code vex128, Code vex256, Code mmx)
        where T : struct, IVectorOp
    {
        WithoutMmx<T>(table, sse, vex128, vex256);
        table.Add(mmx, &MmxRows<MmxLow<Plain<T>>, ulong>.Build);
    }

    private static void WithMmxPair<T>(OpTable table, Code sse, Code vex128, Code vex256, Code mmx)
        where T : struct, IVectorOp
    {
        WithoutMmx<T>(table, sse, vex128, vex256);
        table.Add(mmx, &MmxRows<MmxPair<T>, ulong>.Build);
    }

    /// <summary>Interleaves of low halves, whose MMX form reads only 32 bits of memory.</summary>
    private static void WithMmxHalf<T>(OpTable table, Code sse, Code vex128, Code vex256, Code mmx)
        where T : struct, IVectorOp
    {
        WithoutMmx<T>(table, sse, vex128, vex256);
        table.Add(mmx, &MmxRows<MmxLow<Plain<T>>, uint>.Build);
    }

    private static void WithMmxHigh<T, TLow>(OpTable table, Code sse, Code vex128, Code vex256, Code mmx)
        where T : struct, IVectorOp where TLow : struct, IVectorOp
    {
        WithoutMmx<T>(table, sse, vex128, vex256);
        table.Add(mmx, &MmxRows<MmxUnpackHigh<TLow>, ulong>.Build);
    }

    private static void Shift<T>(OpTable table, Code sse, Code vex128, Code vex256, Code mmx)
        where T : struct, IVectorShift
    {
        table.Add(sse, &VectorRows<ShiftBySource<T>>.Sse);
        table.Add(vex128, &VectorRows<ShiftBySource<T>>.Vex128);
        table.Add(vex256, &ShiftRows<T>.Vex256);
        table.Add(mmx, &MmxRows<MmxLow<ShiftBySource<T>>, ulong>.Build);
    }

    private static void ShiftImmediate<T>(OpTable table, Code sse, Code vex128, Code vex256, Code mmx)
        where T : struct, IVectorShift
    {
        table.Add(sse, &VectorRows<ShiftByImmediate<T>>.Sse);
        table.Add(vex128, &VectorRows<ShiftByImmediate<T>>.Vex128);
        table.Add(vex256, &VectorRows<ShiftByImmediate<T>>.Vex256);
        table.Add(mmx, &MmxRows<MmxLow<ShiftByImmediate<T>>, ulong>.Build);
    }

    private static void Small<T, TMemory>(OpTable table, Code sse, Code vex128) where T : struct, IVectorOp
        where TMemory : unmanaged
    {
        table.Add(sse, &SmallRows<Plain<T>, TMemory>.Sse);
        table.Add(vex128, &SmallRows<Plain<T>, TMemory>.Vex128);
    }

    private static void Widen256<T, TMemory>(OpTable table, Code vex256) where T : struct, IVectorOp
        where TMemory : unmanaged =>
        table.Add(vex256, &WidenRows<T, TMemory>.Vex256);
}
