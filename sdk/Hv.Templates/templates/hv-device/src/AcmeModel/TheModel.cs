using Hv.Sdk;
using Hv.Sdk.Io;
using Hv.Sdk.Registers;
using Hv.Sdk.Signals;
using Hv.Sdk.State;

namespace AcmeModel;

/// <summary>Eight output lines behind one register.</summary>
public sealed class TheModel(TheModelOptions options) : IDevice, IStateful, IIoHandler, IRegisterFile<Reg>
{
    private readonly IrqLine[] lines = new IrqLine[Spec.LineCount];
    private TheModelState state = new();

    /// <inheritdoc/>
    public string StateId => TheModelState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => TheModelState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => TheModelState.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        _ = context.MapPorts("registers", options.Port, Spec.PortCount, this, token: 0);
        for (int i = 0; i < lines.Length; i++) lines[i] = context.IrqOut($"out{i}");
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        state = new TheModelState();
        UpdateLines();
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        state = TheModelState.Load(reader);
        UpdateLines();
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
        Reg.Output => state.Output,
        _ => 0,
    };

    /// <inheritdoc/>
    public void Write(Reg register, int index, ulong value)
    {
        switch (register)
        {
            case Reg.Output: state.Output = (byte)value; break;
        }

        UpdateLines();
    }

    /// <summary>The one place where outputs follow from the state.</summary>
    private void UpdateLines()
    {
        for (int i = 0; i < lines.Length; i++) lines[i].Set((state.Output >> i & 1) != 0);
    }
}
