using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Engines;
using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Net;
using Hv.Sdk.Pci;
using Hv.Sdk.Signals;
using Hv.Sdk.Time;

namespace Hv.Sdk.FaultRules;

/// <summary>Which forwarder stands before which contract. <see cref="IGuestMemory"/> has none: nobody calls
/// it.</summary>
internal static class Forwarders
{
    private static readonly Dictionary<Type, Func<object, object>> Makers = new()
    {
        [typeof(IIoHandler)] = c => new ForwardingIoHandler((IIoHandler)c),
        [typeof(IPciFunction)] = c => new ForwardingPciFunction((IPciFunction)c),
        [typeof(IDmaSpace)] = c => new ForwardingDmaSpace((IDmaSpace)c),
        [typeof(IIrqSink)] = c => new ForwardingIrqSink((IIrqSink)c),
        [typeof(IMsiTarget)] = c => new ForwardingMsiTarget((IMsiTarget)c),
        [typeof(IVmTimer)] = c => new ForwardingTimer((IVmTimer)c),
        [typeof(IVmTimerHandler)] = c => new ForwardingTimerHandler((IVmTimerHandler)c),
        [typeof(IVmClock)] = c => new ForwardingClock((IVmClock)c),
        [typeof(IBlockPort)] = c => new ForwardingBlockPort((IBlockPort)c),
        [typeof(IDiskImage)] = c => new ForwardingDiskImage((IDiskImage)c),
        [typeof(INetPort)] = c => new ForwardingNetPort((INetPort)c),
        [typeof(ICharPort)] = c => new ForwardingCharPort((ICharPort)c),
        [typeof(IVcpu)] = c => new ForwardingVcpu((IVcpu)c),
        [typeof(ILocalApic)] = c => new ForwardingLocalApic((ILocalApic)c),
    };

    public static bool Has<T>() => Makers.ContainsKey(typeof(T));

    public static IForwarder<T> Create<T>(T contract) where T : class => (IForwarder<T>)Makers[typeof(T)](contract);
}
