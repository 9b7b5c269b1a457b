using Hv.Vmm.Devices;

namespace Hv.Vmm.Backends;

/// <summary>A serial line whose output is dropped and that receives nothing.</summary>
internal sealed class NullCharPort : CharPort
{
    public NullCharPort(DeviceNode node) : base(node, neverRefuses: false) => StartPump();

    protected override int Write(ReadOnlyMemory<byte> bytes) => bytes.Length;
}
