using Hv.Sdk.Analyzers.CodeFixes;

namespace Hv.Sdk.Analyzers.Tests;

/// <summary>HVA0005, HVA0008 and HVA0011.</summary>
public sealed class StateTests
{
    private static readonly StateTagAnalyzer Tags = new();
    private static readonly DeviceStateAnalyzer Fields = new();

    private static string Save(string body) =>
        $"public sealed class S {{ public byte A, B; public void Save(StateWriter writer) {{ {body} }} }}";

    [Theory]
    [InlineData("writer.UInt(1, A); writer.UInt([|1|], B);")]
    [InlineData("writer.UInt(1, A); writer.Flag([|1|], true);")]
    [InlineData("const int T = 2; writer.UInt(T, A); if (A > 1) writer.UInt([|T|], B);")]
    [InlineData("if (A > 1) { writer.UInt(1, A); writer.Int([|1|], B); } else writer.UInt(2, A);")]
    public Task TagWrittenTwice_IsFound(string body) => Verify.Finds(Tags, "HVA0005", Save(body));

    [Theory]
    [InlineData("writer.UInt(1, A); writer.UInt(2, B);")]
    [InlineData("if (A > 1) writer.UInt(1, A); else writer.UInt(1, B);")]
    [InlineData("switch (A) { case 1: writer.UInt(1, A); break; default: writer.UInt(1, B); break; }")]
    [InlineData("writer.Group(1, w => w.UInt(1, A)); writer.Group(1, w => w.UInt(1, B));")]
    public Task TagWrittenOnce_IsAccepted(string body) => Verify.Accepts(Tags, Save(body));

    [Fact]
    public Task Fix_TakesAFreeTag() => Verify.Fixes(Tags, new StateTagFix(), "Use the tag 8",
        Save("writer.UInt(1, A); writer.UInt(1, B); writer.UInt(7, A);"),
            Save("writer.UInt(1, A); writer.UInt(8, B); writer.UInt(7, A);"));

    private static string Device(string members, string more = "") => $$"""
        [DeviceState("gadget", 1)]
        public sealed class GadgetState
        {
            [Field(1)] public byte Control;
            [Field(4)] public byte Status;
        }
        public sealed class Gadget : IDevice, IStateful
        {
            private GadgetState state = new();
            {{members}}
            public string StateId => "gadget";
            public ushort StateVersion => 1;
            public ushort OldestStateVersion => 1;
            public void Save(StateWriter writer) { }
            public void Load(StateReader reader) => state = new();
            public void Attach(IDeviceContext context) { }
            public void Reset(ResetKind kind) { }
            public void Dispose() { }
        }
        {{more}}
        """;

    [Theory]
    [InlineData("private int [|count|]; public int Next() => count++;")]
    [InlineData("private bool [|isArmed|]; public void Arm() => isArmed = true;")]
    [InlineData("public byte [|Level|] { get; set; }")]
    [InlineData("private byte[] [|buffer|] = []; public void Grow() => buffer = new byte[9];")]
    [InlineData("private IoStatus [|last|]; public void Note(IoStatus s) => last = s;")]
    [InlineData("private readonly Part part = new();",
        "public sealed class Part { private int [|seen|]; public int Next() => seen++; }")]
    public Task FieldOutsideTheState_IsFound(string members, string more = "") =>
        Verify.Finds(Fields, "HVA0008", Device(members, more), "true");

    [Theory]
    [InlineData("private readonly byte[] scratch = new byte[16];")]
    [InlineData("private IrqLine irq; public void Wire(IDeviceContext c) => irq = c.IrqOut(\"irq\");")]
    [InlineData("private IVmTimer timer = null!; public void Wire(IDeviceContext c) => timer = c.CreateTimer(\"t\", _ => { });")]
    [InlineData("private RegisterMap<Reg>? map; public void Use(RegisterMap<Reg> m) => map = m;",
        "public enum Reg { A }")]
    [InlineData("private IMsiTarget[] peers = []; public void Find(IDeviceContext c) => peers = [.. c.Services<IMsiTarget>()];")]
    [InlineData("private IReadOnlyList<IMsiTarget> peers = []; public void Find(IDeviceContext c) => peers = c.Services<IMsiTarget>();")]
    [InlineData("public int Derived => state.Control;")]
    [InlineData("private readonly Part part = new();", "public sealed class Part { public int Seen { get; init; } }")]
    public Task Wiring_IsAccepted(string members, string more = "") =>
        Verify.Accepts(Fields, Device(members, more), "true");

    [Fact]
    public Task Device_ThatIsSilent_IsFound() => Verify.Finds(Fields, "HVA0011", """
        public sealed class [|Gadget|] : IDevice
        {
            public void Attach(IDeviceContext context) { }
            public void Reset(ResetKind kind) { }
            public void Dispose() { }
        }
        """, "true");

    [Fact]
    public Task Fix_MovesTheFieldIntoTheState() =>
        Verify.Fixes(Fields, new DeviceFieldFix(), "Move it into GadgetState",
        Device("private int count = 3; public int Next() => this.count++ + count;"),
        Device("public int Next() => state.Count++ + state.Count;").Replace("[Field(4)] public byte Status;",
            "[Field(4)] public byte Status; [Field(5)] public int Count = 3;", StringComparison.Ordinal));
}
