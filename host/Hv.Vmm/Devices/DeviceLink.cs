using Hv.Sdk;
using Hv.Sdk.Block;
using Hv.Sdk.Chars;
using Hv.Sdk.Net;
using Hv.Sdk.Signals;
using Hv.Vmm.Faults;

namespace Hv.Vmm.Devices;

/// <summary>Stands between one instance of a device and the machine, in machines whose plugins can be reloaded. While
/// the instance is made ready beside the one that runs, nothing that it does is seen by anyone: what it does in its
/// reset is dropped, since the machine is not reset, and what it does while it loads state is kept and done when it
/// goes live. Once cut, what is left of the instance reaches nobody.</summary>
internal sealed class DeviceLink : IIrqSink, IMsiTarget, IStrand
{
    private enum Phase : byte
    {
        Settling,
        Loading,
        Live,
        Cut,
    }

    private readonly DeviceNode node;
    private readonly DeviceContracts contracts;
    private readonly Lock postGate = new();
    private readonly Queue<Action> posted = new();
    private readonly List<IPortRelay> relays = [];
    private readonly Action runPosted;
    private readonly Dictionary<int, bool> levels = [];
    private readonly List<int> pulses = [];
    private readonly List<MsiMessage> messages = [];
    private volatile Phase phase;

    /// <param name="node">The device.</param>
    /// <param name="contracts">Where its lines and messages go.</param>
    /// <param name="isLive">The instance is the first one: it is live while it is attached.</param>
    public DeviceLink(DeviceNode node, DeviceContracts contracts, bool isLive)
    {
        this.node = node;
        this.contracts = contracts;
        phase = isLive ? Phase.Live : Phase.Settling;
        runPosted = RunPosted;
    }

    public bool IsLive => phase == Phase.Live;

    /// <summary>What is done from now on is kept.</summary>
    public bool IsLoading => phase == Phase.Loading;

    // ---- the instance's side

    /// <summary>Hot path.</summary>
    public void Set(int pin, bool level)
    {
        if (phase == Phase.Live) contracts.SinkOf(pin).Set(pin, level);
        else if (phase == Phase.Loading) levels[pin] = level;
    }

    /// <summary>Hot path.</summary>
    public void Pulse(int pin)
    {
        if (phase == Phase.Live) contracts.SinkOf(pin).Pulse(pin);
        else if (phase == Phase.Loading) pulses.Add(pin);
    }

    /// <summary>Hot path.</summary>
    public void Send(in MsiMessage message)
    {
        if (phase == Phase.Live) contracts.Msi.Send(message);
        else if (phase == Phase.Loading) messages.Add(message);
    }

    /// <summary>Hot path.</summary>
    public StrandScope Enter()
    {
        _ = node.Strand.Enter(); // left by Exit
        return new StrandScope(this);
    }

    /// <summary>Hot path.</summary>
    public void Exit() => node.Strand.Exit();

    /// <summary>Hot path: allocates nothing once the queue has grown.</summary>
    public void Post(Action work)
    {
        lock (postGate)
        {
            if (phase is Phase.Settling or Phase.Cut) return;
            posted.Enqueue(work);
            if (phase == Phase.Loading) return;
        }
        node.Strand.Post(runPosted);
    }

    private void RunPosted()
    {
        Action? work;
        lock (postGate) posted.TryDequeue(out work);
        work?.Invoke();
    }

    /// <summary>A port of the core as the instance sees it.</summary>
    public T Relay<T>(T port) where T : class
    {
        IPortRelay? relay = port switch
        {
            ICharPort chars => new CharRelay(this, chars),
            IBlockPort block => new BlockRelay(this, block),
            INetPort net => new NetRelay(this, net),
            _ => null,
        };
        if (relay is not T seen) return port;
        relays.Add(relay);
        return seen;
    }

    // ---- the core's side; control thread, nothing runs

    /// <summary>Forgets what was posted, as <see cref="Strands.Strand.DropPosted"/> does: the machine is
    /// reset.</summary>
    public void DropPosted()
    {
        lock (postGate) posted.Clear();
    }

    /// <summary>The reset is over: the instance loads state next, on lines as they are.</summary>
    public void BeginLoading()
    {
        foreach (IPortRelay relay in relays) relay.BeginLoading();
        phase = Phase.Loading;
    }

    /// <summary>The instance takes part in the machine from now on. <see cref="Deliver"/> follows when all
    /// have.</summary>
    public void GoLive()
    {
        phase = Phase.Live;
        foreach (IPortRelay relay in relays) relay.Connect();
    }

    /// <summary>Does what the instance did while it loaded.</summary>
    public void Deliver()
    {
        foreach ((int pin, bool level) in levels) contracts.SinkOf(pin).Set(pin, level);
        foreach (int pin in pulses) contracts.SinkOf(pin).Pulse(pin);
        foreach (MsiMessage message in messages) contracts.Msi.Send(message);
        levels.Clear();
        pulses.Clear();
        messages.Clear();
        int count;
        lock (postGate) count = posted.Count;
        for (int i = 0; i < count; i++) node.Strand.Post(runPosted);
        foreach (IPortRelay relay in relays) relay.Deliver();
    }

    /// <summary>Nothing that the instance does reaches anyone any more, and nothing of the core leads to it.</summary>
    public void Cut()
    {
        lock (postGate)
        {
            phase = Phase.Cut;
            posted.Clear();
        }
        foreach (IPortRelay relay in relays) relay.Cut();
    }
}
