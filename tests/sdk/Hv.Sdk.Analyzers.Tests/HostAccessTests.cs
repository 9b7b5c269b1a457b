using Hv.Sdk.Analyzers.CodeFixes;

namespace Hv.Sdk.Analyzers.Tests;

/// <summary>HVA0001, HVA0002, HVA0003 and HVA0009.</summary>
public sealed class HostAccessTests
{
    private static readonly HostAccessAnalyzer Analyzer = new();

    private static string Device(string body, string fields = "") => $$"""
        [NoState]
        public sealed class Gadget : IDevice
        {
            {{fields}}
            public void Attach(IDeviceContext context)
            {
            }
            public void Reset(ResetKind kind) { }
            public void Dispose() { }
            public void Work(byte[] bytes, Action action)
            {
                {{body}}
            }
        }
        """;

    [Theory]
    [InlineData("HVA0001", "_ = [|DateTime.Now|];", "IVmClock.EpochUnixNs")]
    [InlineData("HVA0001", "_ = [|DateTime.UtcNow|];", "IVmClock.EpochUnixNs")]
    [InlineData("HVA0001", "_ = [|DateTimeOffset.UtcNow|];", "IVmClock.EpochUnixNs")]
    [InlineData("HVA0001", "_ = [|Environment.TickCount64|];", "IDeviceContext.Clock")]
    [InlineData("HVA0001", "_ = [|System.Diagnostics.Stopwatch.GetTimestamp()|];", "IDeviceContext.Clock")]
    [InlineData("HVA0001", "_ = [|new System.Diagnostics.Stopwatch()|];", "IDeviceContext.Clock")]
    [InlineData("HVA0001", "_ = [|TimeProvider.System|];", "IDeviceContext.Clock")]
    [InlineData("HVA0001", "Func<long> f = [|System.Diagnostics.Stopwatch.GetTimestamp|];", "IDeviceContext.Clock")]
    [InlineData("HVA0002", "_ = [|new Random(1)|];", "IDeviceContext.Entropy")]
    [InlineData("HVA0002", "_ = [|Guid.NewGuid()|];", "IDeviceContext.Entropy")]
    [InlineData("HVA0002", "[|System.Security.Cryptography.RandomNumberGenerator.Fill(bytes)|];",
        "IDeviceContext.Entropy")]
    [InlineData("HVA0002", "_ = [|\"a\".GetHashCode()|];", "computed from the fields")]
    [InlineData("HVA0002", "_ = [|HashCode.Combine(1, 2)|];", "computed from the fields")]
    [InlineData("HVA0003", "[|Thread.Sleep(1)|];", "IStrand.Post")]
    [InlineData("HVA0003", "_ = [|Task.Run(action)|];", "IStrand.Post")]
    [InlineData("HVA0003", "_ = [|Task.Delay(1)|];", "CreateTimer")]
    [InlineData("HVA0003", "_ = [|new Timer(_ => { })|];", "CreateTimer")]
    [InlineData("HVA0003", "_ = [|ThreadPool.QueueUserWorkItem(_ => { })|];", "IStrand.Post")]
    [InlineData("HVA0003", "[|Parallel.Invoke(action)|];", "plain loop")]
    [InlineData("HVA0003", "_ = [|bytes.AsParallel()|];", "plain loop")]
    [InlineData("HVA0003", "[|lock|] (bytes) { }", "strand")]
    [InlineData("HVA0009", "[|Console.WriteLine(\"x\")|];", "IDeviceContext.Log")]
    [InlineData("HVA0009", "_ = [|Environment.GetEnvironmentVariable(\"X\")|];", "an option")]
    [InlineData("HVA0009", "[|Environment.Exit(1)|];", "IDeviceContext.Machine")]
    public async Task Device_ThatUsesTheHost_IsTold(string id, string body, string replacement) =>
        Assert.Contains(replacement, Assert.Single(await Verify.Finds(Analyzer, id, Device(body), "true")),
            StringComparison.Ordinal);

    [Fact]
    public async Task Device_ThatAwaits_IsTold() => await Verify.Finds(Analyzer, "HVA0003",
        Device("", "public async Task Later(Task task) { [|await|] task; }"), "true");

    [Theory]
    [InlineData("_ = new DateTime(2000, 1, 1);")]
    [InlineData("_ = Environment.NewLine;")]
    [InlineData("_ = new Guid(bytes);")]
    [InlineData("_ = Task.CompletedTask;")]
    [InlineData("Thread_Sleep();", "private static void Thread_Sleep() { }")]
    [InlineData("_ = 5.GetHashCode();")]
    public Task Device_OnTheMachinesTime_IsAccepted(string body, string fields = "") =>
        Verify.Accepts(Analyzer, Device(body, fields), "true");

    private const string Factory = """
        [Device("gadget")]
        public sealed class Plugin : IDeviceFactory
        {
            public OptionSchema Options => OptionSchema.Empty;
            public IDevice Create(OptionValues options) => throw new ConfigurationException("none");
        }
        """;

    [Fact]
    public Task Assembly_WithADevice_FacesTheGuest() =>
        Verify.Finds(Analyzer, "HVA0001", Device("_ = [|DateTime.Now|];") + Factory);

    [Fact]
    public Task Assembly_WithoutAnyExtension_IsLeftAlone() => Verify.Accepts(Analyzer, Device("_ = DateTime.Now;"));

    [Fact]
    public Task Property_SaysOtherwiseThanTheAttributes() =>
        Verify.Accepts(Analyzer, Device("_ = DateTime.Now;") + Factory, "false");

    [Fact]
    public Task Backend_BesideADevice_MayUseTheHost() => Verify.Accepts(Analyzer, Factory + """
        [CharBackend("wire")]
        public sealed class Wire : Hv.Sdk.Chars.ICharStream
        {
            public int Write(ReadOnlySpan<byte> bytes) => Environment.TickCount;
            public void Start(Hv.Sdk.Chars.CharsReceived received, Action writable) => Task.Run(writable);
            public void Dispose() { }
            private sealed class Part { public void Sleep() => Thread.Sleep(1); }
        }
        """);

    [Fact]
    public Task Lock_BesideAFault_IsItsOwnBusiness() => Verify.Accepts(Analyzer, """
        [Fault("slow")]
        public sealed class Slow : Hv.Sdk.Faults.IFaultFactory
        {
            private readonly Lock gate = new();
            public OptionSchema Options => OptionSchema.Empty;
            public Hv.Sdk.Faults.IFault Create(OptionValues options)
            {
                lock (gate) throw new ConfigurationException("none");
            }
        }
        """);

    [Fact]
    public Task Lock_InAConcurrentDevice_IsItsOwnBusiness() => Verify.Accepts(Analyzer, Device("lock (bytes) { }")
        + Factory.Replace("\"gadget\"", "\"gadget\", Threading = Hv.Sdk.Threading.Concurrent",
            StringComparison.Ordinal));

    [Theory]
    [InlineData("long t = Environment.TickCount64;", "long t = clock.Now.Nanoseconds / 1_000_000;", "IVmClock", "Clock",
        "clock")]
    [InlineData("long t = System.Diagnostics.Stopwatch.GetTimestamp();", "long t = clock.Now.Nanoseconds;", "IVmClock",
        "Clock", "clock")]
    [InlineData("Random.Shared.NextBytes(bytes);", "entropy.Fill(bytes);", "IEntropy", "Entropy", "entropy")]
    [InlineData("Task.Run(action);", "strand.Post(action);", "IStrand", "Strand", "strand")]
    [InlineData("_ = Task.Run(action);", "strand.Post(action);", "IStrand", "Strand", "strand")]
    [InlineData("Console.WriteLine(\"x\");", "log.Write(LogLevel.Info, \"x\");", "IDeviceLog", "Log", "log")]
    public Task Fix_TakesTheMachinesOwnInAttach(
        string before, string after, string type, string property, string name) =>
        Verify.Fixes(Analyzer, new MachineResourceFix(), $"Use the machine's {name}", Device(before),
            Device(after, $"private {type} {name} = null!;")
            .Replace("Attach(IDeviceContext context)\n    {",
                $"Attach(IDeviceContext context)\n    {{ {name} = context.{property};", StringComparison.Ordinal));

    [Fact]
    public Task Fix_UsesWhatTheDeviceHas() => Verify.Fixes(Analyzer, new MachineResourceFix(), "Use the machine's time",
        Device("var t = DateTime.UtcNow;", "private IVmClock time = null!;"),
        Device("var t = DateTime.UnixEpoch.AddTicks((time.EpochUnixNs + time.Now.Nanoseconds) / 100);",
            "private IVmClock time = null!;"));

    [Fact]
    public async Task Fix_WhereNothingMeansTheSame_IsNotOffered() =>
        Assert.Empty(await Verify.Titles(Analyzer, new MachineResourceFix(), Device("_ = Guid.NewGuid();")));
}
