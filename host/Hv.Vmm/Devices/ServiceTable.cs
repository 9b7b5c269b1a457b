namespace Hv.Vmm.Devices;

/// <summary>The contracts that devices of one machine offer each other, in the order of the board. Filled while devices
/// are attached.</summary>
internal sealed class ServiceTable
{
    private readonly List<(DeviceNode Provider, Type Contract, object Service)> services = [];
    private readonly Dictionary<Type, object> lists = [];
    private readonly HashSet<(DeviceNode Asker, Type Contract)> askers = [];

    public void Add<T>(DeviceNode provider, T service) where T : class
    {
        services.Add((provider, typeof(T), service));
        lists.Clear();
    }

    /// <summary>What a device asks for: it may keep the answer.</summary>
    public IReadOnlyList<T> Of<T>(DeviceNode asker) where T : class
    {
        lock (lists) askers.Add((asker, typeof(T)));
        return Of<T>();
    }

    public IReadOnlyList<T> Of<T>() where T : class
    {
        lock (lists)
        {
            if (lists.TryGetValue(typeof(T), out object? known)) return (IReadOnlyList<T>)known;
            List<T> found = [.. services.Where(s => s.Contract == typeof(T)).Select(s => (T)s.Service)];
            lists[typeof(T)] = found;
            return found;
        }
    }

    /// <summary>What a device offers.</summary>
    public IReadOnlyList<Type> OfferedBy(DeviceNode node) =>
        [.. services.Where(s => s.Provider == node).Select(s => s.Contract)];

    /// <summary>Another device that asked for a contract, and may have kept the answer; null when there is
    /// none.</summary>
    public DeviceNode? KeeperOf(Type contract, DeviceNode provider)
    {
        lock (lists) return askers.FirstOrDefault(a => a.Contract == contract && a.Asker != provider).Asker;
    }

    /// <summary>Another instance of a device offers the same contracts. While nothing runs.</summary>
    public void Exchange(DeviceNode provider, IReadOnlyList<(Type Contract, object Service)> offered)
    {
        lock (lists)
        {
            for (int i = 0; i < services.Count; i++)
            {
                if (services[i].Provider != provider) continue;
                Type contract = services[i].Contract;
                services[i] = (provider, contract, offered.First(o => o.Contract == contract).Service);
            }
            lists.Clear();
        }
    }

    /// <summary>Who offers a contract first; null when nobody does.</summary>
    public DeviceNode? ProviderOf<T>() where T : class => services.Find(s => s.Contract == typeof(T)).Provider;
}
