using System.Runtime.CompilerServices;
using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>FXSAVE, FXRSTOR, XSAVE, XSAVEOPT, XSAVEC, XRSTOR (SDM vol. 1, 10.5 and chapter 13). A save builds the image beside the guest and
/// then writes the parts that it owns; a restore reads and checks the whole before it changes anything.</summary>
// SAFETY (whole class): images are XsaveLayout.Bytes long, and every offset comes from the layout or from CpuidModel.
internal static unsafe class StateSaving
{
    private const int LegacyBytes = 512, HeaderBytes = 64, SoftwareArea = 464, Xmm8 = 288;
    private const ulong X87 = 1, Sse = 2, Avx = 4, PkruComponent = 1ul << 9, Compacted = 1ul << 63;
    private const uint MxcsrMask = 0xFFFF, MxcsrInitial = 0x1F80;
    private const ushort ControlInitial = 0x37F;

    public static void Register(OpTable table)
    {
        table.Add([Code.Fxsave_m512byte, Code.Fxsave64_m512byte], &Fxsave);
        table.Add([Code.Fxrstor_m512byte, Code.Fxrstor64_m512byte], &Fxrstor);
        table.Add([Code.Xsave_mem, Code.Xsave64_mem], &Xsave);
        table.Add([Code.Xsaveopt_mem, Code.Xsaveopt64_mem], &Xsaveopt);
        table.Add([Code.Xsavec_mem, Code.Xsavec64_mem], &Xsavec);
        table.Add([Code.Xrstor_mem, Code.Xrstor64_mem], &Xrstor);
    }

    // Aux bit 0: REX.W, the form with 64-bit instruction and operand pointers; bit 1: 64-bit mode, in which XMM8–15 exist.
    private static void SetForm(BlockBuilder b)
    {
        bool isWide = b.Instruction.Code is Code.Fxsave64_m512byte or Code.Fxrstor64_m512byte or Code.Xsave64_mem or Code.Xsaveopt64_mem
            or Code.Xsavec64_mem or Code.Xrstor64_mem;
        b.Op->Aux = (ushort)((isWide ? 1 : 0) | (b.Is64 ? 2 : 0));
    }

    private static bool IsWide(Op* op) => (op->Aux & 1) != 0;
    private static bool Is64(Op* op) => (op->Aux & 2) != 0;

    private static void Fxsave(BlockBuilder b) => BuildLegacy(b, &FxsaveOp);
    private static void Fxrstor(BlockBuilder b) => BuildLegacy(b, &FxrstorOp);
    private static void Xsave(BlockBuilder b) => BuildExtended(b, &XsaveOp);
    private static void Xsaveopt(BlockBuilder b) => BuildExtended(b, &XsaveoptOp);
    private static void Xsavec(BlockBuilder b) => BuildExtended(b, &XsavecOp);
    private static void Xrstor(BlockBuilder b) => BuildExtended(b, &XrstorOp);

    private static void BuildLegacy(BlockBuilder b, delegate*<Cpu*, Op*, void> handler)
    {
        SetForm(b);
        if ((b.Mode & (CodeMode.Emulate | CodeMode.TaskSwitched)) != 0) b.EmitEnd(&Fault.DeviceNotAvailableOp);
        else b.Emit(handler);
    }

    private static void BuildExtended(BlockBuilder b, delegate*<Cpu*, Op*, void> handler)
    {
        SetForm(b);
        if ((b.Mode & CodeMode.Osxsave) == 0) b.Undefined();
        else if ((b.Mode & CodeMode.TaskSwitched) != 0) b.EmitEnd(&Fault.DeviceNotAvailableOp);
        else b.EmitEnd(handler);
    }

    [MethodImpl(Jit.Handler)]
    private static void FxsaveOp(Cpu* cpu, Op* op)
    {
        if (!SaveLegacy(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void FxrstorOp(Cpu* cpu, Op* op)
    {
        if (!RestoreLegacy(cpu, op)) return;
        Chain.Next(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void XsaveOp(Cpu* cpu, Op* op)
    {
        if (!Save(cpu, op, skipsInitial: false)) return;
        Chain.Leave(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void XsaveoptOp(Cpu* cpu, Op* op)
    {
        if (!Save(cpu, op, skipsInitial: true)) return;
        Chain.Leave(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void XsavecOp(Cpu* cpu, Op* op)
    {
        if (!SaveCompacted(cpu, op)) return;
        Chain.Leave(cpu, op);
    }

    [MethodImpl(Jit.Handler)]
    private static void XrstorOp(Cpu* cpu, Op* op)
    {
        if (!Restore(cpu, op)) return;
        Chain.Leave(cpu, op);
    }

    private static ulong Requested(Cpu* cpu) => cpu->Xcr0 & ((uint)cpu->Gpr[0] | cpu->Gpr[2] << 32);

    private static bool SaveLegacy(Cpu* cpu, Op* op)
    {
        if (!TryAddress(cpu, op, LegacyBytes, 16, true, out ulong linear)) return false;
        byte* image = stackalloc byte[LegacyBytes];
        FillX87(cpu, op, image);
        FillSse(cpu, image);
        return Write(cpu, op, linear, image, 0, Is64(op) ? SoftwareArea : Xmm8)
            && (Is64(op) || Write(cpu, op, linear, image, Xmm8 + 128, SoftwareArea - Xmm8 - 128));
    }

    private static bool RestoreLegacy(Cpu* cpu, Op* op)
    {
        if (!TryAddress(cpu, op, LegacyBytes, 16, false, out ulong linear)) return false;
        byte* image = stackalloc byte[LegacyBytes];
        if (!Read(cpu, op, linear, image, 0, LegacyBytes) || !CheckMxcsr(cpu, op, image)) return false;
        LoadX87(cpu, op, image);
        cpu->Mxcsr = *(uint*)(image + 24);
        LoadXmm(cpu, op, image);
        return true;
    }

    private static bool Save(Cpu* cpu, Op* op, bool skipsInitial)
    {
        ulong requested = Requested(cpu);
        int bytes = (int)CpuidModel.StandardSize(requested);
        if (!TryAddress(cpu, op, bytes, 64, true, out ulong linear)) return false;
        byte* image = stackalloc byte[XsaveLayout.Bytes];
        ulong inUse = Fill(cpu, op, image);
        if (!Memory.Read(cpu, op, linear + LegacyBytes, out ulong before)) return false;
        ulong written = skipsInitial ? requested & inUse : requested;
        if (!WriteLegacyParts(cpu, op, linear, image, requested, written)) return false;
        for (int i = 2; i < 64; i++)
        {
            if ((written >> i & 1) == 0) continue;
            (int offset, int length) = CpuidModel.XsaveComponent(i);
            if (!Write(cpu, op, linear, image, offset, ComponentBytes(op, i, length))) return false;
        }
        return Memory.Write(cpu, op, linear + LegacyBytes, (before & ~requested) | (inUse & requested));
    }

    private static bool SaveCompacted(Cpu* cpu, Op* op)
    {
        ulong requested = Requested(cpu);
        if (!TryAddress(cpu, op, (int)CpuidModel.CompactSize(requested), 64, true, out ulong linear)) return false;
        byte* image = stackalloc byte[XsaveLayout.Bytes];
        ulong inUse = Fill(cpu, op, image);
        // MXCSR counts as part of SSE here: not its initial value is in use.
        if (cpu->Mxcsr != MxcsrInitial) inUse |= Sse;
        ulong written = requested & inUse;
        if (!WriteLegacyParts(cpu, op, linear, image, written & (X87 | Sse), written)) return false;
        ulong at = linear + LegacyBytes + HeaderBytes;
        for (int i = 2; i < 64; i++)
        {
            if ((requested >> i & 1) == 0) continue;
            (int offset, int length) = CpuidModel.XsaveComponent(i);
            if ((written >> i & 1) != 0 && !Write(cpu, op, at - (ulong)offset, image, offset, ComponentBytes(op, i, length))) return false;
            at += (ulong)length;
        }
        return Memory.Write(cpu, op, linear + LegacyBytes, written) && Memory.Write(cpu, op, linear + LegacyBytes + 8, requested | Compacted);
    }

    private static bool WriteLegacyParts(Cpu* cpu, Op* op, ulong linear, byte* image, ulong requested, ulong written)
    {
        if ((written & X87) != 0 && (!Write(cpu, op, linear, image, 0, 24) || !Write(cpu, op, linear, image, 32, 128))) return false;
        if ((requested & (Sse | Avx)) != 0 && !Write(cpu, op, linear, image, 24, 8)) return false;
        return (written & Sse) == 0 || Write(cpu, op, linear, image, 160, Is64(op) ? 256 : 128);
    }

    private static bool Restore(Cpu* cpu, Op* op)
    {
        ulong requested = Requested(cpu);
        if (!TryAddress(cpu, op, LegacyBytes + HeaderBytes, 64, false, out ulong linear)) return false;
        byte* image = stackalloc byte[XsaveLayout.Bytes];
        if (!Read(cpu, op, linear, image, 0, LegacyBytes + HeaderBytes)) return false;
        ulong* header = (ulong*)(image + LegacyBytes);
        ulong present = header[0], layout = header[1];
        bool isCompacted = (layout & Compacted) != 0;
        ulong reserved = header[2];
        for (int i = 3; i < 8 && isCompacted; i++) reserved |= header[i];
        bool isGood = reserved == 0 && (present & ~cpu->Xcr0) == 0
            && (isCompacted ? (layout & ~Compacted & ~cpu->Xcr0) == 0 && (present & ~layout) == 0 : layout == 0);
        if (!isGood)
        {
            Fault.GeneralProtection(cpu, op);
            return false;
        }
        ulong from = linear + LegacyBytes + HeaderBytes;
        for (int i = 2; i < 64; i++)
        {
            (int offset, int length) = CpuidModel.XsaveComponent(i);
            bool isRead = (requested & present & 1ul << i) != 0;
            ulong at = isCompacted ? from - (ulong)offset : linear;
            if (isRead && !Read(cpu, op, at, image, offset, ComponentBytes(op, i, length))) return false;
            if (isCompacted && (layout >> i & 1) != 0) from += (ulong)length;
        }
        // In the standard form MXCSR is loaded with SSE or AVX whatever XSTATE_BV says; compacted, it belongs to SSE.
        bool loadsMxcsr = isCompacted ? (requested & present & Sse) != 0 : (requested & (Sse | Avx)) != 0;
        if (loadsMxcsr && !CheckMxcsr(cpu, op, image)) return false;

        Load(cpu, op, image, requested, present);
        if (loadsMxcsr) cpu->Mxcsr = *(uint*)(image + 24);
        else if (isCompacted && (requested & Sse) != 0) cpu->Mxcsr = MxcsrInitial;
        return true;
    }

    /// <summary>Puts the requested components into the registers: from the image where it has them, their initial state where not.</summary>
    private static void Load(Cpu* cpu, Op* op, byte* image, ulong requested, ulong present)
    {
        if ((requested & X87) != 0)
        {
            if ((present & X87) == 0)
            {
                new Span<byte>(image, 24).Clear();
                new Span<byte>(image + 32, 128).Clear();
                *(ushort*)image = ControlInitial;
            }
            LoadX87(cpu, op, image);
        }
        if ((requested & Sse) != 0)
        {
            if ((present & Sse) == 0) new Span<byte>(image + 160, 256).Clear();
            LoadXmm(cpu, op, image);
        }
        if ((requested & Avx) != 0)
        {
            byte* high = image + XsaveLayout.YmmHigh;
            if ((present & Avx) == 0) new Span<byte>(high, 256).Clear();
            for (int i = 0; i < (Is64(op) ? 16 : 8); i++) Copy16((byte*)&cpu->Ymm + i * 32 + 16, high + i * 16);
        }
        if ((requested & PkruComponent) == 0) return;
        uint pkru = (present & PkruComponent) != 0 ? *(uint*)(image + XsaveLayout.Pkru) : 0;
        if (pkru == cpu->Pkru) return;
        cpu->Pkru = pkru;
        Tlb.FlushAll(cpu);
    }

    /// <summary>Fills a whole image in standard form; gives the components that are not in their initial state.</summary>
    private static ulong Fill(Cpu* cpu, Op* op, byte* image)
    {
        new Span<byte>(image, XsaveLayout.Bytes).Clear();
        FillX87(cpu, op, image);
        FillSse(cpu, image);
        for (int i = 0; i < 16; i++) Copy16(image + XsaveLayout.YmmHigh + i * 16, (byte*)&cpu->Ymm + i * 32 + 16);
        *(uint*)(image + XsaveLayout.Pkru) = cpu->Pkru;
        ulong inUse = 0;
        bool x87IsInitial = *(ushort*)image == ControlInitial && IsZero(image + 2, 22) && IsZero(image + 32, 128);
        if (!x87IsInitial) inUse |= X87;
        if (!IsZero(image + 160, 256)) inUse |= Sse;
        if (!IsZero(image + XsaveLayout.YmmHigh, 256)) inUse |= Avx;
        if (cpu->Pkru != 0) inUse |= PkruComponent;
        return inUse;
    }

    // SDM vol. 1, table 10-2 and figure 10-5; registers in the order of the stack.
    private static void FillX87(Cpu* cpu, Op* op, byte* image)
    {
        *(ushort*)image = cpu->Fcw;
        *(ushort*)(image + 2) = cpu->Fsw;
        image[4] = cpu->Ftw;
        image[5] = 0;
        *(ushort*)(image + 6) = cpu->Fop;
        if (IsWide(op))
        {
            *(ulong*)(image + 8) = cpu->Fip;
            *(ulong*)(image + 16) = cpu->Fdp;
        }
        else
        {
            *(ulong*)(image + 8) = (uint)cpu->Fip | (ulong)cpu->Fcs << 32;
            *(ulong*)(image + 16) = (uint)cpu->Fdp | (ulong)cpu->Fds << 32;
        }
        int top = cpu->Fsw >> 11 & 7;
        for (int i = 0; i < 8; i++)
        {
            byte* from = (byte*)&cpu->X87 + ((top + i) & 7) * 16;
            *(ulong*)(image + 32 + i * 16) = *(ulong*)from;
            *(ulong*)(image + 40 + i * 16) = *(ushort*)(from + 8);
        }
    }

    private static void FillSse(Cpu* cpu, byte* image)
    {
        *(uint*)(image + 24) = cpu->Mxcsr;
        *(uint*)(image + 28) = MxcsrMask;
        for (int i = 0; i < 16; i++) Copy16(image + 160 + i * 16, (byte*)&cpu->Ymm + i * 32);
    }

    private static void LoadX87(Cpu* cpu, Op* op, byte* image)
    {
        cpu->Fcw = *(ushort*)image;
        cpu->Fsw = *(ushort*)(image + 2);
        cpu->Ftw = image[4];
        cpu->Fop = (ushort)(*(ushort*)(image + 6) & 0x7FF);
        ulong ip = *(ulong*)(image + 8), dp = *(ulong*)(image + 16);
        cpu->Fip = IsWide(op) ? ip : (uint)ip;
        cpu->Fdp = IsWide(op) ? dp : (uint)dp;
        cpu->Fcs = IsWide(op) ? (ushort)0 : (ushort)(ip >> 32);
        cpu->Fds = IsWide(op) ? (ushort)0 : (ushort)(dp >> 32);
        int top = cpu->Fsw >> 11 & 7;
        for (int i = 0; i < 8; i++)
        {
            byte* to = (byte*)&cpu->X87 + ((top + i) & 7) * 16;
            *(ulong*)to = *(ulong*)(image + 32 + i * 16);
            *(ulong*)(to + 8) = *(ushort*)(image + 40 + i * 16);
        }
    }

    private static void LoadXmm(Cpu* cpu, Op* op, byte* image)
    {
        for (int i = 0; i < (Is64(op) ? 16 : 8); i++) Copy16((byte*)&cpu->Ymm + i * 32, image + 160 + i * 16);
    }

    private static bool CheckMxcsr(Cpu* cpu, Op* op, byte* image)
    {
        if ((*(uint*)(image + 24) & ~MxcsrMask) == 0) return true;
        Fault.GeneralProtection(cpu, op);
        return false;
    }

    // Outside 64-bit mode the upper eight registers are neither saved nor restored.
    private static int ComponentBytes(Op* op, int component, int length) => component == 2 && !Is64(op) ? length / 2 : length;

    private static bool TryAddress(Cpu* cpu, Op* op, int bytes, int alignment, bool isWrite, out ulong linear)
    {
        linear = Address.Linear(cpu, op, bytes, isWrite);
        if (linear != Memory.Poison && (linear & (ulong)(alignment - 1)) != 0)
        {
            Fault.GeneralProtection(cpu, op);
            return false;
        }
        return isWrite ? Memory.ProbeWrite(cpu, op, linear, bytes) : Memory.ProbeRead(cpu, op, linear, bytes);
    }

    /// <summary>Writes a part of an image to its place behind <paramref name="linear"/>; lengths are multiples of 8.</summary>
    private static bool Write(Cpu* cpu, Op* op, ulong linear, byte* image, int offset, int length)
    {
        for (int i = offset; i < offset + length; i += 8)
        {
            if (!Memory.Write(cpu, op, linear + (ulong)i, *(ulong*)(image + i))) return false;
        }
        return true;
    }

    private static bool Read(Cpu* cpu, Op* op, ulong linear, byte* image, int offset, int length)
    {
        for (int i = offset; i < offset + length; i += 8)
        {
            if (!Memory.Read(cpu, op, linear + (ulong)i, out *(ulong*)(image + i))) return false;
        }
        return true;
    }

    private static bool IsZero(byte* from, int length) => !new ReadOnlySpan<byte>(from, length).ContainsAnyExcept((byte)0);

    private static void Copy16(byte* to, byte* from)
    {
        *(ulong*)to = *(ulong*)from;
        *(ulong*)(to + 8) = *(ulong*)(from + 8);
    }
}
