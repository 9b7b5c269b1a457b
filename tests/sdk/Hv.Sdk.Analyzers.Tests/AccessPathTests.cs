using Hv.Sdk.Analyzers.CodeFixes;

namespace Hv.Sdk.Analyzers.Tests;

/// <summary>HVA0006.</summary>
public sealed class AccessPathTests
{
    private static readonly AccessPathAnalyzer Analyzer = new();

    private static string Device(string write, string members = "") => $$"""
        public sealed class Gadget : IIoHandler
        {
            private readonly IDeviceLog log = null!;
            private readonly List<int> list = [];
            private readonly int[] array = new int[4];
            private int count;
            {{members}}
            public IoStatus Read(in IoAccess access, out ulong value) { value = 0; return IoStatus.Ok; }
            public IoStatus Write(in IoAccess access, ulong value)
            {
                {{write}}
                return IoStatus.Ok;
            }
        }
        """;

    [Theory]
    [InlineData("object o = [|new object()|];")]
    [InlineData("byte[] b = [|new byte[4]|];")]
    [InlineData("int[] b = [|[1, 2]|];")]
    [InlineData("object o = [|value|];")]
    [InlineData("string s = [|$\"{value:x}\"|];")]
    [InlineData("string s = [|\"a\" + value|];")]
    [InlineData("string s = [|value.ToString()|];")]
    [InlineData("log.Write(LogLevel.Warn, [|$\"bad {value}\"|]);")]
    [InlineData("int n = [|array.Sum()|];")]
    [InlineData("Action a = [|() => count++|];")]
    [InlineData("Func<ulong, ulong> f = [|v => v + (ulong)count|];")]
    [InlineData("Action a = [|Help|];", "private void Help() { }")]
    [InlineData("[|Params(1, 2)|];", "private static void Params(params int[] n) { }")]
    [InlineData("foreach (int i in [|Some|]) count += i;", "private IReadOnlyList<int> Some => list;")]
    [InlineData("var o = [|new { A = 1 }|];")]
    [InlineData("Step();", "private void Step() => Last = [|new object()|]; public object? Last;")]
    [InlineData("_ = Derived;", "private object Derived { get { return [|new object()|]; } }")]
    [InlineData("Local(); void Local() { object o = [|new object()|]; }")]
    public Task Allocation_OnAnAccess_IsFound(string write, string members = "") =>
        Verify.Finds(Analyzer, "HVA0006", Device(write, members), "true");

    [Theory]
    [InlineData("var a = new IoAccess { Size = 1 };")]
    [InlineData("Span<byte> b = stackalloc byte[4];")]
    [InlineData("ReadOnlySpan<byte> b = [1, 2, 3];")]
    [InlineData("throw new InvalidOperationException($\"at {value}\");")]
    [InlineData("if (value > 9) Fail(value);", "[System.Diagnostics.CodeAnalysis.DoesNotReturn] private static void Fail(ulong v) => throw new InvalidOperationException($\"at {v}\");")]
    [InlineData("if (log.IsEnabled(LogLevel.Debug)) log.Write(LogLevel.Debug, $\"value {value}\");")]
    [InlineData("log.GuestError(\"a write to a read-only register\");")]
    [InlineData("foreach (int i in list) count += i; foreach (int i in array) count += i;")]
    [InlineData("Func<ulong, ulong> f = v => v + 1;")]
    [InlineData("Func<ulong, ulong> f = Help;", "private static ulong Help(ulong v) => v;")]
    [InlineData("int[] b = [];")]
    [InlineData("const string S = \"a\" + \"b\";")]
    [InlineData("", "public object Cold() => new object();")]
    [InlineData("Params(1, 2);", "private static void Params(params ReadOnlySpan<int> n) { }")]
    public Task Path_ThatAllocatesNothing_IsAccepted(string write, string members = "") =>
        Verify.Accepts(Analyzer, Device(write, members), "true");

    [Fact]
    public async Task Message_NamesTheWayAndTheRemedy()
    {
        string message = Assert.Single(
            await Verify.Finds(Analyzer, "HVA0006",
                Device("A();", "private void A() => B(); private void B() => _ = [|new byte[1]|];"), "true"));
        Assert.Contains("Write → A → B", message, StringComparison.Ordinal);
        Assert.Contains("stackalloc", message, StringComparison.Ordinal);
    }

    [Fact]
    public Task TimerCallback_IsAnAccessPath() => Verify.Finds(Analyzer, "HVA0006", """
        public sealed class Gadget
        {
            private object? last;
            public void Attach(IDeviceContext context) => context.CreateTimer("t", Fired);
            private void Fired(VmTime due) => last = [|new object()|];
        }
        """, "true");

    [Fact]
    public Task RegisterFile_IsAnAccessPath() => Verify.Finds(Analyzer, "HVA0006", """
        public enum Reg { A }
        public sealed class Gadget : IRegisterFile<Reg>
        {
            private object? last;
            public ulong Peek(Reg register, int index) => 0;
            public void Write(Reg register, int index, ulong value) => last = [|new object()|];
        }
        """, "true");

    [Fact]
    public Task HostsSide_MayAllocate() => Verify.Accepts(Analyzer, Device("object o = new object();"), "false");

    [Fact]
    public Task Fix_AsksForTheLevelFirst() => Verify.Fixes(Analyzer, new LogGuardFix(), "Ask for the level first",
        Device("log.Write(LogLevel.Warn, $\"bad {value}\");"),
        Device("if (log.IsEnabled(LogLevel.Warn)) log.Write(LogLevel.Warn, $\"bad {value}\");"));
}
