using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hv.Sdk.Engines;

namespace Hv.X86.Oracle;

/// <summary>Instruction bytes.</summary>
[InlineArray(CpuCase.MaxCodeBytes)]
public struct CodeBytes { private byte e0; }

/// <summary>An XSAVE image in standard form: x87 and SSE (512), header (64), high halves of YMM (256).</summary>
[InlineArray(CpuCase.XsaveBytes)]
public struct XsaveImage { private byte e0; }

/// <summary>The two writable data pages.</summary>
[InlineArray(OracleLayout.DataBytes)]
public struct DataPages { private byte e0; }

/// <summary>Eight bytes of padding each.</summary>
[InlineArray(8)]
public struct CasePadding { private ulong e0; }

/// <summary>One case: the state before its instructions, replaced by the state after them. The layout is known to the
/// emitted program (<see cref="OracleProgram"/>).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CpuCase
{
    /// <summary>Room for instructions, with what the oracle appends.</summary>
    public const int MaxCodeBytes = 96;
    /// <summary>Bytes of the XSAVE image.</summary>
    public const int XsaveBytes = 832;
    /// <summary><see cref="Vector"/> when nothing faulted.</summary>
    public const uint NoFault = uint.MaxValue;

    /// <summary>RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8–R15.</summary>
    public SixteenQwords Gpr;
    /// <summary>Before: where <see cref="Code"/> goes and starts. After: the next instruction, or the one that
    /// faulted.</summary>
    public ulong Rip;
    /// <summary>RFLAGS.</summary>
    public ulong Rflags;
    /// <summary>After: the exception's vector, or <see cref="NoFault"/>.</summary>
    public uint Vector;
    /// <summary>After a fault: its error code, 0 where it has none.</summary>
    public uint ErrorCode;
    /// <summary>After a page fault: CR2.</summary>
    public ulong FaultAddress;
    /// <summary>64 or 32: the mode of the code.</summary>
    public uint Bitness;
    /// <summary>Bytes of <see cref="Code"/> in use.</summary>
    public uint CodeLength;
    private ulong reserved;
    private ulong reserved2;
    private ulong reserved3;
    private ulong reserved4;
    private ulong reserved5;
    private ulong reserved6;
    private ulong reserved7;
    /// <summary>The instructions.</summary>
    public CodeBytes Code;
    /// <summary>x87, SSE and AVX state.</summary>
    public XsaveImage Xsave;
    private CasePadding padding;
    /// <summary>Contents of the writable data pages.</summary>
    public DataPages Data;

    /// <summary>The instructions in use.</summary>
    [UnscopedRef]
    public Span<byte> CodeSpan => ((Span<byte>)Code)[..(int)CodeLength];

    /// <summary>FCW; the x87 control word.</summary>
    public ushort Fcw { get => Read<ushort>(0); set => Write(0, value); }
    /// <summary>FSW; the x87 status word.</summary>
    public ushort Fsw { get => Read<ushort>(2); set => Write(2, value); }
    /// <summary>The abridged x87 tag word: bit i is 1 when physical register i is in use.</summary>
    public byte Ftw { get => Read<byte>(4); set => Write(4, value); }
    /// <summary>MXCSR.</summary>
    public uint Mxcsr { get => Read<uint>(24); set => Write(24, value); }
    /// <summary>XSTATE_BV of the image.</summary>
    public ulong XstateBv { get => Read<ulong>(512); set => Write(512, value); }

    /// <summary>The ten bytes of ST(i).</summary>
    [UnscopedRef]
    public Span<byte> St(int i) => ((Span<byte>)Xsave).Slice(32 + (16 * i), 10);
    /// <summary>The low half of YMM i.</summary>
    [UnscopedRef]
    public Span<byte> Xmm(int i) => ((Span<byte>)Xsave).Slice(160 + (16 * i), 16);
    /// <summary>The high half of YMM i.</summary>
    [UnscopedRef]
    public Span<byte> YmmHigh(int i) => ((Span<byte>)Xsave).Slice(576 + (16 * i), 16);

    /// <summary>Puts the parts that XSTATE_BV says are in their initial state into that state, so that images
    /// compare.</summary>
    public void NormaliseXsave()
    {
        Span<byte> image = Xsave;
        if ((XstateBv & 1) == 0)
        {
            image[..24].Clear();
            image[32..160].Clear();
            Fcw = 0x37F;
        }
        if ((XstateBv & 2) == 0)
        {
            image[160..416].Clear();
        }
        if ((XstateBv & 4) == 0)
        {
            image[576..].Clear();
        }
        XstateBv = 7;
        image[464..512].Clear(); // left to software; the kernel's signal frames use it
        image[520..576].Clear();
    }

    private readonly T Read<T>(int offset) where T : unmanaged =>
        MemoryMarshal.Read<T>(((ReadOnlySpan<byte>)Xsave)[offset..]);

    private void Write<T>(int offset, T value) where T : unmanaged =>
        MemoryMarshal.Write(((Span<byte>)Xsave)[offset..], value);
}

/// <summary>Something that executes cases.</summary>
public interface ICaseRunner : IDisposable
{
    /// <summary>Runs each case by itself and replaces the state before by the state after. One thread at a
    /// time.</summary>
    void Run(Span<CpuCase> cases);
}
