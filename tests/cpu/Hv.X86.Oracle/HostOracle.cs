using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Microsoft.Win32.SafeHandles;

namespace Hv.X86.Oracle;

/// <summary>Executes cases on the host's own processor, in a child process. Cases that fault come back with the fault;
/// a case that never ends, or kills the child, is found by halving its batch and reported by <see
/// cref="OracleLostException"/>.</summary>
public sealed class HostOracle : ICaseRunner
{
    private const int BatchCases = 256;
    private const int SharedBytes = BatchCases * OracleProgram.Stride;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly string _directory;
    private readonly string _programPath;
    private readonly string _sharedPath;
    private readonly MemoryMappedFile _file;
    private readonly SafeMemoryMappedViewHandle _view;
    private readonly MemoryMappedViewAccessor _accessor;
    private readonly CpuCase[] _prepared = new CpuCase[BatchCases];
    private readonly int[] _lengths = new int[BatchCases];
    private readonly ulong _exitAddress;
    private Process? _child;

    private HostOracle()
    {
        CheckLayout();
        _directory = Directory.CreateTempSubdirectory("hv-oracle-").FullName;
        _programPath = Path.Combine(_directory, "oracle");
        _sharedPath = Path.Combine(_directory, "cases");
        byte[] program = OracleProgram.Emit(SharedBytes, HasAvx, out _exitAddress);
        File.WriteAllBytes(_programPath, program);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_programPath, UnixFileMode.UserRead | UnixFileMode.UserWrite
                | UnixFileMode.UserExecute);
        }
        _file = MemoryMappedFile.CreateFromFile(_sharedPath, FileMode.Create, null, SharedBytes);
        _accessor = _file.CreateViewAccessor();
        _view = _accessor.SafeMemoryMappedViewHandle;
    }

    /// <summary>Why the oracle cannot work on this host, or null.</summary>
    public static string? WhyUnavailable =>
        !OperatingSystem.IsLinux() ? "the oracle runs on Linux only"
        : RuntimeInformation.ProcessArchitecture != Architecture.X64 ? "the host's processor is not x86-64"
        : null;

    /// <summary>The processor has AVX and Linux saves its state (SDM vol. 1, 14.3). Not the runtime's answer, so that its own use of
    /// AVX may be switched off to test portable code.</summary>
    private static bool HasAvx
    {
        get
        {
            const int Osxsave = 1 << 27, Avx = 1 << 28;
            return X86Base.IsSupported && (X86Base.CpuId(1, 0).Ecx & (Osxsave | Avx)) == (Osxsave | Avx);
        }
    }

    /// <summary>Starts the child.</summary>
    /// <exception cref="PlatformNotSupportedException"><see cref="WhyUnavailable"/>.</exception>
    public static HostOracle Start()
    {
        if (WhyUnavailable is { } reason)
        {
            throw new PlatformNotSupportedException(reason);
        }
        return new HostOracle();
    }

    /// <inheritdoc/>
    public void Run(Span<CpuCase> cases)
    {
        for (int i = 0; i < cases.Length; i += BatchCases)
        {
            RunBatch(cases.Slice(i, Math.Min(BatchCases, cases.Length - i)));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        StopChild();
        _accessor.Dispose();
        _file.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private void RunBatch(Span<CpuCase> cases)
    {
        for (int i = 0; i < cases.Length; i++)
        {
            _prepared[i] = cases[i];
            _lengths[i] = (int)cases[i].CodeLength;
            AppendExit(ref _prepared[i]);
        }
        _view.WriteSpan(0, (ReadOnlySpan<CpuCase>)_prepared.AsSpan(0, cases.Length));
        if (!Execute(cases.Length))
        {
            if (cases.Length == 1)
            {
                throw new OracleLostException(cases[0]);
            }
            RunBatch(cases[..(cases.Length / 2)]);
            RunBatch(cases[(cases.Length / 2)..]);
            return;
        }
        _view.ReadSpan(0, _prepared.AsSpan(0, cases.Length));
        for (int i = 0; i < cases.Length; i++)
        {
            ref CpuCase after = ref _prepared[i];
            Interpret(ref after, cases[i].Rip, _lengths[i]);
            after.Code = cases[i].Code;
            after.CodeLength = (uint)_lengths[i];
            cases[i] = after;
        }
    }

    private bool Execute(int count)
    {
        _child ??= StartChild();
        try
        {
            Span<byte> message = stackalloc byte[8];
            MemoryMarshal.Write(message, (long)count);
            Stream input = _child.StandardInput.BaseStream;
            input.Write(message);
            input.Flush();
            byte[] answer = new byte[8];
            Task<int> read = _child.StandardOutput.BaseStream.ReadAtLeastAsync(answer, 8,
                throwOnEndOfStream: false).AsTask();
            if (read.Wait(s_patience) && read.Result == 8)
            {
                return true;
            }
        }
        catch (IOException)
        {
            // The child died: the pipe is broken. The caller narrows it down.
        }
        StopChild();
        return false;
    }

    /// <summary>A jump to the program's exit behind the case's code, as far as the code pages reach: at their end,
    /// running on faults, as it should.</summary>
    private void AppendExit(ref CpuCase c)
    {
        int length = (int)c.CodeLength;
        ulong end = c.Rip + (ulong)length;
        Span<byte> tail = stackalloc byte[7];
        if (c.Bitness == 64)
        {
            tail[0] = 0xE9; // JMP rel32
            MemoryMarshal.Write(tail[1..], (int)(_exitAddress - (end + 5)));
            tail = tail[..5];
        }
        else
        {
            tail[0] = 0xEA; // JMP ptr16:32
            MemoryMarshal.Write(tail[1..], (uint)_exitAddress);
            MemoryMarshal.Write(tail[5..], OracleLayout.Cs64);
        }
        Span<byte> code = c.Code;
        tail.CopyTo(code[length..]);
        ulong room = OracleLayout.Code + OracleLayout.CodeBytes - c.Rip;
        c.CodeLength = (uint)Math.Min((ulong)(length + tail.Length), room);
    }

    /// <summary>Turns what the child saw into what the processor did: the INT3 that fills the code pages is where a
    /// branch led.</summary>
    private void Interpret(ref CpuCase after, ulong start, int length)
    {
        const uint Breakpoint = 3;
        after.NormaliseXsave();
        ulong end = start + (ulong)length;
        if (after.Vector == CpuCase.NoFault)
        {
            after.Rip = end;
            return;
        }
        bool inCase = after.Rip > start && after.Rip <= end;
        if (after.Vector == Breakpoint && !inCase)
        {
            after.Vector = CpuCase.NoFault;
            after.Rip--;
            after.ErrorCode = 0;
        }
        if (after.Vector != 14)
        {
            after.FaultAddress = 0;
        }
        if (after.Rip >= OracleLayout.Text && after.Rip < OracleLayout.Text + 0x1000 && after.Vector != CpuCase.NoFault)
        {
            throw new InvalidOperationException($"the oracle's own code faulted at {after.Rip:X}: vector {after.Vector}, CR2 {after.FaultAddress:X}");
        }
    }

    private Process StartChild()
    {
        var info = new ProcessStartInfo(_programPath, [_sharedPath]) { RedirectStandardInput = true,
            RedirectStandardOutput = true };
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return Process.Start(info) ?? throw new InvalidOperationException("the oracle did not start");
            }
            catch (System.ComponentModel.Win32Exception e) when (e.NativeErrorCode == 26 /* ETXTBSY */ && attempt < 50)
            {
                // Another thread of this process forked while the file was being written, and its child has not reached
                // its exec yet.
                Thread.Sleep(10);
            }
        }
    }

    private void StopChild()
    {
        if (_child is { } child)
        {
            _child = null;
            child.Kill();
            child.WaitForExit();
            child.Dispose();
        }
    }

    private static void CheckLayout()
    {
        var c = new CpuCase[1];
        ref byte start = ref Unsafe.As<CpuCase, byte>(ref c[0]);
        bool ok = Unsafe.SizeOf<CpuCase>() == OracleProgram.Stride
            && OffsetOf(ref start, ref c[0].Rip) == OracleProgram.Rip
            && OffsetOf(ref start, ref c[0].Rflags) == OracleProgram.Rflags
            && OffsetOf(ref start, ref c[0].Vector) == OracleProgram.Vector
            && OffsetOf(ref start, ref c[0].ErrorCode) == OracleProgram.ErrorCode
            && OffsetOf(ref start, ref c[0].FaultAddress) == OracleProgram.FaultAddress
            && OffsetOf(ref start, ref c[0].Bitness) == OracleProgram.Bitness
            && OffsetOf(ref start, ref c[0].CodeLength) == OracleProgram.CodeLength
            && OffsetOf(ref start, ref c[0].Code) == OracleProgram.Code
            && OffsetOf(ref start, ref c[0].Xsave) == OracleProgram.Xsave
            && OffsetOf(ref start, ref c[0].Data) == OracleProgram.Data;
        if (!ok)
        {
            throw new InvalidOperationException("CpuCase and the oracle's program disagree about the layout");
        }
    }

    private static int OffsetOf<T>(ref byte start, ref T field) =>
        (int)Unsafe.ByteOffset(ref start, ref Unsafe.As<T, byte>(ref field));
}

/// <summary>A case that killed the oracle's child or never ended.</summary>
public sealed class OracleLostException(CpuCase lost)
    : Exception("a case killed the oracle's child process, or never ended")
{
    /// <summary>The case, before it ran.</summary>
    public CpuCase Case { get; } = lost;
}
