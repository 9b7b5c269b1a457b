namespace Hv.Vmm.Strands;

/// <summary>Orders strands by the wiring. A device calls into another one while it holds its own strand: along an
/// interrupt line, or a host bridge into a function. Devices that can reach each other in a circle get one gate
/// together; the rest is ranked so that every call goes to a higher rank. So no wiring that a board can describe is
/// able to deadlock.</summary>
internal static class StrandPlan
{
    /// <summary>Assigns gates and ranks.</summary>
    /// <param name="strands">All strands, in the order of the board.</param>
    /// <param name="edges">Who calls into whom.</param>
    public static void Apply(IReadOnlyList<Strand> strands, IReadOnlyCollection<(Strand From, Strand To)> edges)
    {
        Dictionary<Strand, int> index = [];
        for (int i = 0; i < strands.Count; i++) index[strands[i]] = i;
        List<int>[] calls = new List<int>[strands.Count];
        for (int i = 0; i < calls.Length; i++) calls[i] = [];
        foreach ((Strand from, Strand to) in edges)
        {
            if (from != to && from.Gate is not null && to.Gate is not null) calls[index[from]].Add(index[to]);
        }

        Components components = new(calls);
        int[] component = components.Of;
        // Components come out callees first: a component's rank is one below the lowest of those that it calls.
        int[] rank = new int[components.Count];
        int lowest = 0;
        for (int c = 0; c < components.Count; c++)
        {
            foreach (int from in components.Members[c])
            {
                foreach (int to in calls[from])
                {
                    if (component[to] != c) rank[c] = Math.Min(rank[c], rank[component[to]] - 1);
                }
            }
            lowest = Math.Min(lowest, rank[c]);
        }
        for (int c = 0; c < components.Count; c++) Share(strands, components.Members[c], rank[c] - lowest + 1);
    }

    private static void Share(IReadOnlyList<Strand> strands, List<int> members, int rank)
    {
        Gate? gate = strands[members[0]].Gate;
        if (gate is null) return;
        gate.Rank = rank;
        gate.Name = string.Join("+", members.Select(m => strands[m].Name));
        foreach (int member in members) strands[member].Gate = gate;
    }

    // Tarjan's strongly connected components; the recursion is as deep as the longest chain of wires.
    private sealed class Components
    {
        private readonly List<int>[] calls;
        private readonly int[] order;
        private readonly int[] low;
        private readonly Stack<int> path = new();
        private int next = 1;

        public Components(List<int>[] calls)
        {
            this.calls = calls;
            order = new int[calls.Length];
            low = new int[calls.Length];
            Of = new int[calls.Length];
            Array.Fill(Of, -1);
            for (int i = 0; i < calls.Length; i++)
            {
                if (order[i] == 0) Visit(i);
            }
        }

        public int[] Of { get; }
        public List<List<int>> Members { get; } = [];
        public int Count => Members.Count;

        private void Visit(int node)
        {
            order[node] = low[node] = next++;
            path.Push(node);
            foreach (int to in calls[node])
            {
                if (order[to] == 0)
                {
                    Visit(to);
                    low[node] = Math.Min(low[node], low[to]);
                }
                else if (Of[to] < 0)
                {
                    low[node] = Math.Min(low[node], order[to]);
                }
            }
            if (low[node] != order[node]) return;
            List<int> members = [];
            int member;
            do
            {
                member = path.Pop();
                Of[member] = Count;
                members.Add(member);
            }
            while (member != node);
            members.Reverse();
            Members.Add(members);
        }
    }
}
