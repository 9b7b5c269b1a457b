using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Faults;
using Hv.Sdk.Io;
using Hv.Sdk.Memory;
using Hv.Sdk.Net;
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
        private readonly Dictionary<(string Slot, Type Contract), object> ports = [];

        public string Path => DeviceBench.Path;
        public Placement Placement => bench.Setup.Placement;
        public int VcpuCount => bench.Setup.VcpuCount;
        public ulong TscHz => bench.Setup.TscHz;
        public IVmClock Clock { get; } = bench.Wire<IVmClock>("clock", bench.clock);
        public IDmaSpace Dma { get; } = bench.Wire<IDmaSpace>("dma", bench.Memory);
        public IMsiTarget Msi { get; } = bench.Wire<IMsiTarget>("msi", bench.Msi);
        public IEntropy Entropy => bench.entropy;
        public IDeviceLog Log => bench.Log;
        public IStrand Strand => bench.strand;
        public IMachineControl Machine => bench.Machine;
        public IVcpuSignalling Vcpus => bench.Machine;
        public IPciSlot? Pci => bench.Pci;

        public IRegion AddRegion(AddressSpace space, string name, ulong lengthBytes, IIoHandler handler, int token)
        {
            OnlyInAttach();
            int twins = bench.regions.Count(r => r.Name == name);
            string point = twins == 0 ? $"region:{name}" : $"region:{name}#{twins + 1}";
            BenchRegion region = new(bench, space, name, lengthBytes, bench.Wire(point, handler), token);
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
            return new IrqLine(bench.Wire<IIrqSink>($"irq:{name}", this), pin);
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
            IVmTimerHandler handler = bench.Wire<IVmTimerHandler>($"timer:{name}", new Callback(fired));
            BenchTimer timer = new(name, handler.Fired);
            bench.timers.Add(timer);
            return bench.Wire<IVmTimer>($"timer:{name}", timer);
        }

        public T? Backend<T>(string slot) where T : class
        {
            if (!bench.backends.TryGetValue(slot, out object? backend) || backend is not T port) return null;
            bool isContract = typeof(T) == typeof(IBlockPort) || typeof(T) == typeof(INetPort)
                || typeof(T) == typeof(ICharPort);
            if (!isContract) return port;
            if (ports.TryGetValue((slot, typeof(T)), out object? known)) return (T)known;
            T wired = bench.Wire(slot, port);
            ports.Add((slot, typeof(T)), wired);
            return wired;
        }

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

    private T Wire<T>(string point, T contract) where T : class => faults.Wire(Path, point, strand, contract);

    private sealed class Callback(Action<VmTime> fired) : IVmTimerHandler
    {
        public void Fired(VmTime due) => fired(due);
    }

    /// <summary>What a postponed read was answered with; null while it is not.</summary>
    public ulong? Deferred(ulong ticket) => deferred[ticket];
}
