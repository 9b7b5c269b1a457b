using Hv.Sdk;
using Hv.Sdk.Acpi;
using Hv.Sdk.Io;
using Hv.Sdk.State;

namespace Hv.Misc.Pvpanic;

/// <summary>The panic device that Linux and Windows have drivers for ("PVPANIC DEVICE", QEMU's docs/specs/pvpanic, ISA
/// form): reading gives the events that are understood, writing reports one. Has nothing to remember.</summary>
[NoState]
public sealed class Pvpanic(PvpanicOptions options) : IDevice, IIoHandler, IAcpiContributor
{
    /// <summary>Bit 0: the kernel panicked and nobody will handle it.</summary>
    private const ulong Panicked = 1;
    /// <summary>Bit 1: the kernel panicked and a crash kernel goes on: not an end.</summary>
    private const ulong CrashLoaded = 2;

    private IMachineControl machine = null!;
    private IDeviceLog log = null!;

    /// <inheritdoc/>
    public void Attach(IDeviceContext context)
    {
        machine = context.Machine;
        log = context.Log;
        _ = context.MapPorts("panic", options.Port, 1, this, 0);
    }

    /// <inheritdoc/>
    public void Reset(ResetKind kind) { }

    /// <inheritdoc/>
    public void Dispose() { }

    /// <inheritdoc/>
    public IoStatus Read(in IoAccess access, out ulong value)
    {
        value = Panicked | CrashLoaded;
        return IoStatus.Ok;
    }

    /// <inheritdoc/>
    public IoStatus Write(in IoAccess access, ulong value)
    {
        if (access.IsDebug) return IoStatus.Ok;
        if ((value & Panicked) != 0) machine.ReportCrash("the guest's kernel panicked");
        else if ((value & CrashLoaded) != 0) log.Write(
            LogLevel.Warn, "the guest's kernel panicked and starts its crash kernel");
        return IoStatus.Ok;
    }

    /// <inheritdoc/>
    public void Contribute(IAcpiBuilder builder) =>
        builder.SystemBus(new AmlWriter().Device("PEVT", d => d.HardwareId("QEMU0001")
            .Name("_CRS", new ResourceTemplate().Io(options.Port, 1))).ToArray());
}
