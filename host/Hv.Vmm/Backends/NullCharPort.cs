using Hv.Vmm.Devices;
using Hv.Vmm.Supervision;

namespace Hv.Vmm.Backends;

/// <summary>A serial line whose output is dropped and that receives nothing.</summary>
internal sealed class NullCharPort : CharPort
{
    public NullCharPort(DeviceNode node, WatchedThreads threads) : base(node, threads, neverRefuses: false) =>
        StartPump();

    protected override int Write(ReadOnlyMemory<byte> bytes) => bytes.Length;
}
