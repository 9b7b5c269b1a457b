namespace Hv.Vmm.Devices;

/// <summary>The contracts that devices of one machine offer each other, in the order of the board. Filled while devices
/// are attached.</summary>
internal sealed class ServiceTable
{
    private readonly List<(DeviceNode Provider, Type Contract, object Service)> services = [];
    private readonly Dictionary<Type, object> lists = [];

    public void Add<T>(DeviceNode provider, T service) where T : class
    {
        services.Add((provider, typeof(T), service));
        lists.Clear();
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

    /// <summary>Who offers a contract first; null when nobody does.</summary>
    public DeviceNode? ProviderOf<T>() where T : class => services.Find(s => s.Contract == typeof(T)).Provider;
}
