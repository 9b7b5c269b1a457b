using Hv.Sdk.Io;
using Hv.Sdk.State;

namespace Hv.Sdk.Pci.Tests;

/// <summary>A function with a BAR of each kind, MSI, MSI-X, INTx and PCIe; its registers raise interrupts. Word 0: INTx
/// level; word 4: MSI-X vector; word 8: MSI vector.</summary>
[Device("probe")]
public sealed class ProbePlugin : IDeviceFactory
{
    public OptionSchema Options => OptionSchema.Empty;
    public IDevice Create(OptionValues options) => new ProbeDevice();
}

[DeviceState("probe", 1)]
public sealed partial class ProbeState
{
    [Field(1)] public PciFunctionState Pci = new();
    [Field(2)] public uint Scratch;
}

public sealed class ProbeDevice : IDevice, IStateful, IIoHandler
{
    public const int IoBar = 0, Memory32Bar = 1, WideBar = 2, PrefetchableBar = 4;
    public const ulong WideBytes = 1ul << 33;

    private ProbeState state = new();
    private PciFunction pci = null!;

    public PciFunction Pci => pci;
    public int VendorCapability { get; private set; }
    public List<bool> BusMasterChanges { get; } = [];

    public string StateId => ProbeState.StateId;
    public ushort StateVersion => ProbeState.StateVersion;
    public ushort OldestStateVersion => ProbeState.OldestStateVersion;

    public void Attach(IDeviceContext context)
    {
        pci = new PciFunction(context, new PciIdentity
        {
            VendorId = 0x1234,
            DeviceId = 0x5678,
            ClassCode = 0x0c_0330,
            RevisionId = 7,
            SubsystemVendorId = 0xabcd,
            SubsystemId = 0x4321,
        })
        { BusMasterChanged = BusMasterChanges.Add };
        _ = pci.AddBar(IoBar, BarKind.Io, 32, this, 0);
        _ = pci.AddMsix(40, Memory32Bar);
        _ = pci.AddBar(WideBar, BarKind.Memory64, WideBytes, this, 2);
        _ = pci.AddBar(PrefetchableBar, BarKind.Prefetchable64, 4096, this, 3);
        _ = pci.AddMsi(4);
        VendorCapability = pci.AddCapability(CapabilityId.Vendor, [0x11, 0x22, 0x33, 0x44, 0x55], [0, 0xf0], null);
        pci.AddExpress();
        pci.AddIntx(1);
        pci.Present();
    }

    public void Reset(ResetKind kind)
    {
        state = new ProbeState();
        pci.Reset(state.Pci);
    }

    public void Save(StateWriter writer) => state.Save(writer);

    public void Load(StateReader reader)
    {
        state = ProbeState.Load(reader);
        pci.Load(state.Pci);
    }

    public IoStatus Read(in IoAccess access, out ulong value)
    {
        value = access.Offset == 0 ? (ulong)(0x100 + access.Token) : state.Scratch;
        return IoStatus.Ok;
    }

    public IoStatus Write(in IoAccess access, ulong value)
    {
        switch (access.Offset)
        {
            case 0: pci.SetIntx((value & 1) != 0); break;
            case 4: pci.Msix!.Raise((int)(value & 0xff)); break;
            case 8: pci.Msi!.Raise((int)(value & 0xff)); break;
            default: state.Scratch = (uint)value; break;
        }
        return IoStatus.Ok;
    }

    public void Dispose() { }
}
