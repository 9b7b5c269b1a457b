using Hv.Sdk;
using Hv.Sdk.Engines;
using static Iced.Intel.AssemblerRegisters;

namespace Hv.X86.Interpreter.Tests;

/// <summary>A named model has exactly its instructions.</summary>
public sealed class CpuModelTests
{
    [Theory]
    [InlineData("x86-64-v1", false)]
    [InlineData("x86-64-v2", true)]
    [InlineData("x86-64-v3", true)]
    public void Popcnt_BelongsToV2(string model, bool exists) => Check(model, exists, a => a.popcnt(eax, ecx));

    [Theory]
    [InlineData("x86-64-v1", false)]
    [InlineData("x86-64-v2", false)]
    [InlineData("x86-64-v3", true)]
    public void Movbe_BelongsToV3(string model, bool exists) => Check(model, exists, a => a.movbe(eax, __dword_ptr[0x9000]));

    [Theory]
    [InlineData("x86-64-v2", false)]
    [InlineData("x86-64-v3", true)]
    public void Andn_BelongsToV3(string model, bool exists) => Check(model, exists, a => a.andn(eax, ecx, edx));

    private static void Check(string model, bool exists, Action<Iced.Intel.Assembler> instruction)
    {
        using SystemWorld world = new(model);
        VcpuState after = world.Run(world.Long(), 64, a =>
        {
            instruction(a);
            a.@int(0x40);
        });
        Assert.Equal(exists ? 0x40 : Fault.Ud, SystemWorld.Vector(after));
    }

    /// <summary>Processors without LZCNT and TZCNT ignore the prefix: BSR and BSF (SDM vol. 2, LZCNT).</summary>
    [Theory]
    [InlineData("x86-64-v2", 4ul, 4ul)]
    [InlineData("x86-64-v3", 27ul, 4ul)]
    public void LzcntAndTzcnt_OnOlderModels_AreBsrAndBsf(string model, ulong leading, ulong trailing)
    {
        using SystemWorld world = new(model);
        VcpuState state = world.Long();
        state.Gpr[1] = 0x10;
        VcpuState after = world.Run(state, 64, a =>
        {
            a.lzcnt(eax, ecx);
            a.tzcnt(ebx, ecx);
            a.hlt();
        });
        Assert.Equal(VcpuExitReason.Halt, world.LastExit);
        Assert.Equal(leading, after.Gpr[0]);
        Assert.Equal(trailing, after.Gpr[3]);
    }

    [Fact]
    public void CreatePartition_UnknownModel_IsRefusedByName()
    {
        UnavailableException error = Assert.Throws<UnavailableException>(() => new BareMachine(cpuModel: "pentium"));
        Assert.Contains("pentium", error.Message);
        Assert.Contains("x86-64-v2", error.Message);
    }
}
