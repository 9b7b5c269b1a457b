using Hv.Sdk.Faults;
using Hv.Sdk.Forwarding;
using Hv.Sdk.State;

namespace Hv.Sdk.FaultRules;

/// <summary>All rules of one machine or bench, and the one place where contracts are wired through them. A contract
/// that no rule addresses is given back as it is. In an open plan every contract stands behind a forwarder instead, so
/// that rules can be added while the machine runs; that costs one call an access.</summary>
public sealed class FaultPlan(IFaultHost host, bool isOpen)
{
    private const int MaxRules = 4096;
    private const int MaxScopes = 65536;

    private readonly List<FaultRule> rules = [];
    private readonly Dictionary<(FaultSite Site, Type Contract), WiredSite> sites = [];

    /// <summary>The rules, in the order in which they were added: the first is nearest to what it breaks.</summary>
    public IReadOnlyList<FaultRule> Rules => rules;
    /// <summary>Nothing counts and nothing strikes: the host itself is at work, not the guest.</summary>
    public bool IsQuiet { get; set; }
    /// <summary>Whether rules can be added after the contracts are wired.</summary>
    public bool IsOpen => isOpen;
    /// <summary>All places that were wired, in the order of wiring.</summary>
    public IEnumerable<FaultSite> Sites => sites.Keys.Select(k => k.Site).Distinct();

    /// <summary>Adds a rule. Before contracts are wired; or to an open plan, while nothing of the machine
    /// runs.</summary>
    /// <exception cref="ConfigurationException">The name is taken, or (in a wired plan) there is no such
    /// place.</exception>
    public FaultRule Add(string name, string kind, FaultPattern where, FaultWhen when, IFault fault)
    {
        if (rules.Exists(r => r.Name == name)) throw new ConfigurationException(
            $"two faults are called '{name}'") { Option = "name" };
        FaultRule rule = new(name, kind, where, when, fault, this, host);
        rules.Add(rule);
        foreach (WiredSite site in sites.Values) site.Add(rule);
        return rule;
    }

    /// <summary>Switches a rule off for good and forgets it. While nothing of the machine runs.</summary>
    public void Remove(FaultRule rule)
    {
        rule.IsEnabled = false;
        rules.Remove(rule);
    }

    /// <summary>Wires a contract at its place: gives what its user is to call. A place that is wired again, because its
    /// device was reloaded, keeps its rules' counters, timers and decorators' state.</summary>
    public T Wire<T>(string path, string point, IStrand strand, T contract) where T : class
    {
        if (rules.Count == 0 && !isOpen) return contract;
        FaultSite site = new() { Path = path, Point = point };
        if (!sites.TryGetValue((site, typeof(T)), out WiredSite? wired))
        {
            wired = new WiredSite<T>(this, host, site, strand);
            sites.Add((site, typeof(T)), wired);
        }
        return ((WiredSite<T>)wired).Wire(contract);
    }

    /// <summary>Whether a rule addresses a place with this contract: what costs something to make decoratable asks
    /// first.</summary>
    public bool Addresses<T>(string path, string point) where T : class
    {
        FaultSite site = new() { Path = path, Point = point };
        return isOpen || rules.Exists(r => r.Fault is IFaultDecorator<T> && r.Where.Matches(site));
    }

    /// <summary>The machine is reset: decorators forget what was on its way.</summary>
    public void Reset()
    {
        foreach (WiredSite site in sites.Values) site.Reset();
    }

    /// <summary>Writes counters, streams, timers and decorators' state.</summary>
    public void Save(StateWriter writer)
    {
        foreach (FaultRule rule in rules)
        {
            writer.Group(1, w =>
            {
                rule.Save(w);
                foreach (FaultScope scope in ScopesOf(rule)) w.Group(10, scope.Save);
            });
        }
    }

    /// <summary>Takes it over. A rule that was not there when the machine was saved begins anew; one that is no more is
    /// left out.</summary>
    public void Load(StateReader reader)
    {
        // The seed may have come with the state.
        foreach (FaultRule rule in rules) rule.Entropy.Position = rule.Entropy.Position;
        foreach (StateReader group in reader.Groups(1, MaxRules))
        {
            string name = group.Text(1, 512);
            string kind = group.Text(2, 512);
            if (rules.Find(r => r.Name == name && r.Kind == kind) is not { } rule) continue;
            rule.Load(group);
            Dictionary<string, FaultScope> scopes = ScopesOf(rule).ToDictionary(s => s.Key);
            foreach (StateReader part in group.Groups(10, MaxScopes))
            {
                if (scopes.TryGetValue(part.Text(1, 1024), out FaultScope? scope)) scope.Load(part);
            }
        }
    }

    private IEnumerable<FaultScope> ScopesOf(FaultRule rule) =>
        sites.Values.Select(s => s.ScopeOf(rule)).OfType<FaultScope>();

    private abstract class WiredSite
    {
        protected Dictionary<FaultRule, FaultScope> Scopes { get; } = [];
        public abstract void Add(FaultRule rule);
        public FaultScope? ScopeOf(FaultRule rule) => Scopes.GetValueOrDefault(rule);

        public void Reset()
        {
            foreach (FaultScope scope in Scopes.Values) scope.State?.Reset();
        }
    }

    private sealed class WiredSite<T>(FaultPlan plan, IFaultHost host, FaultSite site, IStrand strand) : WiredSite
        where T : class
    {
        private IForwarder<T>? forwarder;
        private T? outermost;

        public T Wire(T contract)
        {
            outermost = contract;
            foreach (FaultRule rule in plan.rules) Decorate(rule);
            if (!plan.IsOpen)
            {
                // Nothing is added any more. What was wired must not be held from here: its device may be replaced.
                T given = outermost;
                outermost = null;
                return given;
            }
            if (!Forwarders.Has<T>()) return outermost;
            if (forwarder is null) forwarder = Forwarders.Create(outermost);
            else forwarder.Inner = outermost;
            return (T)forwarder;
        }

        public override void Add(FaultRule rule)
        {
            if (!Decorate(rule) || !Forwarders.Has<T>()) return;
            if (forwarder is null) throw new InvalidOperationException(
                "the machine was not built to take faults while it runs");
            forwarder.Inner = outermost!;
        }

        private bool Decorate(FaultRule rule)
        {
            if (rule.Fault is not IFaultDecorator<T> decorator || !rule.Where.Matches(site)) return false;
            if (!Scopes.TryGetValue(rule, out FaultScope? scope))
            {
                scope = new FaultScope(rule, site, typeof(T).Name, strand, host);
                Scopes.Add(rule, scope);
                rule.AddSite(site);
            }
            outermost = decorator.Decorate(outermost!, site, scope);
            scope.Attach(outermost);
            return true;
        }
    }
}
