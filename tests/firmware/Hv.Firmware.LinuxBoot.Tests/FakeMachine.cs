using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Engines;
using Hv.Sdk.Firmware;
using Hv.Sdk.Memory;
using Hv.Sdk.Pci;

namespace Hv.Firmware.LinuxBoot.Tests;

/// <summary>RAM in an array, and vCPU states: what firmware needs of a machine.</summary>
internal sealed class FakeMachine : IFirmwareContext, IDmaSpace
{
    private readonly byte[] ram;

    public FakeMachine(int megabytes, BootInputs inputs)
    {
        ram = new byte[megabytes << 20];
        Inputs = inputs;
        Ram =
        [
            new MemoryRange { LengthBytes = 0xa0000 },
            new MemoryRange { Start = new GuestPhysicalAddress(0xc0000), LengthBytes = (ulong)ram.Length - 0xc0000 },
        ];
    }

    public Dictionary<int, VcpuState> Vcpus { get; } = [];
    public Dictionary<PciAddress, IPciFunction> Functions { get; } = [];
    public List<IAcpiContributor> Contributors { get; } = [];
    public string Board => "pc";
    public int VcpuCount { get; init; } = 2;
    public ulong TscHz => 1_000_000_000;
    public IReadOnlyList<MemoryRange> Ram { get; }
    public MemoryRange? PciWindow { get; init; } =
        new MemoryRange { Start = new(0xc0000000), LengthBytes = 0x1000_0000 };
    public MemoryRange? PciWindow64 { get; init; }
    public BootInputs Inputs { get; }
    public IDmaSpace Memory => this;
    public IReadOnlyList<IAcpiContributor> AcpiContributors => Contributors;
    public Guid MachineId => new("11223344-5566-7788-99aa-bbccddeeff00");
    public IDeviceLog Log => throw new InvalidOperationException("firmware has nothing to say here");

    public ReadOnlySpan<byte> At(ulong address, int length) => ram.AsSpan((int)address, length);
    public uint UInt32(ulong address) => BitConverter.ToUInt32(ram, (int)address);
    public ulong UInt64(ulong address) => BitConverter.ToUInt64(ram, (int)address);

    public void ReadVcpu(int index, ref VcpuState state) => state = Vcpus.GetValueOrDefault(index);
    public void WriteVcpu(int index, in VcpuState state) => Vcpus[index] = state;
    public IPciFunction? PciFunction(PciAddress address) => Functions.GetValueOrDefault(address);

    private bool IsRam(GuestPhysicalAddress address, int length) => address.Value + (ulong)length <= (ulong)ram.Length
        && (address.Value >= 0xc0000 || address.Value + (ulong)length <= 0xa0000);

    public bool TryWrite(GuestPhysicalAddress address, ReadOnlySpan<byte> from)
    {
        if (!IsRam(address, from.Length)) return false;
        from.CopyTo(ram.AsSpan((int)address.Value));
        return true;
    }

    public bool TryRead(GuestPhysicalAddress address, Span<byte> to)
    {
        if (!IsRam(address, to.Length)) return false;
        ram.AsSpan((int)address.Value, to.Length).CopyTo(to);
        return true;
    }

    public bool TryWindow(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out DmaWindow window)
    {
        window = default;
        return false;
    }

    public bool TryLease(GuestPhysicalAddress address, int lengthBytes, DmaAccess access, out IDmaLease lease)
    {
        lease = null!;
        return false;
    }

    public bool TryReadUInt16(GuestPhysicalAddress address, out ushort value)
    {
        value = 0;
        return false;
    }

    public bool TryWriteUInt16(GuestPhysicalAddress address, ushort value) => false;
    public void Fence() { }
    public bool TryDiscard(GuestPhysicalAddress address, ulong lengthBytes) => false;
}
