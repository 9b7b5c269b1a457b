using Hv.X86.Interpreter;
using Hv.X86.Oracle;
using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>No encoding of Hv's CPU models is missing in the interpreter.</summary>
public sealed class CoverageTests
{
    private const uint InvalidOpcode = 6;
    private const ulong CasesPerEncoding = 8;

    /// <summary>Those that raise #UD for user code in these modes by right: CLAC, STAC, MONITOR and MWAIT above CPL 0,
    /// RSM outside SMM, SYSCALL and SYSRET in 32-bit code (as on Intel's processors), undefined instructions
    /// themselves.</summary>
    private static readonly Mnemonic[] s_undefined =
        [Mnemonic.Clac, Mnemonic.Stac, Mnemonic.Monitor, Mnemonic.Mwait, Mnemonic.Rsm, Mnemonic.Syscall,
        Mnemonic.Sysret,
            Mnemonic.Ud0, Mnemonic.Ud1, Mnemonic.Ud2];

    [Theory]
    [InlineData(64)]
    [InlineData(32)]
    public void Run_EveryEncodingOfTheModels_IsImplemented(int bitness)
    {
        using var engine = new EngineRunner(new InterpreterPlugin());
        var generator = new CaseGenerator(bitness);
        var missing = new List<Code>();
        CpuCase[] one = new CpuCase[1];
        foreach (Code code in InstructionScope.All(bitness).Where(c => !s_undefined.Contains(c.Mnemonic())))
        {
            bool made = false, ran = false;
            for (ulong seed = 0; seed < CasesPerEncoding && !ran; seed++)
            {
                if (generator.TryNext(code, seed, out one[0], out Instruction instruction)
                    && !instruction.HasLockPrefix)
                {
                    made = true;
                    engine.Run(one);
                    ran = one[0].Vector != InvalidOpcode;
                }
            }
            if (made && !ran)
            {
                missing.Add(code);
            }
        }
        Assert.Equal("", string.Join(' ', missing));
    }
}
