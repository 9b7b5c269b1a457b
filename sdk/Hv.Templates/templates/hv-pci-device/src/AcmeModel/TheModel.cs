using Hv.Sdk;
using Hv.Sdk.Io;
using Hv.Sdk.Pci;
using Hv.Sdk.Registers;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace AcmeModel;

/// <summary>A timer behind a BAR, which ends in a message-signalled interrupt.</summary>
public sealed class TheModel : IDevice, IStateful, IIoHandler, IRegisterFile<Reg>
{
    private const long NsPerUs = 1000;

    private TheModelState state = new();
    private PciFunction function = null!;
    private IVmClock clock = null!;
    private IVmTimer timer = null!;

    /// <inheritdoc/>
    public string StateId => TheModelState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => TheModelState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => TheModelState.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        clock = context.Clock;
        timer = context.CreateTimer("delay", Fired);
        function = new PciFunction(context, Spec.Identity);
        _ = function.AddBar(0, BarKind.Memory32, Spec.BarBytes, this, token: 0);
        _ = function.AddMsi(vectors: 1);
        function.Present();
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        state = new TheModelState();
        function.Reset(state.Pci);
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        state = TheModelState.Load(reader);
        function.Load(state.Pci);
    }

    /// <inheritdoc/>
    public void Dispose() { }

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value) => Spec.Registers.Read(this, access, out value);
    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value) => Spec.Registers.Write(this, access, value);

    /// <inheritdoc/>
    public ulong Peek(Reg register, int index) => register switch
    {
        Reg.Delay => state.DelayUs,
        Reg.Status => state.Status,
        _ => 0,
    };

    /// <inheritdoc/>
    public void Write(Reg register, int index, ulong value)
    {
        switch (register)
        {
            case Reg.Delay: Start((uint)value); break;
            case Reg.Status: state.Status &= ~(uint)value; break;
        }
    }

    private void Start(uint delayUs)
    {
        state.DelayUs = delayUs;
        if (delayUs == 0) timer.Cancel();
        else timer.Arm(clock.Now.AddNs(delayUs * NsPerUs));
    }

    private void Fired(VmTime due)
    {
        state.Status |= Status.Done;
        function.Msi!.Raise(0);
    }
}
