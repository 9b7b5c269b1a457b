namespace Hv.Sdk.Analyzers.Tests;

/// <summary>HVA0007 and HVA0010.</summary>
public sealed class BoundaryTests
{
    private static readonly BoundaryAnalyzer Analyzer = new();

    private static string Calling(string call) =>
        $"public interface IMine {{ }} public sealed class Gadget : IMine {{ public void Attach(IDeviceContext context) {{ {call} }} }}";

    [Theory]
    [InlineData("context.Provide<[|IMine|]>(this);")]
    [InlineData("[|context.Provide(this)|];")]
    [InlineData("_ = context.Services<[|IMine|]>();")]
    [InlineData("_ = context.Backend<[|System.IO.Stream|]>(\"chardev\");")]
    public Task ForeignType_IsFound(string call) => Verify.Finds(Analyzer, "HVA0007", Calling(call));

    [Theory]
    [InlineData("_ = context.Backend<Hv.Sdk.Chars.ICharPort>(\"chardev\");")]
    [InlineData("_ = context.Services<IMsiTarget>();")]
    public Task ContractOfTheSdk_IsAccepted(string call) => Verify.Accepts(Analyzer, Calling(call));

    [Fact]
    public Task FaultOnAForeignContract_IsFound() => Verify.Finds(Analyzer, "HVA0007", """
        public interface IMine { }
        public sealed class [|Break|] : Hv.Sdk.Faults.IFaultDecorator<IMine>
        {
            public IMine Decorate(IMine inner, in Hv.Sdk.Faults.FaultSite site, Hv.Sdk.Faults.IFaultScope scope) => inner;
        }
        """);

    [Fact]
    public Task ContractOfTheHost_IsNotImplementedByPlugins() => Verify.Finds(Analyzer, "HVA0010", """
        public sealed class [|Fake|] : IStrand
        {
            public StrandScope Enter() => default;
            public void Exit() { }
            public void Post(Action work) => work();
        }
        """);
}
