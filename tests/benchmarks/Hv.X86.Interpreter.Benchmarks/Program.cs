using System.Diagnostics;
using Hv.Sdk.Engines;
using Hv.X86.Interpreter.Tests;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

// Guest MIPS of small integer kernels in 64-bit mode with paging on, and, where they are named ("float" names them all),
// of the floating-point handlers. Usage: [kernel…]
var kernels = new (string Name, Action<Assembler> Program)[]
{
    ("sieve", Kernels.Sieve), ("crc32", Kernels.Crc32), ("fib", Kernels.Fib), ("hash", Kernels.Hash),
    ("qsort", Kernels.BubbleSort),
    ("sha", Kernels.Rounds),
};
const double seconds = 1;
bool hasFloat = args.Any(a => a == "float" || FloatKernels.All.Any(k => k.Name == a));
if (hasFloat) kernels = [.. kernels, .. FloatKernels.All];
string[] chosen =
    [.. args.Where(a => a != "float"), .. args.Contains("float") ? FloatKernels.All.Select(k => k.Name) : []];
for (int i = 0; i < 2; i++)
{
    long created = Stopwatch.GetTimestamp();
    using var machine = new BareMachine();
    machine.Load(Kernels.Fib);
    machine.Run(machine.LongMode(), out _, 1000);
    Console.WriteLine($"{(i == 0 ? "first" : "second")} machine with 1000 instructions: {Stopwatch.GetElapsedTime(created).TotalMilliseconds:F0} ms");
}
double logSum = 0;
int measured = 0;
foreach (var (name, program) in kernels)
{
    if (chosen.Length > 0 && !chosen.Contains(name)) continue;
    using var machine = new BareMachine();
    machine.Load(program);
    machine.Vcpu.WriteState(hasFloat ? FloatKernels.State(machine) : machine.LongMode());
    machine.Vcpu.Run(new RunBudget { Instructions = 20_000_000 });
    double best = 0;
    long until = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
    do
    {
        ulong before = machine.Vcpu.Retired;
        long start = Stopwatch.GetTimestamp();
        VcpuExit exit = machine.Vcpu.Run(new RunBudget { Instructions = 50_000_000 });
        double elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (exit.Reason != VcpuExitReason.Budget)
        {
            Console.WriteLine($"{name}: stopped with {exit.Reason}");
            return 1;
        }
        best = Math.Max(best, (machine.Vcpu.Retired - before) / elapsed / 1e6);
    }
    while (Stopwatch.GetTimestamp() < until);
    Console.WriteLine($"{name,-14} {best,8:F0} MIPS");
    logSum += Math.Log(best);
    measured++;
}
Console.WriteLine($"{"geomean",-14} {Math.Exp(logSum / measured),8:F0} MIPS");
return 0;

/// <summary>Endless loops in the shape that gcc -O1 gives such code.</summary>
internal static class Kernels
{
    private const int Data = 0x20_0000;

    public static void Sieve(Assembler c)
    {
        Label again = c.CreateLabel(), clear = c.CreateLabel(), outer = c.CreateLabel(), inner = c.CreateLabel(),
            next = c.CreateLabel();
        c.Label(ref again);
        c.xor(eax, eax);
        c.Label(ref clear);
        c.mov(__byte_ptr[rax + Data], 1);
        c.add(rax, 1);
        c.cmp(rax, 100_000);
        c.jne(clear);
        c.mov(ecx, 2);
        c.Label(ref outer);
        c.cmp(__byte_ptr[rcx + Data], 0);
        c.je(next);
        c.lea(rdx, __[rcx + rcx]);
        c.Label(ref inner);
        c.mov(__byte_ptr[rdx + Data], 0);
        c.add(rdx, rcx);
        c.cmp(rdx, 99_999);
        c.jle(inner);
        c.Label(ref next);
        c.add(rcx, 1);
        c.cmp(rcx, 50_000);
        c.jne(outer);
        c.jmp(again);
    }

    public static void Crc32(Assembler c)
    {
        Label again = c.CreateLabel(), loop = c.CreateLabel();
        c.Label(ref again);
        c.mov(esi, Data);
        c.lea(rdi, __[rsi + 65536]);
        c.mov(eax, -1);
        c.Label(ref loop);
        c.movzx(edx, __byte_ptr[rsi]);
        c.xor(edx, eax);
        c.movzx(edx, dl);
        c.shr(eax, 8);
        c.xor(eax, __dword_ptr[rdx * 4 + Data + 0x2_0000]);
        c.add(rsi, 1);
        c.cmp(rsi, rdi);
        c.jne(loop);
        c.jmp(again);
    }

    public static void Fib(Assembler c)
    {
        Label again = c.CreateLabel(), fib = c.CreateLabel(), recurse = c.CreateLabel(), done = c.CreateLabel();
        c.Label(ref again);
        c.mov(edi, 25);
        c.call(fib);
        c.jmp(again);
        c.Label(ref fib);
        c.push(rbp);
        c.push(rbx);
        c.sub(rsp, 8);
        c.mov(ebx, edi);
        c.mov(eax, edi);
        c.cmp(edi, 1);
        c.jg(recurse);
        c.Label(ref done);
        c.add(rsp, 8);
        c.pop(rbx);
        c.pop(rbp);
        c.ret();
        c.Label(ref recurse);
        c.lea(edi, __[rdi - 1]);
        c.call(fib);
        c.mov(ebp, eax);
        c.lea(edi, __[rbx - 2]);
        c.call(fib);
        c.add(eax, ebp);
        c.jmp(done);
    }

    public static void Hash(Assembler c)
    {
        Label again = c.CreateLabel(), loop = c.CreateLabel(), probe = c.CreateLabel(), found = c.CreateLabel();
        c.Label(ref again);
        c.mov(ecx, 100_000);
        c.Label(ref loop);
        c.mov(rax, rcx);
        c.imul(rax, rax, 0x1E35A7BD);
        c.mov(rdx, rax);
        c.shr(rdx, 16);
        c.xor(rax, rdx);
        c.and(eax, 0xFFFF);
        c.Label(ref probe);
        c.mov(rdx, __qword_ptr[rax * 8 + Data]);
        c.test(rdx, rdx);
        c.je(found);
        c.cmp(rdx, rcx);
        c.je(found);
        c.add(rax, 1);
        c.and(eax, 0xFFFF);
        c.jmp(probe);
        c.Label(ref found);
        c.add(__qword_ptr[rax * 8 + Data + 0x8_0000], 1);
        c.sub(rcx, 1);
        c.jne(loop);
        c.jmp(again);
    }

    public static void BubbleSort(Assembler c)
    {
        Label again = c.CreateLabel(), fill = c.CreateLabel(), outer = c.CreateLabel(), inner = c.CreateLabel(),
            noSwap = c.CreateLabel();
        c.Label(ref again);
        c.xor(eax, eax);
        c.mov(edx, 12345);
        c.Label(ref fill);
        c.imul(edx, edx, 1103515245);
        c.add(edx, 12345);
        c.mov(__dword_ptr[rax * 4 + Data], edx);
        c.inc(eax);
        c.cmp(eax, 1000);
        c.jl(fill);
        c.mov(ecx, 999);
        c.Label(ref outer);
        c.xor(eax, eax);
        c.Label(ref inner);
        c.mov(edx, __dword_ptr[rax * 4 + Data]);
        c.mov(ebx, __dword_ptr[rax * 4 + Data + 4]);
        c.cmp(edx, ebx);
        c.jle(noSwap);
        c.mov(__dword_ptr[rax * 4 + Data], ebx);
        c.mov(__dword_ptr[rax * 4 + Data + 4], edx);
        c.Label(ref noSwap);
        c.inc(eax);
        c.cmp(eax, ecx);
        c.jl(inner);
        c.dec(ecx);
        c.jg(outer);
        c.jmp(again);
    }

    public static void Rounds(Assembler c)
    {
        Label again = c.CreateLabel(), loop = c.CreateLabel();
        c.Label(ref again);
        c.xor(esi, esi);
        c.Label(ref loop);
        c.mov(eax, r8d);
        c.ror(eax, 6);
        c.mov(edx, r8d);
        c.ror(edx, 11);
        c.xor(eax, edx);
        c.ror(edx, 14);
        c.xor(eax, edx);
        c.mov(edx, r9d);
        c.xor(edx, r10d);
        c.and(edx, r8d);
        c.xor(edx, r10d);
        c.add(eax, edx);
        c.add(eax, __dword_ptr[rsi * 4 + Data]);
        c.add(eax, r11d);
        c.mov(r11d, r10d);
        c.mov(r10d, r9d);
        c.mov(r9d, r8d);
        c.lea(r8d, __[rax + rdi]);
        c.mov(edi, eax);
        c.inc(esi);
        c.cmp(esi, 64);
        c.jne(loop);
        c.jmp(again);
    }
}
