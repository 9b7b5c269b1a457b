using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Pci;
using Hv.Sdk.Signals;
using Hv.Sdk.TestKit.Fakes;
using Hv.Sdk.Time;

namespace Hv.Sdk.TestKit;

public sealed partial class DeviceBench
{
    /// <summary>The only fake of <see cref="IDeviceContext"/>; holds to the rules that the core holds to.</summary>
    private sealed class BenchContext(DeviceBench bench) : IDeviceContext, IIrqSink
    {
        public string Path => "dut";
        public Placement Placement => bench.Setup.Placement;
        public int VcpuCount => bench.Setup.VcpuCount;
        public ulong TscHz => bench.Setup.TscHz;
        public IVmClock Clock => bench.clock;
        public IDmaSpace Dma => bench.Memory;
        public IMsiTarget Msi => bench.Msi;
        public IEntropy Entropy => bench.entropy;
        public IDeviceLog Log => bench.Log;
        public IStrand Strand => bench.strand;
        public IMachineControl Machine => bench.Machine;
        public IVcpuSignalling Vcpus => bench.Machine;
        public IPciSlot? Pci => bench.Pci;

        public IRegion AddRegion(AddressSpace space, string name, ulong lengthBytes, IIoHandler handler, int token)
        {
            OnlyInAttach();
            BenchRegion region = new(bench, space, name, lengthBytes, handler, token);
            bench.regions.Add(region);
            return region;
        }

        public IrqLine IrqOut(string name)
        {
            OnlyInAttach();
            int pin = bench.lineList.Count;
            BenchLine line = new(name);
            bench.lineList.Add(line);
            if (!bench.lines.TryAdd(name, line)) throw new ContractException($"output '{name}' is claimed twice");
            return new IrqLine(this, pin);
        }

        public IrqInputs IrqIn(string name, int count, IIrqHandler handler)
        {
            OnlyInAttach();
            BenchInputs group = new(name, count, handler);
            bench.inputs.Add(group);
            return new IrqInputs(group, 0, count);
        }

        public IVmTimer CreateTimer(string name, Action<VmTime> fired)
        {
            OnlyInAttach();
            if (bench.timers.Exists(t => t.Name == name)) throw new ContractException(
                $"timer '{name}' is created twice");
            BenchTimer timer = new(name, fired);
            bench.timers.Add(timer);
            return timer;
        }

        public T? Backend<T>(string slot) where T : class =>
            bench.backends.TryGetValue(slot, out object? backend) ? backend as T : null;

        public void Provide<T>(T service) where T : class => bench.ServiceList(typeof(T)).Add(service);

        public IReadOnlyList<T> Services<T>() where T : class
        {
            if (!bench.isAttached) throw new ContractException("services are complete only after Attach");
            return [.. bench.ServiceList(typeof(T)).Cast<T>()];
        }

        public ulong Defer(in IoAccess access)
        {
            bench.deferred.Add(bench.nextTicket, null);
            return bench.nextTicket++;
        }

        public void CompleteDeferred(ulong ticket, ulong value) => bench.deferred[ticket] = value;

        public void Set(int pin, bool level) => bench.lineList[pin].Set(level);
        public void Pulse(int pin) => bench.lineList[pin].Pulse();

        private void OnlyInAttach()
        {
            if (bench.isAttached) throw new ContractException("regions, lines and timers are claimed in Attach only");
        }
    }

    /// <summary>What a postponed read was answered with; null while it is not.</summary>
    public ulong? Deferred(ulong ticket) => deferred[ticket];
}
