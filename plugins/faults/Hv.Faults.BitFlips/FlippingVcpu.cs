using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.State;

namespace Hv.Faults.BitFlips;

/// <summary>A vCPU of which bits of general registers flip between two instructions.</summary>
internal sealed class FlippingVcpu : ForwardingVcpu, IFaultState
{
    private const int Registers = 16;

    private static readonly string[] Names =
        ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

    private readonly BitFlipsOptions options;
    private readonly IFaultScope scope;
    private volatile bool isDue;

    public FlippingVcpu(IVcpu inner, BitFlipsOptions options, IFaultScope scope) : base(inner)
    {
        this.options = options;
        this.scope = scope;
        scope.AtMoments(Strike);
    }

    // The state may be changed only outside Run: the vCPU leaves guest code, and is changed before it goes on.
    private void Strike()
    {
        isDue = true;
        Inner.Kick();
    }

    public override VcpuExit Run(in RunBudget budget)
    {
        if (isDue)
        {
            isDue = false;
            FlipRegister();
        }
        return base.Run(budget);
    }

    private void FlipRegister()
    {
        VcpuState state = default;
        Inner.ReadState(ref state);
        int register = (int)scope.Entropy.Below(Registers);
        ulong before = state.Gpr[register];
        state.Gpr[register] ^= Flip.Mask(sizeof(ulong), options, scope);
        Inner.WriteState(state);
        scope.Fired($"{Names[register]} at rip 0x{state.Rip:x}: 0x{before:x} became 0x{state.Gpr[register]:x}");
    }

    public void Reset() => isDue = false;
    public void Save(StateWriter writer) => writer.Flag(1, isDue);
    public void Load(StateReader reader) => isDue = reader.Flag(1, false);
}
