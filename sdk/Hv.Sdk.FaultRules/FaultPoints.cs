using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Engines;
using Hv.Sdk.Faults;
using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Net;
using Hv.Sdk.Pci;
using Hv.Sdk.Signals;
using Hv.Sdk.Time;

namespace Hv.Sdk.FaultRules;

/// <summary>How the points of a contract are written, for help.</summary>
public static class FaultPoints
{
    private static readonly Dictionary<Type, string> Points = new()
    {
        [typeof(IIoHandler)] = "DEVICE:region:NAME",
        [typeof(IPciFunction)] = "DEVICE:config",
        [typeof(IDmaSpace)] = "DEVICE:dma",
        [typeof(IIrqSink)] = "DEVICE:irq:NAME",
        [typeof(IMsiTarget)] = "DEVICE:msi",
        [typeof(IVmTimer)] = "DEVICE:timer:NAME",
        [typeof(IVmTimerHandler)] = "DEVICE:timer:NAME",
        [typeof(IVmClock)] = "DEVICE:clock",
        [typeof(IBlockPort)] = "DEVICE:drive",
        [typeof(IDiskImage)] = "DEVICE:drive:image",
        [typeof(INetPort)] = "DEVICE:netdev",
        [typeof(ICharPort)] = "DEVICE:chardev",
        [typeof(IGuestMemory)] = "machine:memory",
        [typeof(IVcpu)] = "vcpuN:run",
        [typeof(ILocalApic)] = "vcpuN:apic",
    };

    /// <summary>Where the decorators among some types can stand, for example <c>DEVICE:drive</c>.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<Type> types) =>
    [
        .. types.SelectMany(t => t.GetInterfaces())
            .Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IFaultDecorator<>))
            .Select(i => Points.GetValueOrDefault(i.GetGenericArguments()[0], i.GetGenericArguments()[0].Name))
            .Distinct().Order(StringComparer.Ordinal),
    ];
}
