using System.Buffers.Binary;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Oracle;

/// <summary>Emits the program that executes cases: a static Linux executable of one segment, without libc and without a
/// managed runtime, so that instructions under test may use every register, and so that its signal handler may be
/// anything it likes.  It maps the pages of <see cref="OracleLayout"/>, installs one handler for SIGSEGV, SIGBUS,
/// SIGILL, SIGFPE and SIGTRAP, then reads a count of cases from standard input, runs that many from the shared file,
/// and writes the count to standard output.</summary>
internal sealed class OracleProgram
{
    // Offsets in CpuCase; checked against the structure by HostOracle.
    internal const int Rip = 128, Rflags = 136, Vector = 144, ErrorCode = 148, FaultAddress = 152, Bitness = 160,
        CodeLength = 164,
        Code = 224, Xsave = 320, Data = 1216, Stride = 9408;

    private const int Rbx = 3, Rsp = 4;

    // Linux system calls and constants (arch/x86/entry/syscalls/syscall_64.tbl; uapi/asm-generic).
    private const int SysRead = 0, SysWrite = 1, SysOpen = 2, SysMmap = 9, SysMprotect = 10, SysSigaction = 13,
        SysExit = 60,
        SysSigaltstack = 131, SysArchPrctl = 158;
    private const int ProtRead = 1, ProtWrite = 2, ProtExec = 4, MapShared = 1, MapPrivate = 2, MapFixed = 0x10,
        MapAnonymous = 0x20;
    private const int ArchSetGs = 0x1001, ArchSetFs = 0x1002;
    private const uint SaSiginfo = 4, SaRestorer = 0x0400_0000, SaOnStack = 0x0800_0000, SaNoDefer = 0x4000_0000;
    private static readonly int[] s_signals = [4 /* ILL */, 5 /* TRAP */, 7 /* BUS */, 8 /* FPE */, 11 /* SEGV */];

    // ucontext: gregs start at 40 (uapi/asm/sigcontext.h): r8–r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags,
    // …
    private const int Gregs = 40, GregRip = Gregs + (16 * 8), GregEflags = Gregs + (17 * 8), GregErr = Gregs + (19 * 8),
        GregTrapNo = Gregs + (20 * 8), GregCr2 = Gregs + (22 * 8), FpState = Gregs + (23 * 8);
    private static readonly int[] s_gregOrder = [8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4];

    // Variables in scratch memory.
    private const ulong Count = OracleLayout.Scratch, Remaining = Count + 8, Current = Count + 16,
        SavedRbx = Count + 24,
        Target = Count + 32, SignalStack = Count + 64, Action = Count + 128;
    private const ulong StackTop = OracleLayout.Scratch + 0x1_0000, SignalStackStart = StackTop + 0x1000;
    private const int SignalStackBytes = OracleLayout.ScratchBytes - 0x1_2000;

    private const int HeaderBytes = 120;

    private static readonly AssemblerRegister64[] s_gpr =
        [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15];

    private readonly Assembler _a = new(64);
    private readonly bool _hasAvx;
    private Label _exit64, _handler, _finish, _next, _quit, _fail;

    private OracleProgram(bool hasAvx) => _hasAvx = hasAvx;

    /// <summary>Emits the executable.</summary>
    /// <param name="sharedBytes">Length of the shared file, whose path is the program's first argument.</param>
    /// <param name="hasAvx">Move state by XSAVE with AVX; else by FXSAVE.</param>
    /// <param name="exitAddress">Where the code of a 64-bit or 32-bit case must jump (32-bit: far, with selector 33h)
    /// when it is done.</param>
    public static byte[] Emit(int sharedBytes, bool hasAvx, out ulong exitAddress)
    {
        var program = new OracleProgram(hasAvx);
        program.EmitAll(sharedBytes);
        var writer = new ByteWriter();
        AssemblerResult result = program._a.Assemble(writer, OracleLayout.Text + HeaderBytes,
            BlockEncoderOptions.ReturnNewInstructionOffsets);
        exitAddress = result.GetLabelRIP(program._exit64);
        return MakeElf(writer.ToArray());
    }

    private void EmitAll(int sharedBytes)
    {
        _exit64 = _a.CreateLabel();
        _handler = _a.CreateLabel();
        _finish = _a.CreateLabel();
        _next = _a.CreateLabel();
        _quit = _a.CreateLabel();
        _fail = _a.CreateLabel();
        EmitStart(sharedBytes);
        EmitLoop();
        EmitLoadState();
        EmitExit();
        EmitHandler();
        EmitFinish();
    }

    private void EmitStart(int sharedBytes)
    {
        _a.mov(rdi, __qword_ptr[rsp + 16]); // argv[1]
        _a.mov(esi, 2); // O_RDWR
        SystemCall(SysOpen);
        _a.mov(r8, rax);
        Map(OracleLayout.Shared, sharedBytes, ProtRead | ProtWrite, MapShared | MapFixed);
        _a.mov(r8, -1L);
        Map(OracleLayout.Code, OracleLayout.CodeBytes, ProtRead | ProtWrite | ProtExec,
            MapPrivate | MapFixed | MapAnonymous);
        Map(OracleLayout.Data, OracleLayout.DataBytes + OracleLayout.ReadOnlyBytes, ProtRead | ProtWrite,
            MapPrivate | MapFixed | MapAnonymous);
        Map(OracleLayout.Scratch, OracleLayout.ScratchBytes, ProtRead | ProtWrite,
            MapPrivate | MapFixed | MapAnonymous);
        _a.mov(rsp, StackTop);
        Fill(OracleLayout.Code, OracleLayout.CodeBytes, 0xCC);
        Fill(OracleLayout.ReadOnlyData, OracleLayout.ReadOnlyBytes, OracleLayout.ReadOnlyFill);
        _a.mov(rdi, OracleLayout.ReadOnlyData);
        _a.mov(esi, OracleLayout.ReadOnlyBytes);
        _a.mov(edx, ProtRead);
        SystemCall(SysMprotect);

        Store(SignalStack, SignalStackStart);
        Store(SignalStack + 16, SignalStackBytes);
        _a.mov(rdi, SignalStack);
        _a.xor(esi, esi);
        SystemCall(SysSigaltstack);

        _a.lea(rax, __[_handler]);
        _a.mov(__qword_ptr[Action], rax);
        Store(Action + 8, SaSiginfo | SaRestorer | SaOnStack | SaNoDefer);
        _a.mov(__qword_ptr[Action + 16], rax); // never returned to: the handler leaves by a jump
        foreach (int signal in s_signals)
        {
            _a.mov(edi, signal);
            _a.mov(rsi, Action);
            _a.xor(edx, edx);
            _a.mov(r10d, 8);
            SystemCall(SysSigaction);
        }
        _a.mov(edi, ArchSetFs);
        _a.mov(rsi, OracleLayout.FsBase);
        SystemCall(SysArchPrctl);
        _a.mov(edi, ArchSetGs);
        _a.mov(rsi, OracleLayout.GsBase);
        SystemCall(SysArchPrctl);
        _a.mov(eax, OracleLayout.FlatData); // compatibility mode needs real data segments
        _a.mov(ds, eax);
        _a.mov(es, eax);
    }

    private void EmitLoop()
    {
        Label batch = _a.CreateLabel();
        Label answer = _a.CreateLabel();
        _a.Label(ref batch);
        _a.xor(edi, edi);
        _a.mov(rsi, Count);
        _a.mov(edx, 8);
        _a.mov(eax, SysRead);
        _a.syscall();
        _a.cmp(rax, 8);
        _a.jne(_quit);
        _a.mov(rax, __qword_ptr[Count]);
        _a.mov(__qword_ptr[Remaining], rax);
        Fill(OracleLayout.Code, OracleLayout.CodeBytes, 0xCC); // a wild store may have met it
        _a.mov(rbx, OracleLayout.Shared);
        _a.mov(__qword_ptr[Current], rbx);

        _a.Label(ref _next);
        _a.mov(rbx, __qword_ptr[Current]);
        _a.sub(__qword_ptr[Remaining], 1);
        _a.jb(answer);
        _a.lea(rsi, __[rbx + Code]);
        _a.mov(rdi, __qword_ptr[rbx + Rip]);
        _a.mov(__qword_ptr[Target], rdi);
        _a.mov(ecx, __dword_ptr[rbx + CodeLength]);
        _a.rep.movsb();
        _a.lea(rsi, __[rbx + Data]);
        _a.mov(rdi, OracleLayout.Data);
        _a.mov(ecx, OracleLayout.DataBytes / 8);
        _a.rep.movsq();
        Label load = _a.CreateLabel();
        _a.jmp(load);

        _a.Label(ref answer);
        _a.mov(edi, 1);
        _a.mov(rsi, Count);
        _a.mov(edx, 8);
        _a.mov(eax, SysWrite);
        _a.syscall();
        _a.jmp(batch);

        _a.Label(ref _fail);
        _a.mov(edi, 70);
        _a.mov(eax, SysExit);
        _a.syscall();
        _a.Label(ref _quit);
        _a.xor(edi, edi);
        _a.mov(eax, SysExit);
        _a.syscall();
        _a.Label(ref load);
    }

    private void EmitLoadState()
    {
        Label compatibility = _a.CreateLabel();
        if (_hasAvx)
        {
            _a.mov(eax, 7);
            _a.xor(edx, edx);
            _a.xrstor(__[rbx + Xsave]);
        }
        else
        {
            _a.fxrstor(__[rbx + Xsave]);
        }
        _a.mov(rsp, StackTop);
        _a.cmp(__dword_ptr[rbx + Bitness], 64);
        _a.jne(compatibility);
        LoadGprs();
        _a.jmp(__qword_ptr[Target]);

        _a.Label(ref compatibility);
        _a.mov(__dword_ptr[Target + 4], OracleLayout.Cs32);
        LoadGprs();
        _a.jmp(__fword_ptr[Target]);
    }

    private void LoadGprs()
    {
        _a.push(__qword_ptr[rbx + Rflags]);
        for (int i = 0; i < 16; i++)
        {
            if (i is not (Rbx or Rsp))
            {
                _a.mov(s_gpr[i], __qword_ptr[rbx + (8 * i)]);
            }
        }
        _a.popfq();
        _a.mov(rsp, __qword_ptr[rbx + (8 * Rsp)]);
        _a.mov(rbx, __qword_ptr[rbx + (8 * Rbx)]);
    }

    /// <summary>The case ran to its end: save what it left. Vector and RIP are the parent's business.</summary>
    private void EmitExit()
    {
        _a.Label(ref _exit64);
        _a.mov(__qword_ptr[SavedRbx], rbx);
        _a.mov(rbx, __qword_ptr[Current]);
        for (int i = 0; i < 16; i++)
        {
            if (i != Rbx)
            {
                _a.mov(__qword_ptr[rbx + (8 * i)], s_gpr[i]);
            }
        }
        _a.mov(rsp, StackTop);
        _a.pushfq();
        _a.pop(__qword_ptr[rbx + Rflags]);
        ClearFlags();
        _a.mov(rax, __qword_ptr[SavedRbx]);
        _a.mov(__qword_ptr[rbx + (8 * Rbx)], rax);
        _a.mov(__dword_ptr[rbx + Vector], -1);
        if (_hasAvx)
        {
            _a.mov(eax, 7);
            _a.xor(edx, edx);
            _a.xsave(__[rbx + Xsave]);
        }
        else
        {
            _a.fxsave(__[rbx + Xsave]);
            // The high halves of YMM, which such a host does not have, stay as they came.
            _a.mov(__qword_ptr[rbx + Xsave + 512], 7);
        }
        _a.jmp(_finish);
    }

    /// <summary>handler(signal, siginfo, ucontext): copies the interrupted state out of the frame and abandons it.
    /// Nothing needs to be undone: no signal is masked meanwhile, and the alternate stack is free again once RSP has
    /// left it.</summary>
    private void EmitHandler()
    {
        _a.Label(ref _handler);
        ClearFlags(); // the kernel leaves AC as the case had it
        _a.mov(rbx, __qword_ptr[Current]);
        for (int i = 0; i < 16; i++)
        {
            _a.mov(rax, __qword_ptr[rdx + (Gregs + (8 * i))]);
            _a.mov(__qword_ptr[rbx + (8 * s_gregOrder[i])], rax);
        }
        _a.mov(rax, __qword_ptr[rdx + GregRip]);
        _a.mov(__qword_ptr[rbx + Rip], rax);
        _a.mov(rax, __qword_ptr[rdx + GregEflags]);
        _a.mov(__qword_ptr[rbx + Rflags], rax);
        _a.mov(rax, __qword_ptr[rdx + GregTrapNo]);
        _a.mov(__dword_ptr[rbx + Vector], eax);
        _a.mov(rax, __qword_ptr[rdx + GregErr]);
        _a.mov(__dword_ptr[rbx + ErrorCode], eax);
        _a.mov(rax, __qword_ptr[rdx + GregCr2]);
        _a.mov(__qword_ptr[rbx + FaultAddress], rax);
        _a.mov(rsi, __qword_ptr[rdx + FpState]);
        _a.lea(rdi, __[rbx + Xsave]);
        _a.mov(ecx, (_hasAvx ? CpuCase.XsaveBytes : 512) / 8);
        _a.rep.movsq();
    }

    private void EmitFinish()
    {
        _a.Label(ref _finish);
        _a.mov(rsp, StackTop);
        _a.mov(rsi, OracleLayout.Data);
        _a.lea(rdi, __[rbx + Data]);
        _a.mov(ecx, OracleLayout.DataBytes / 8);
        _a.rep.movsq();
        _a.mov(edi, __dword_ptr[Target]);
        _a.mov(ecx, __dword_ptr[rbx + CodeLength]);
        _a.mov(eax, 0xCC);
        _a.rep.stosb();
        _a.add(__qword_ptr[Current], Stride);
        _a.jmp(_next);
    }

    private void ClearFlags()
    {
        _a.push(2);
        _a.popfq();
    }

    private void SystemCall(int number)
    {
        _a.mov(eax, number);
        _a.syscall();
        _a.test(rax, rax);
        _a.js(_fail);
    }

    /// <summary>mmap of the file in r8.</summary>
    private void Map(ulong address, int bytes, int protection, int flags)
    {
        _a.mov(rdi, address);
        _a.mov(esi, bytes);
        _a.mov(edx, protection);
        _a.mov(r10d, flags);
        _a.xor(r9d, r9d);
        SystemCall(SysMmap);
    }

    private void Fill(ulong address, int bytes, byte value)
    {
        _a.mov(rdi, address);
        _a.mov(ecx, bytes);
        _a.mov(eax, value);
        _a.rep.stosb();
    }

    private void Store(ulong address, ulong value)
    {
        _a.mov(rax, value);
        _a.mov(__qword_ptr[address], rax);
    }

    /// <summary>System V gABI, chapter 4 and 5: header and one program header.</summary>
    private static byte[] MakeElf(ReadOnlySpan<byte> code)
    {
        byte[] file = new byte[HeaderBytes + code.Length];
        Span<byte> h = file;
        ReadOnlySpan<byte> ident = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        ident.CopyTo(h);
        BinaryPrimitives.WriteUInt16LittleEndian(h[16..], 2); // ET_EXEC
        BinaryPrimitives.WriteUInt16LittleEndian(h[18..], 62); // EM_X86_64
        BinaryPrimitives.WriteUInt32LittleEndian(h[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(h[24..], OracleLayout.Text + HeaderBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(h[32..], 64); // program headers
        BinaryPrimitives.WriteUInt16LittleEndian(h[52..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(h[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(h[56..], 1);
        Span<byte> p = h[64..];
        BinaryPrimitives.WriteUInt32LittleEndian(p, 1); // PT_LOAD
        BinaryPrimitives.WriteUInt32LittleEndian(p[4..], 5); // R + X
        BinaryPrimitives.WriteUInt64LittleEndian(p[16..], OracleLayout.Text);
        BinaryPrimitives.WriteUInt64LittleEndian(p[24..], OracleLayout.Text);
        BinaryPrimitives.WriteUInt64LittleEndian(p[32..], (ulong)file.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(p[40..], (ulong)file.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(p[48..], 0x1000);
        code.CopyTo(h[HeaderBytes..]);
        return file;
    }

    private sealed class ByteWriter : CodeWriter
    {
        private readonly List<byte> _bytes = [];
        public override void WriteByte(byte value) => _bytes.Add(value);
        public byte[] ToArray() => [.. _bytes];
    }
}
