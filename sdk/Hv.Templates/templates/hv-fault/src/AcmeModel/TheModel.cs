using System.Globalization;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Io;

namespace AcmeModel;

/// <summary>One rule's fault.</summary>
internal sealed class TheModel(TheModelOptions options) : IFaultDecorator<IIoHandler>
{
    /// <inheritdoc/>
    public IIoHandler Decorate(IIoHandler inner, in FaultSite site, IFaultScope scope) =>
        new WrongRegisters(inner, 1UL << options.Bit, scope);

    /// <summary>Registers that are read wrong. Writes pass.</summary>
    private sealed class WrongRegisters(IIoHandler inner, ulong mask, IFaultScope scope) : ForwardingIoHandler(inner)
    {
        public override IoStatus Read(in IoAccess access, out ulong value)
        {
            IoStatus status = Inner.Read(access, out value);
            ulong wrong = mask & (ulong.MaxValue >> (64 - (8 * access.Size)));
            if (status != IoStatus.Ok || access.IsDebug || wrong == 0 || !scope.Strikes()) return status;
            ulong right = value;
            value ^= wrong;
            scope.Fired(string.Create(CultureInfo.InvariantCulture, $"read of offset {access.Offset:x}h: {right:x}h became {value:x}h"));
            return status;
        }
    }
}
