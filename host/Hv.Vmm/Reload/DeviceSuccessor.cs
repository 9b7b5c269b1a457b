using Hv.Sdk;
using Hv.Sdk.Engines;
using Hv.Sdk.Pci;
using Hv.Sdk.Signals;
using Hv.Sdk.State;
using Hv.Vmm.Buses;
using Hv.Vmm.Description;
using Hv.Vmm.Devices;
using Hv.Vmm.Time;
using Hv.Vmm.Vcpus;

namespace Hv.Vmm.Reload;

/// <summary>An instance of new code that is made ready to be one device of a running machine. Until
/// <see cref="Commit"/> nobody sees it.</summary>
internal sealed class DeviceSuccessor
{
    /// <summary>What the core itself took from devices when the machine was built.</summary>
    private static readonly Type[] KeptByCore = [typeof(ILocalApics), typeof(IMsiTarget), typeof(IPciBus)];

    private readonly Hardware hardware;
    private readonly DeviceContext old;
    private readonly DeviceModel model;
    private readonly IDevice device;
    private readonly DeviceContext context;
    private readonly string newCode;

    private DeviceSuccessor(Hardware hardware, DeviceContext old, DeviceModel model, IDevice device)
    {
        this.hardware = hardware;
        this.old = old;
        this.model = model;
        this.device = device;
        newCode = $"version {model.PluginVersion} of plugin {model.Plugin}";
        DeviceLink link = new(old.Node, old.Contracts, isLive: false);
        DeviceEntropy entropy = new(hardware.Seed, old.Path);
        context = new DeviceContext(hardware, old.Node, old.Placement, entropy, old.PciPlug, old.Contracts, link);
    }

    public string Path => old.Path;

    /// <summary>Makes an instance with the options of the one that runs, attached and reset, to itself.</summary>
    /// <exception cref="ReloadRefusedException">It refuses its options, throws, or wants what the running machine does
    /// not have.</exception>
    public static DeviceSuccessor Make(Hardware hardware, DeviceContext old, DeviceModel model)
    {
        DeviceNode node = old.Node;
        if (model.Threading != node.Model.Threading)
        {
            throw new ReloadRefusedException($"{old.Path}: the threading of {model.Name} changed to {model.Threading}",
                "restart the machine to change it");
        }
        DeviceSuccessor? next = null;
        try
        {
            OptionValues options = OptionBinder.Bind(model.Factory.Options, node.Options, $"{old.Path} ({model.Name})");
            next = new DeviceSuccessor(hardware, old, model, model.Factory.Create(options));
            SavedDevice.CheckContract(node, next.device, next.newCode);
            next.device.Attach(next.context);
            next.context.Seal();
            next.CheckClaims();
            next.device.Reset(ResetKind.Cold);
            return next;
        }
        catch (Exception e) when (e is not ReloadRefusedException)
        {
            next?.Discard();
            throw e is ConfigurationException
                ? new ReloadRefusedException(
                    $"{old.Path}: {e.Message}", "correct it in the new code, or restart the machine with other options",
                        e)
                : new ReloadRefusedException(
                    $"{old.Path}: version {model.PluginVersion} of plugin {model.Plugin} threw {e.GetType().Name}: {e.Message}",
                    "correct the new code", e);
        }
        catch (ReloadRefusedException)
        {
            next?.Discard();
            throw;
        }
    }

    /// <summary>Gives it the state of the one that runs. Deadlines and lines are as they are there. Nobody else reaches
    /// the instance, so a trial needs no strand.</summary>
    /// <exception cref="ReloadRefusedException">It does not take the state.</exception>
    public void Load(SavedDevice? state)
    {
        context.DeviceEntropy.Restore(hardware.Seed, old.DeviceEntropy.Position);
        context.ContinueTicketsOf(old);
        foreach (VmTimer timer in old.Timers)
        {
            VmTimer? same = context.Timers.Find(t => t.Name == timer.Name);
            if (same is null && timer.DueNs != long.MaxValue)
            {
                throw new ReloadRefusedException(
                    $"{Path}: the timer '{timer.Name}' is armed, and {newCode} has none of that name",
                    "keep the timer, or restart the machine");
            }
            if (same is null) continue;
            same.DueNs = timer.DueNs;
            same.Sequence = timer.Sequence;
        }
        context.Link!.BeginLoading();
        if (state is null) return;
        try
        {
            ((IStateful)device).Load(state.Open());
        }
        catch (Exception e)
        {
            throw new ReloadRefusedException($"{Path}: {newCode} does not accept the state of the device: {e.Message}",
                "correct the new code, or restart the machine", e);
        }
    }

    /// <summary>It is the device from now on. Nothing runs, and nothing in here can fail. <see cref="Deliver"/>
    /// follows when all devices of the plugin have been exchanged.</summary>
    public ReloadedDevice Commit()
    {
        DeviceNode node = old.Node;
        ReloadedDevice report =
            new(Path, model.Name, node.State?.StateVersion ?? 0, (device as IStateful)?.StateVersion ?? 0);
        old.Link!.Cut();
        context.WireStaged();
        Exchange(hardware.Ports);
        Exchange(hardware.Mmio);
        hardware.Timers.Exchange(old.Timers, context.Timers);
        hardware.Services.Exchange(node, context.StagedServices);
        foreach ((Interrupts.InputGroup group, IIrqHandler handler) in context.Inputs.Values)
            hardware.Fabric.Listen(group, handler);
        if (context.Function is { } function) context.PciPlug!.Attach(function);
        foreach (VcpuNode vcpu in hardware.Vcpus)
        {
            if (vcpu.Bus.ForgetInstance(node)) vcpu.Wake.Set();
        }
        node.Replace(model, device);
        hardware.Devices[hardware.Devices.IndexOf(old)] = context;
        context.Link!.GoLive();
        return report;
    }

    /// <summary>Does what it did while it loaded: changes of lines, messages, posted work.</summary>
    public void Deliver()
    {
        foreach ((string name, int pin) in old.Outputs)
        {
            if (!context.Outputs.ContainsKey(name)) hardware.Fabric.Set(pin, false);
        }
        context.Link!.Deliver();
    }

    /// <summary>It is not to be: cuts it off and disposes it.</summary>
    public void Discard()
    {
        context.Link!.Cut();
        try
        {
            device.Dispose();
        }
        catch (Exception e)
        {
            hardware.Log.Write(Path, LogLevel.Warn, $"disposing an instance of {newCode} failed", e);
        }
    }

    private void Exchange(AddressBus bus)
    {
        Region[] before = [.. old.Regions.Where(r => r.Bus == bus)];
        List<(Mapping Next, Mapping? InPlaceOf)> next = [];
        foreach (Region region in context.Regions.Where(r => r.Bus == bus))
        {
            Mapping? place = Array.Find(before, r => r.Name == region.Name)?.Current;
            if (region.GoLive() is { } mapping) next.Add((mapping, place));
        }
        HashSet<Mapping> gone = [.. before.Select(r => r.Cut()).OfType<Mapping>()];
        if (gone.Count + next.Count > 0) bus.Exchange(gone, next);
    }

    private void CheckClaims()
    {
        DeviceNode node = old.Node;
        if (old.Inputs.Keys.FirstOrDefault(name => !context.Inputs.ContainsKey(name)) is { } input)
            throw Changed($"the input '{input}' is gone");
        if (old.Function is null != context.Function is null)
            throw Changed(context.Function is null ? "the PCI function is gone" : "it shows a PCI function");

        IReadOnlyList<Type> offered = hardware.Services.OfferedBy(node);
        foreach (Type contract in context.StagedServices.Select(s => s.Contract))
        {
            if (!offered.Contains(contract)) throw Changed($"it offers {contract.Name}");
        }
        foreach (Type contract in offered)
        {
            if (!context.StagedServices.Exists(s => s.Contract == contract)) throw Changed(
                $"it does not offer {contract.Name} any more");
            string? keeper = KeptByCore.Contains(contract)
                ? "the core" : hardware.Services.KeeperOf(contract, node)?.Path;
            if (keeper is not null)
            {
                throw new ReloadRefusedException(
                    $"{Path} offers {contract.Name}, which {keeper} holds while the machine runs",
                    "restart the machine to change it");
            }
        }
    }

    private ReloadRefusedException Changed(string what) =>
        new($"{Path}: in {newCode} {what}", "restart the machine: its wiring stays as it was built");
}
