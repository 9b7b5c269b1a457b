using Hv.Chipset.ResetControl;
using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Io;
using Hv.Sdk.Pci;
using Hv.Sdk.State;

namespace Hv.Chipset.PciHost;

/// <summary>The root of a PCI hierarchy: turns port and memory accesses into configuration cycles and finds the
/// function that answers. Its own function is the 440FX's host bridge at 00:00.0.</summary>
// Deviation: there are no bridges below yet, so every bus but 0 is empty.
public sealed class PciHost(PciHostOptions options) : IDevice, IStateful, IIoHandler, IPciBus, IAcpiContributor
{
    private const int Ports = 0;
    private const int Ecam = 1;

    private readonly IPciFunction?[] functions = new IPciFunction?[256];
    private PciHostState state = new();
    private IDeviceContext context = null!;
    private PciFunction self = null!;

    /// <inheritdoc/>
    public string StateId => PciHostState.StateId;
    /// <inheritdoc/>
    public ushort StateVersion => PciHostState.StateVersion;
    /// <inheritdoc/>
    public ushort OldestStateVersion => PciHostState.OldestStateVersion;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        this.context = context;
        self = new PciFunction(context, new PciIdentity
        {
            VendorId = Spec.VendorId, DeviceId = Spec.DeviceId, ClassCode = Spec.ClassCode,
            RevisionId = Spec.RevisionId,
        });
        _ = context.MapPorts("config", Spec.ConfigAddress, Spec.PortCount, this, Ports);
        if (options.Ecam != 0) _ = context.MapMemory("ecam", options.Ecam, Spec.EcamBytes, this, Ecam);
        context.Provide<IPciBus>(this);
        self.Present();
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind)
    {
        state = new PciHostState();
        self.Reset(state.Function);
    }

    /// <inheritdoc/>
    public void Save(StateWriter writer) => state.Save(writer);

    /// <inheritdoc/>
    public void Load(StateReader reader)
    {
        state = PciHostState.Load(reader);
        self.Load(state.Function);
    }

    /// <inheritdoc/>
    public void Dispose() { }

    /// <inheritdoc/>
    public void Plug(PciAddress address, IPciFunction function)
    {
        if (address.Bus != 0) throw new ConfigurationException(
            $"there is no PCI bus {address.Bus}: put the device on bus 0");
        if (functions[address.DevFn] is not null) throw new ConfigurationException($"PCI address {address} is taken");
        functions[address.DevFn] = function;
    }

    /// <inheritdoc/>
    public void Unplug(PciAddress address)
    {
        if (address.Bus == 0) functions[address.DevFn] = null;
    }

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value)
    {
        if (access.Token == Ecam)
        {
            value = ReadConfig((uint)(access.Offset >> 20), (uint)(access.Offset >> 12) & 0xff,
                (int)(access.Offset & 0xfff), access.Size);
            return IoStatus.Ok;
        }
        if (access.Offset >= Spec.ConfigData) return ReadData(access, out value);
        value = access switch
        {
            { Offset: 0, Size: 4 } => state.ConfigAddress,
            { Offset: Spec.ResetControl, Size: 1 } => state.ResetControl,
            _ => ulong.MaxValue, // narrower accesses are ordinary I/O cycles that nobody takes (3.2.2.3.2)
        };
        return IoStatus.Ok;
    }

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value)
    {
        if (access.IsDebug) return IoStatus.Ok;
        if (access.Token == Ecam)
            WriteConfig((uint)(access.Offset >> 20), (uint)(access.Offset >> 12) & 0xff, (int)(access.Offset & 0xfff),
                access.Size, value);
        else if (access.Offset >= Spec.ConfigData) WriteData(access, value);
        else if (access is { Offset: 0, Size: 4 }) state.ConfigAddress = (uint)value & Spec.AddressWritable;
        else if (access is { Offset: Spec.ResetControl, Size: 1 })
            ResetControlRegister.Write(ref state.ResetControl, (byte)value, context.Machine);
        return IoStatus.Ok;
    }

    private IoStatus ReadData(in IoAccess access, out ulong value)
    {
        uint address = state.ConfigAddress;
        value = (address & Spec.Enable) == 0 ? ulong.MaxValue
            : ReadConfig((address >> 16) & 0xff, (address >> 8) & 0xff, Register(access), access.Size);
        return IoStatus.Ok;
    }

    private void WriteData(in IoAccess access, ulong value)
    {
        uint address = state.ConfigAddress;
        if ((address & Spec.Enable) != 0) WriteConfig(
            (address >> 16) & 0xff, (address >> 8) & 0xff, Register(access), access.Size, value);
    }

    private int Register(in IoAccess access) =>
        (int)(state.ConfigAddress & 0xfc) + (int)(access.Offset - Spec.ConfigData);

    private ulong ReadConfig(uint bus, uint devfn, int register, int size)
    {
        if (bus != 0 || functions[devfn] is not IPciFunction function) return ulong.MaxValue;
        // An unaligned or 8-byte access is split at doublewords, as the bus would carry it.
        ulong value = 0;
        for (int done = 0; done < size;)
        {
            int part = Part(register + done, size - done);
            value |= (ulong)function.ReadConfig(register + done, part) << (8 * done);
            done += part;
        }
        return value;
    }

    private void WriteConfig(uint bus, uint devfn, int register, int size, ulong value)
    {
        if (bus != 0 || functions[devfn] is not IPciFunction function) return;
        for (int done = 0; done < size;)
        {
            int part = Part(register + done, size - done);
            function.WriteConfig(register + done, part, (uint)(value >> (8 * done)));
            done += part;
        }
    }

    /// <summary>The largest naturally aligned piece at an offset.</summary>
    private static int Part(int offset, int left) => (offset & 3, left) switch
    {
        (0, >= 4) => 4,
        (0 or 2, >= 2) => 2,
        _ => 1,
    };

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder)
    {
        bool isExpress = options.Ecam != 0;
        ResourceTemplate resources = new ResourceTemplate()
            .BusNumbers(0, 255)
            .Io(Spec.ConfigAddress, Spec.PortCount)
            .IoWindow(0x0000, Spec.ConfigAddress - 1)
            .IoWindow(Spec.ConfigAddress + Spec.PortCount, 0xffff)
            .MemoryWindow(options.Window, options.Window + options.WindowSize - 1);
        if (options.Window64 != 0) _ =
            resources.MemoryWindow64(options.Window64, options.Window64 + options.Window64Size - 1);
        builder.SystemBus(new AmlWriter().Device("PCI0", d =>
        {
            _ = d.HardwareId(isExpress ? "PNP0A08" : "PNP0A03");
            if (isExpress) _ = d.Name("_CID", AmlWriter.EisaId("PNP0A03"));
            _ = d.Name("_UID", 0UL).Name("_CRS", resources).Name("_PRT", InterruptRouting());
        }).ToArray());
        if (!isExpress) return;
        // MCFG (PCI Firmware Specification 3.3, 4.1.2): one segment with all buses.
        builder.Table(new AcpiTable("MCFG", 1).UInt64(0)
            .UInt64(options.Ecam).UInt16(0).UInt8(0).UInt8(Spec.EcamBuses - 1).UInt32(0).ToArray());
        builder.SystemBus(new AmlWriter().Device("MCFG", d => d.HardwareId("PNP0C02")
            .Name("_CRS", new ResourceTemplate().Memory32(
                (uint)options.Ecam, (uint)Spec.EcamBytes, isWritable: true))).ToArray());
    }

    /// <summary>Pin p of device d is on line (d + p) mod 4, as boards wire their slots (ACPI 6.5, 6.2.13: source 0 is a
    /// GSI).</summary>
    private List<Action<AmlWriter>> InterruptRouting()
    {
        List<Action<AmlWriter>> routes = [];
        for (uint device = 0; device < 32; device++)
        {
            for (uint pin = 0; pin < 4; pin++)
            {
                ulong address = device << 16 | 0xffff;
                ulong line = pin;
                ulong gsi = options.FirstGsi + ((device + pin) & 3);
                routes.Add(w => w.Package(
                    [t => t.Integer(address), t => t.Integer(line), t => t.Integer(0), t => t.Integer(gsi)]));
            }
        }
        return routes;
    }
}
