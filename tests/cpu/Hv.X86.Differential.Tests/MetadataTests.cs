using Hv.X86.Interpreter;
using Hv.X86.Oracle;
using Iced.Intel;

namespace Hv.X86.Differential.Tests;

/// <summary>The interpreter against Iced's metadata: an instruction changes no register, flag or memory that the
/// metadata does not name. Needs no particular host.</summary>
public sealed class MetadataTests
{
    private const int CasesPerEncoding = 6;
    private const ulong StatusAndDirection = 0xCD5;

    [Theory]
    [InlineData(64)]
    [InlineData(32)]
    public void Run_AnyInstruction_ChangesOnlyWhatIcedNames(int bitness)
    {
        using var engine = new EngineRunner(new InterpreterPlugin());
        var generator = new CaseGenerator(bitness);
        var factory = new InstructionInfoFactory();
        var surplus = new SortedDictionary<string, string>();
        int checkedCases = 0;
        CpuCase[] one = new CpuCase[1];
        foreach (Code code in InstructionScope.All(bitness).Where(c =>
            InstructionScope.WhyNotCompared(c, bitness) is null && !LoadsAll(c)))
        {
            for (ulong seed = 0; seed < CasesPerEncoding; seed++)
            {
                if (!generator.TryNext(code, seed, out CpuCase before, out Instruction instruction))
                {
                    continue;
                }
                one[0] = before;
                engine.Run(one);
                if (one[0].Vector != CpuCase.NoFault)
                {
                    continue;
                }
                checkedCases++;
                if (Surplus(ref before, ref one[0], instruction, factory.GetInfo(instruction)) is { } what)
                {
                    surplus.TryAdd(code.ToString(), $"{instruction}: {what}");
                }
            }
        }
        Assert.True(checkedCases > 5000, $"only {checkedCases} cases ran to their end");
        Assert.True(surplus.Count == 0, string.Join('\n', surplus.Values));
    }

    /// <summary>FXRSTOR: the metadata leaves out that it loads every vector register.</summary>
    private static bool LoadsAll(Code code) => code is Code.Fxrstor_m512byte or Code.Fxrstor64_m512byte;

    /// <summary>What changed without leave, or null.</summary>
    private static string? Surplus(ref CpuCase before, ref CpuCase after, in Instruction instruction,
        in InstructionInfo info)
    {
        uint general = 0, low = 0, high = 0;
        foreach (UsedRegister used in info.GetUsedRegisters())
        {
            if (used.Access is OpAccess.Read or OpAccess.CondRead or OpAccess.NoMemAccess or OpAccess.None)
            {
                continue;
            }
            if (used.Register.IsGPR())
            {
                general |= 1u << used.Register.GetFullRegister().GetNumber();
            }
            else if (used.Register.IsVectorRegister())
            {
                low |= 1u << used.Register.GetNumber();
                high |= used.Register.IsXMM() ? 0 : 1u << used.Register.GetNumber();
            }
        }
        for (int i = 0; i < 16; i++)
        {
            if (before.Gpr[i] != after.Gpr[i] && (general >> i & 1) == 0)
            {
                return $"general register {i}";
            }
            if (!before.Xmm(i).SequenceEqual(after.Xmm(i)) && (low >> i & 1) == 0)
            {
                return $"xmm{i}";
            }
            if (!before.YmmHigh(i).SequenceEqual(after.YmmHigh(i)) && (high >> i & 1) == 0)
            {
                return $"high half of ymm{i}";
            }
        }
        ulong flags =
            (before.Rflags ^ after.Rflags) & StatusAndDirection & ~StateComparer.ToRflags(instruction.RflagsModified);
        if (flags != 0)
        {
            return $"flags {flags:X}";
        }
        bool writesMemory = info.GetUsedMemory().Any(m =>
            m.Access is not (OpAccess.Read or OpAccess.CondRead or OpAccess.NoMemAccess or OpAccess.None));
        return !writesMemory && !((ReadOnlySpan<byte>)before.Data).SequenceEqual(after.Data) ? "memory" : null;
    }
}
