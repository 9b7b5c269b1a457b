using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hv.Sdk.Engines;
using Hv.Sdk.X86;
using Iced.Intel;

namespace Hv.X86.Interpreter;

/// <summary>FXSAVE, FXRSTOR and the XSAVE family (SDM vol. 1, 10.5 and 13.7 to 13.10; vol. 2). Areas are checked and
/// probed as a whole before the first byte moves. Imm is 1 for the forms with 64-bit pointers.</summary>
// SAFETY (whole class): local buffers have the length of what is copied; guest memory goes through Memory.
internal static unsafe class ExtendedState
{
    private const int LegacyBytes = 512, HeaderBytes = 64, UsedLegacyBytes = 416;
    private const int MxcsrAt = 24, StAt = 32, XmmAt = 160;
    private const ushort ControlWordInit = 0x37F;
    private const uint MxcsrInit = 0x1F80, MxcsrMask = 0xFFFF;
    private const ulong CompactForm = 1UL << 63;
    private const int AvxIndex = 2, PkruIndex = 9;

    private enum SaveKind : byte
    {
        /// <summary>Standard form, every component that is asked for.</summary>
        Full,
        /// <summary>Standard form without components in their initial state.</summary>
        Optimized,
        /// <summary>Compacted form without components in their initial state.</summary>
        Compacted,
    }

    public static void Register(OpTable table)
    {
        table.Add([Code.Fxsave_m512byte, Code.Fxsave64_m512byte], &FxSave);
        table.Add([Code.Fxrstor_m512byte, Code.Fxrstor64_m512byte], &FxRestore);
        table.Add([Code.Xsave_mem, Code.Xsave64_mem], &XSave);
        table.Add([Code.Xsaveopt_mem, Code.Xsaveopt64_mem], &XSaveOptimized);
        table.Add([Code.Xsavec_mem, Code.Xsavec64_mem], &XSaveCompacted);
        table.Add([Code.Xrstor_mem, Code.Xrstor64_mem], &XRestore);
    }

    // Builders.

    private static void FxSave(BlockBuilder b) => BuildLegacy(b, &FxSaveOp);
    private static void FxRestore(BlockBuilder b) => BuildLegacy(b, &FxRestoreOp);
    private static void XSave(BlockBuilder b) => BuildExtended(b, &XSaveOp, SaveKind.Full);
    private static void XSaveOptimized(BlockBuilder b) => BuildExtended(b, &XSaveOp, SaveKind.Optimized);
    private static void XSaveCompacted(BlockBuilder b) => BuildExtended(b, &XSaveOp, SaveKind.Compacted);
    private static void XRestore(BlockBuilder b) => BuildExtended(b, &XRestoreOp, SaveKind.Full);

    private static void BuildLegacy(BlockBuilder b, delegate*<Cpu*, Op*, void> handler)
    {
        b.Op->Imm = b.Instruction.Code is Code.Fxsave64_m512byte or Code.Fxrstor64_m512byte ? 1 : 0;
        bool isUnavailable = (b.Mode & (CodeMode.Emulate | CodeMode.TaskSwitched)) != 0;
        b.EmitEnd(isUnavailable ? &Fault.DeviceNotAvailableOp : handler);
    }

    private static void BuildExtended(BlockBuilder b, delegate*<Cpu*, Op*, void> handler, SaveKind kind)
    {
        b.Op->Imm = b.Instruction.Code is Code.Xsave64_mem or Code.Xsaveopt64_mem or Code.Xsavec64_mem or Code.Xrstor64_mem ? 1 : 0;
        b.Op->Aux = (ushort)kind;
        if ((b.Mode & CodeMode.Osxsave) == 0) b.Undefined();
        else b.EmitEnd((b.Mode & CodeMode.TaskSwitched) != 0 ? &Fault.DeviceNotAvailableOp : handler);
    }

    // Handlers.

    private static void FxSaveOp(Cpu* cpu, Op* op)
    {
        if (!TryArea(cpu, op, LegacyBytes, alignment: 16, isWrite: true, out ulong linear)) return;
        byte* area = stackalloc byte[LegacyBytes];
        StoreX87(cpu, area, op->Imm != 0);
        StoreMxcsr(cpu, area);
        StoreXmm(cpu, area);
        int bytes = IsCode64(cpu) ? UsedLegacyBytes : UsedLegacyBytes - 128;
        if (CopyOut(cpu, op, linear, area, bytes)) Chain.Leave(cpu, op);
    }

    private static void FxRestoreOp(Cpu* cpu, Op* op)
    {
        if (!TryArea(cpu, op, LegacyBytes, alignment: 16, isWrite: false, out ulong linear)) return;
        byte* area = stackalloc byte[LegacyBytes];
        if (!CopyIn(cpu, op, linear, area, LegacyBytes)) return;
        if (!IsMxcsrValid(area))
        {
            Fault.GeneralProtection(cpu, op);
            return;
        }
        LoadX87(cpu, area, op->Imm != 0);
        NumericErrorPin.Update(cpu, op);
        LoadMxcsr(cpu, area);
        LoadXmm(cpu, area);
        Chain.Leave(cpu, op);
    }

    private static void XSaveOp(Cpu* cpu, Op* op)
    {
        if (Save(cpu, op, (SaveKind)op->Aux)) Chain.Leave(cpu, op);
    }

    private static void XRestoreOp(Cpu* cpu, Op* op)
    {
        if (Restore(cpu, op)) Chain.Leave(cpu, op);
    }

    /// <summary>XSAVE, XSAVEOPT and XSAVEC (SDM vol. 1, 13.7, 13.9 and 13.10).</summary>
    private static bool Save(Cpu* cpu, Op* op, SaveKind kind)
    {
        ulong requested = Requested(cpu), inUse = InUse(cpu);
        uint bytes = kind == SaveKind.Compacted ? CpuidModel.CompactSize(requested) : CpuidModel.StandardSize(requested);
        if (!TryArea(cpu, op, (int)bytes, alignment: 64, isWrite: true, out ulong linear)) return false;

        byte* area = stackalloc byte[LegacyBytes];
        // MXCSR away from its initial value makes the SSE component count as in use where initial state is left out.
        if (cpu->Mxcsr != MxcsrInit) inUse |= Xcr0.Sse;
        ulong saved = kind == SaveKind.Full ? requested : requested & inUse;
        bool savesMxcsr = kind == SaveKind.Compacted ? (saved & Xcr0.Sse) != 0 : (requested & (Xcr0.Sse | Xcr0.Avx)) != 0;
        StoreX87(cpu, area, op->Imm != 0);
        StoreMxcsr(cpu, area);
        StoreXmm(cpu, area);
        bool isWritten = ((saved & Xcr0.X87) == 0 || (CopyOut(cpu, op, linear, area, MxcsrAt)
                && CopyOut(cpu, op, At(cpu, linear, StAt), area + StAt, 128)))
            && (!savesMxcsr || CopyOut(cpu, op, At(cpu, linear, MxcsrAt), area + MxcsrAt, 8))
            && ((saved & Xcr0.Sse) == 0 || CopyOut(cpu, op, At(cpu, linear, XmmAt), area + XmmAt, IsCode64(cpu) ? 256 : 128));
        if (!isWritten) return false;

        if ((saved & Xcr0.Avx) != 0)
        {
            StoreYmmHigh(cpu, area);
            if (!CopyOut(cpu, op, At(cpu, linear, Offset(AvxIndex, requested, kind)), area, IsCode64(cpu) ? 256 : 128)) return false;
        }
        if ((saved & Xcr0.Pkru) != 0)
        {
            *(ulong*)area = cpu->Pkru;
            if (!CopyOut(cpu, op, At(cpu, linear, Offset(PkruIndex, requested, kind)), area, 8)) return false;
        }
        return WriteHeader(cpu, op, At(cpu, linear, LegacyBytes), kind, requested, inUse);
    }

    private static bool WriteHeader(Cpu* cpu, Op* op, ulong header, SaveKind kind, ulong requested, ulong inUse)
    {
        ulong present = requested & inUse;
        if (kind == SaveKind.Compacted)
            return Memory.Write(cpu, op, header, present) && Memory.Write(cpu, op, At(cpu, header, 8), requested | CompactForm);
        return Memory.Read(cpu, op, header, out ulong old) && Memory.Write(cpu, op, header, (old & ~requested) | present);
    }

    /// <summary>XRSTOR of either form (SDM vol. 1, 13.8).</summary>
    private static bool Restore(Cpu* cpu, Op* op)
    {
        ulong requested = Requested(cpu);
        if (!TryArea(cpu, op, LegacyBytes + HeaderBytes, alignment: 64, isWrite: false, out ulong linear)) return false;
        byte* header = stackalloc byte[HeaderBytes];
        byte* area = stackalloc byte[LegacyBytes];
        if (!CopyIn(cpu, op, At(cpu, linear, LegacyBytes), header, HeaderBytes) || !CopyIn(cpu, op, linear, area, LegacyBytes)) return false;
        ulong present = *(ulong*)header, layout = *(ulong*)(header + 8);
        bool isCompact = (layout & CompactForm) != 0;
        bool loadsMxcsr = isCompact ? (requested & present & Xcr0.Sse) != 0 : (requested & (Xcr0.Sse | Xcr0.Avx)) != 0;
        if (!IsHeaderValid(cpu, header, present, layout) || (loadsMxcsr && !IsMxcsrValid(area)))
        {
            Fault.GeneralProtection(cpu, op);
            return false;
        }
        SaveKind form = isCompact ? SaveKind.Compacted : SaveKind.Full;
        ulong components = layout & ~CompactForm;
        byte* high = stackalloc byte[256];
        ulong keys = 0;
        // Everything is read before anything is loaded.
        if ((requested & present & Xcr0.Avx) != 0 && !CopyIn(cpu, op, At(cpu, linear, Offset(AvxIndex, components, form)), high, 256)) return false;
        if ((requested & present & Xcr0.Pkru) != 0 && !CopyIn(cpu, op, At(cpu, linear, Offset(PkruIndex, components, form)), (byte*)&keys, 8)) return false;

        if ((requested & Xcr0.X87) != 0)
        {
            if ((present & Xcr0.X87) != 0) LoadX87(cpu, area, op->Imm != 0);
            else InitializeX87(cpu);
            NumericErrorPin.Update(cpu, op);
        }
        if (loadsMxcsr) LoadMxcsr(cpu, area);
        else if (isCompact && (requested & Xcr0.Sse) != 0) cpu->Mxcsr = MxcsrInit;
        if ((requested & Xcr0.Sse) != 0)
        {
            if ((present & Xcr0.Sse) == 0) new Span<byte>(area + XmmAt, 256).Clear();
            LoadXmm(cpu, area);
        }
        if ((requested & Xcr0.Avx) != 0)
        {
            if ((present & Xcr0.Avx) == 0) new Span<byte>(high, 256).Clear();
            LoadYmmHigh(cpu, high);
        }
        if ((requested & Xcr0.Pkru) != 0 && (uint)keys != cpu->Pkru)
        {
            cpu->Pkru = (uint)keys;
            Tlb.FlushAll(cpu);
        }
        return true;
    }

    /// <summary>SDM vol. 1, 13.8: what XRSTOR refuses with #GP(0).</summary>
    private static bool IsHeaderValid(Cpu* cpu, byte* header, ulong present, ulong layout)
    {
        ulong* words = (ulong*)header;
        if ((layout & CompactForm) == 0)
            return (present & ~cpu->Xcr0) == 0 && layout == 0 && words[2] == 0;
        ulong components = layout & ~CompactForm;
        bool isRestZero = (words[2] | words[3] | words[4] | words[5] | words[6] | words[7]) == 0;
        return (components & ~cpu->Xcr0) == 0 && (present & ~components) == 0 && isRestZero;
    }

    /// <summary>RFBM: what EDX:EAX asks for and XCR0 enables.</summary>
    private static ulong Requested(Cpu* cpu) =>
        cpu->Xcr0 & (cpu->Gpr[GeneralRegister.Rdx] << 32 | (uint)cpu->Gpr[GeneralRegister.Rax]);

    /// <summary>XINUSE: components that are not in their initial state.</summary>
    private static ulong InUse(Cpu* cpu)
    {
        byte* ymm = (byte*)&cpu->Ymm;
        Vector128<byte> low = default, high = default;
        for (int i = 0; i < 16; i++)
        {
            low |= Vector128.Load(ymm + i * 32);
            high |= Vector128.Load(ymm + i * 32 + 16);
        }
        bool isX87Initial = cpu->Fcw == ControlWordInit && cpu->Fsw == 0 && cpu->Ftw == 0 && cpu->Fop == 0
            && cpu->Fip == 0 && cpu->Fdp == 0 && cpu->Fcs == 0 && cpu->Fds == 0;
        byte* x87 = (byte*)&cpu->X87;
        for (int i = 0; i < 8 && isX87Initial; i++)
            isX87Initial = *(ulong*)(x87 + i * 16) == 0 && *(ushort*)(x87 + i * 16 + 8) == 0;
        return (isX87Initial ? 0 : Xcr0.X87)
            | (low == default ? 0 : Xcr0.Sse)
            | (high == default ? 0 : Xcr0.Avx)
            | (cpu->Pkru == 0 ? 0 : Xcr0.Pkru);
    }

    /// <summary>Where a component lies in an area of a form with these components.</summary>
    private static int Offset(int index, ulong components, SaveKind kind) => kind == SaveKind.Compacted
        ? (int)CpuidModel.CompactSize(components & ((1UL << index) - 1))
        : CpuidModel.XsaveComponent(index).Offset;

    // Guest memory.

    private static bool TryArea(Cpu* cpu, Op* op, int bytes, ulong alignment, bool isWrite, out ulong linear)
    {
        linear = Address.Linear(cpu, op, bytes, isWrite);
        if (linear != Memory.Poison && (linear & (alignment - 1)) != 0)
        {
            Fault.GeneralProtection(cpu, op);
            return false;
        }
        return isWrite ? Memory.ProbeWrite(cpu, op, linear, bytes) : Memory.ProbeRead(cpu, op, linear, bytes);
    }

    private static ulong At(Cpu* cpu, ulong linear, int offset) =>
        IsCode64(cpu) ? linear + (ulong)offset : (uint)(linear + (ulong)offset);

    private static bool IsCode64(Cpu* cpu) => (cpu->Mode & CodeMode.Code64) != 0;

    private static bool CopyOut(Cpu* cpu, Op* op, ulong linear, byte* from, int bytes)
    {
        int i = 0;
        for (; i + 16 <= bytes; i += 16)
            if (!Memory.Write(cpu, op, At(cpu, linear, i), Vector128.Load(from + i))) return false;
        return i == bytes || Memory.Write(cpu, op, At(cpu, linear, i), *(ulong*)(from + i));
    }

    private static bool CopyIn(Cpu* cpu, Op* op, ulong linear, byte* to, int bytes)
    {
        int i = 0;
        for (; i + 16 <= bytes; i += 16)
        {
            if (!Memory.Read(cpu, op, At(cpu, linear, i), out Vector128<byte> part)) return false;
            part.Store(to + i);
        }
        return i == bytes || Memory.Read(cpu, op, At(cpu, linear, i), out *(ulong*)(to + i));
    }

    // The legacy region's layout (SDM vol. 1, table 10-2).

    private static void StoreX87(Cpu* cpu, byte* area, bool isWide)
    {
        *(ushort*)area = cpu->Fcw;
        *(ushort*)(area + 2) = cpu->Fsw;
        *(ushort*)(area + 4) = cpu->Ftw;
        *(ushort*)(area + 6) = (ushort)(cpu->Fop & 0x7FF);
        *(ulong*)(area + 8) = isWide ? cpu->Fip : (uint)cpu->Fip | (ulong)cpu->Fcs << 32;
        *(ulong*)(area + 16) = isWide ? cpu->Fdp : (uint)cpu->Fdp | (ulong)cpu->Fds << 32;
        byte* registers = (byte*)&cpu->X87;
        int top = cpu->Fsw >> 11 & 7;
        for (int i = 0; i < 8; i++)
        {
            byte* register = registers + ((top + i) & 7) * 16;
            *(ulong*)(area + StAt + i * 16) = *(ulong*)register;
            *(ulong*)(area + StAt + i * 16 + 8) = *(ushort*)(register + 8);
        }
    }

    private static void LoadX87(Cpu* cpu, byte* area, bool isWide)
    {
        const int ControlBits = 0x1F3F, ControlOne = 0x40, ErrorSummary = 0x8080, Exceptions = 0x3F;
        cpu->Fcw = (ushort)((*(ushort*)area & ControlBits) | ControlOne);
        // ES and B are not loaded: they follow from the exceptions that are unmasked.
        int status = *(ushort*)(area + 2) & ~ErrorSummary;
        if ((status & ~cpu->Fcw & Exceptions) != 0) status |= ErrorSummary;
        cpu->Fsw = (ushort)status;
        cpu->Ftw = area[4];
        cpu->Fop = (ushort)(*(ushort*)(area + 6) & 0x7FF);
        cpu->Fip = isWide ? *(ulong*)(area + 8) : *(uint*)(area + 8);
        cpu->Fdp = isWide ? *(ulong*)(area + 16) : *(uint*)(area + 16);
        // The selectors are not kept (CPUID.7:EBX bit 13).
        cpu->Fcs = cpu->Fds = 0;
        byte* registers = (byte*)&cpu->X87;
        int top = cpu->Fsw >> 11 & 7;
        for (int i = 0; i < 8; i++)
        {
            byte* register = registers + ((top + i) & 7) * 16;
            *(ulong*)register = *(ulong*)(area + StAt + i * 16);
            *(ulong*)(register + 8) = *(ushort*)(area + StAt + i * 16 + 8);
        }
    }

    private static void InitializeX87(Cpu* cpu)
    {
        cpu->Fcw = ControlWordInit;
        cpu->Fsw = cpu->Fop = cpu->Fcs = cpu->Fds = 0;
        cpu->Ftw = 0;
        cpu->Fip = cpu->Fdp = 0;
        cpu->X87 = default;
    }

    private static void StoreMxcsr(Cpu* cpu, byte* area)
    {
        *(uint*)(area + MxcsrAt) = cpu->Mxcsr;
        *(uint*)(area + MxcsrAt + 4) = MxcsrMask;
    }

    private static bool IsMxcsrValid(byte* area) => (*(uint*)(area + MxcsrAt) & ~MxcsrMask) == 0;

    private static void LoadMxcsr(Cpu* cpu, byte* area) => cpu->Mxcsr = *(uint*)(area + MxcsrAt);

    private static void StoreXmm(Cpu* cpu, byte* area)
    {
        for (int i = 0; i < 16; i++) Vector128.Load((byte*)&cpu->Ymm + i * 32).Store(area + XmmAt + i * 16);
    }

    private static void LoadXmm(Cpu* cpu, byte* area)
    {
        int count = IsCode64(cpu) ? 16 : 8;
        for (int i = 0; i < count; i++) Vector128.Load(area + XmmAt + i * 16).Store((byte*)&cpu->Ymm + i * 32);
    }

    private static void StoreYmmHigh(Cpu* cpu, byte* area)
    {
        for (int i = 0; i < 16; i++) Vector128.Load((byte*)&cpu->Ymm + i * 32 + 16).Store(area + i * 16);
    }

    private static void LoadYmmHigh(Cpu* cpu, byte* area)
    {
        int count = IsCode64(cpu) ? 16 : 8;
        for (int i = 0; i < count; i++) Vector128.Load(area + i * 16).Store((byte*)&cpu->Ymm + i * 32 + 16);
    }
}
