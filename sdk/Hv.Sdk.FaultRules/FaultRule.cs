using System.Buffers.Binary;
using Hv.Sdk.Faults;
using Hv.Sdk.State;
using Hv.Sdk.Time;

namespace Hv.Sdk.FaultRules;

/// <summary>One rule: which fault, where, when; with what it counted. Any thread.</summary>
public sealed class FaultRule
{
    /// <summary>How many firings are kept with their evidence; all are counted.</summary>
    public const int KeptFirings = 256;

    private readonly Lock gate = new();
    private readonly FaultPlan plan;
    private readonly IFaultHost host;
    private readonly IFaultEntropy entropy;
    private readonly List<FaultFiring> firings = [];
    private readonly List<FaultSite> sites = [];
    private ulong strikes;

    internal FaultRule(string name, string kind, FaultPattern where, FaultWhen when, IFault fault, FaultPlan plan,
        IFaultHost host)
    {
        (Name, Kind, Where, When, Fault, this.plan, this.host) = (name, kind, where, when, fault, plan, host);
        entropy = host.CreateEntropy(name);
    }

    /// <summary>The rule's name, unique in its machine.</summary>
    public string Name { get; }
    /// <summary>The fault's name, for example <c>io-errors</c>.</summary>
    public string Kind { get; }
    /// <summary>Where it applies.</summary>
    public FaultPattern Where { get; }
    /// <summary>When it strikes.</summary>
    public FaultWhen When { get; }
    /// <summary>A rule that is off lets everything pass and counts nothing.</summary>
    public bool IsEnabled { get; set; } = true;
    /// <summary>Opportunities that counted.</summary>
    public ulong Opportunities { get; private set; }
    /// <summary>How often it fired.</summary>
    public ulong Fired { get; private set; }
    /// <summary>Places that it was put on.</summary>
    public IReadOnlyList<FaultSite> Sites => sites;

    internal IFault Fault { get; }
    internal IFaultEntropy Entropy => entropy;

    /// <summary>The first firings, at most <see cref="KeptFirings"/>. Those before a restore are not among
    /// them.</summary>
    public IReadOnlyList<FaultFiring> Firings
    {
        get
        {
            lock (gate) return [.. firings];
        }
    }

    internal void AddSite(in FaultSite site)
    {
        if (!sites.Contains(site)) sites.Add(site);
    }

    /// <summary>Counts an opportunity at a place; whether the rule wants it.</summary>
    internal bool Strikes(in FaultSite site)
    {
        if (!IsEnabled || plan.IsQuiet) return false;
        VmTime now = host.Clock.Now;
        if (now < When.After || now > When.Until) return false;
        // Outside the gate: another device's strand may be entered.
        if (When.While is { } condition && !host.Holds(condition.Path ?? site.Path, condition)) return false;
        lock (gate)
        {
            if (strikes >= When.Count) return false;
            Opportunities++;
            bool isChosen = When.Nth != 0 ? Opportunities == When.Nth : When.Every == 0
                || Opportunities % When.Every == 0;
            if (!isChosen || !Draws()) return false;
            strikes++;
            return true;
        }
    }

    private bool Draws()
    {
        if (When.Probability >= 1) return true;
        Span<byte> draw = stackalloc byte[8];
        entropy.Fill(draw);
        const double Scale = 1.0 / (1UL << 53);
        return (BinaryPrimitives.ReadUInt64LittleEndian(draw) >> 11) * Scale < When.Probability;
    }

    internal void Record(in FaultSite site, string evidence)
    {
        FaultFiring firing = new(site, host.Clock.Now, evidence);
        lock (gate)
        {
            Fired++;
            if (firings.Count < KeptFirings) firings.Add(firing);
        }
        host.Fired(this, firing);
    }

    internal bool IsSpent => !IsEnabled || strikes >= When.Count || (When.Nth != 0 && Opportunities >= When.Nth);

    internal void Save(StateWriter writer)
    {
        writer.Text(1, Name);
        writer.Text(2, Kind);
        writer.UInt(3, Opportunities);
        writer.UInt(4, strikes);
        writer.UInt(5, Fired);
        writer.UInt(6, entropy.Position);
        writer.Flag(7, IsEnabled);
    }

    internal void Load(StateReader reader)
    {
        Opportunities = reader.UInt(3, 0, ulong.MaxValue);
        strikes = reader.UInt(4, 0, ulong.MaxValue);
        Fired = reader.UInt(5, 0, ulong.MaxValue);
        entropy.Position = reader.UInt(6, 0, ulong.MaxValue);
        IsEnabled = reader.Flag(7, true);
    }
}
